//! What process managers keep: how far each has read, its timers, its state, the outbox, and who may write any of it. Untouched
//! by any rebuild of views. The database is `policies.db`, or the schema `policy`.
//!
//! Invariants: cursor, timers, state and outbox move in one transaction, which a stale lease cannot commit; it holds ids, never
//! texts, names or addresses, but for what agents drafted, which is sealed by the customer's keys. Leases and heartbeats go by the database's clock, timers and outbox by the nodes'.

mod cursor;
mod ephemeral;
mod lease;
mod outbox;
mod sign_of_life;
#[cfg(test)]
mod tests;
mod timer;
mod workspace;

use std::collections::BTreeMap;

use domain::Incarnation;
use event_store::{
    Identity, Position, ReadError, StreamName,
    sql::{Database, Row, SqlError, Transaction, Value as Sql},
};
use jiff::Timestamp;
use serde_json::Value;

use super::manager::{Item, Timer};

pub use cursor::Cursor;
pub use ephemeral::{Notices, ROW_LIFETIME};
pub use lease::{LEASE, Lease, NODE_STALE};
pub use outbox::{Outcome, Outgoing};
pub use sign_of_life::{Forgotten, LostAgent};
pub use timer::Life;
pub use workspace::{WorkspaceKind, WorkspacePlace, WorkspaceRow};

/// Why the store did not answer, or must not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is away.
    #[error("the process managers' store")]
    Database(#[from] SqlError),
    /// The log is away or damaged.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// Somebody else holds the lease now, so nothing was written.
    #[error("the lease {name} is held by somebody else")]
    Fenced {
        /// The lease.
        name: String,
    },
    /// The store remembers another log, or one that was restored or copied since.
    #[error(
        "the policies' store belongs to another log, or to this log before a restore or a copy: at position {position} it \
         remembers another event; restore policies and log together, or remove the policies' store (policies.db, or the \
         schema policy) to begin anew"
    )]
    OtherLog {
        /// Where the cursor stands.
        position: Position,
    },
    /// A row is not what it should be.
    #[error("the process managers' store has a malformed {what}")]
    Malformed {
        /// Which kind of row.
        what: &'static str,
    },
}

/// What moves together.
#[derive(Debug, Default)]
pub struct Commit {
    /// The new cursor: position and hash of the last event that is dealt with.
    pub cursor: Option<(Position, [u8; 32])>,
    /// Whether what was open at the end of history has been done.
    pub ends_history: bool,
    /// Timers by stream and key: set, or cancelled.
    pub timers: BTreeMap<(StreamName, String), Option<Timer>>,
    /// What is kept of each stream; null keeps nothing.
    pub states: BTreeMap<StreamName, Value>,
    /// New items of the outbox.
    pub items: Vec<Item>,
    /// Rows that count no more.
    pub forgotten: Vec<Forgotten>,
}

impl Commit {
    /// Whether nothing would move.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { cursor, ends_history, timers, states, items, forgotten } = self;
        let moves_nothing = timers.is_empty() && states.is_empty() && items.is_empty() && forgotten.is_empty();
        cursor.is_none() && !ends_history && moves_nothing
    }
}

/// The store.
#[derive(Clone, Debug)]
pub struct ProcessStore(Database);

impl ProcessStore {
    /// A store in a database that has been migrated.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    /// Writes all of it, or nothing. The lease bears the process manager's name.
    ///
    /// # Errors
    /// The lease is somebody else's by now, or the database is away.
    pub async fn commit(
        &self,
        lease: &Lease,
        log: &Identity,
        now: Timestamp,
        commit: &Commit,
    ) -> Result<(), StoreError> {
        if commit.is_empty() {
            return Ok(());
        }
        let mut tx = self.0.begin().await?;
        lease::fence(&mut tx, lease).await?;
        let manager = lease.name();
        timer::write(&mut tx, manager, &commit.timers).await?;
        for (stream, state) in &commit.states {
            write_state(&mut tx, manager, stream, state).await?;
        }
        for item in &commit.items {
            outbox::insert(&mut tx, manager, now, item).await?;
        }
        for forgotten in &commit.forgotten {
            sign_of_life::forget(&mut tx, forgotten).await?;
        }
        cursor::write(&mut tx, manager, log, commit).await?;
        Ok(tx.commit().await?)
    }

    /// What is kept of a stream; null if nothing is.
    ///
    /// # Errors
    /// The database is away.
    pub async fn state(&self, manager: &str, stream: &StreamName) -> Result<Value, StoreError> {
        let sql = "select state from state where policy = $1 and stream = $2";
        match self.0.fetch(sql, &[manager.into(), stream.as_str().into()]).await?.first() {
            Some(row) => json(&row.text(0)?, "state"),
            None => Ok(Value::Null),
        }
    }

    /// What is kept of all streams.
    ///
    /// # Errors
    /// The database is away, or a row is malformed.
    pub async fn states(&self, manager: &str) -> Result<Vec<(StreamName, Value)>, StoreError> {
        const WHAT: &str = "state";
        let rows = self.0.fetch("select stream, state from state where policy = $1", &[manager.into()]).await?;
        let row = |row: &Row| {
            let stream = StreamName::parse(&row.text(0)?).map_err(|_| StoreError::Malformed { what: WHAT })?;
            Ok((stream, json(&row.text(1)?, WHAT)?))
        };
        rows.iter().map(row).collect()
    }
}

async fn write_state(tx: &mut Transaction, manager: &str, stream: &StreamName, state: &Value) -> Result<(), SqlError> {
    let keys: [Sql<'_>; 2] = [manager.into(), stream.as_str().into()];
    if state.is_null() {
        return tx.execute("delete from state where policy = $1 and stream = $2", &keys).await.map(drop);
    }
    let sql = "insert into state (policy, stream, state) values ($1, $2, $3) \
               on conflict (policy, stream) do update set state = excluded.state";
    tx.execute(sql, &[keys[0], keys[1], state.to_string().as_str().into()]).await.map(drop)
}

fn json(text: &str, what: &'static str) -> Result<Value, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Malformed { what })
}

/// As kept in the database: seconds since 1970, of which milliseconds count.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1000.0
}

fn time(seconds: f64, what: &'static str) -> Result<Timestamp, StoreError> {
    #[expect(clippy::cast_possible_truncation, reason = "what does not fit is no time")]
    let milliseconds = (seconds * 1000.0).round() as i64;
    Timestamp::from_millisecond(milliseconds).map_err(|_| StoreError::Malformed { what })
}

fn life(bytes: Option<Vec<u8>>, what: &'static str) -> Result<Option<Incarnation>, StoreError> {
    let id = bytes.map(|bytes| uuid::Uuid::from_slice(&bytes)).transpose();
    Ok(id.map_err(|_| StoreError::Malformed { what })?.map(Incarnation))
}
