//! The policies' own store: how far they read, what they still have to do, which nodes live, who holds the lease. Untouched
//! by any rebuild of views.
//!
//! Invariant: checkpoint and timers move in one transaction; all times are the database's, so nodes need no common clock.

use std::time::Duration;

use domain::Incarnation;
use event_store::{
    EventReader, Position, ReadError, StreamName,
    hash::NO_HASH,
    sql::{Database, SqlError, Transaction},
};
use uuid::Uuid;

use crate::node::Node;

/// A node that has not been heard of for so long is dead.
pub const NODE_STALE: Duration = Duration::from_secs(10);
/// How long a lease lasts without being renewed.
pub const LEASE: Duration = Duration::from_secs(10);

/// Why the store did not answer, or must not be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The database is away.
    #[error(transparent)]
    Database(#[from] SqlError),
    /// The log is away or damaged.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The store remembers another log, or one that was restored or copied since.
    #[error(
        "the policies' store belongs to another log, or to this log before a restore or a copy: at position {position} it \
         remembers another event; restore policies and log together, or remove the policies' store (policies.db, or the \
         schema policy) to begin anew"
    )]
    OtherLog {
        /// Where the checkpoint stands.
        position: Position,
    },
}

/// Something that a policy still has to do about a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Timer {
    /// Which stream.
    pub stream: StreamName,
    /// Whether its time has come.
    pub due: bool,
    /// Which life of which node is at it.
    pub incarnation: Incarnation,
}

/// What becomes of a stream's timer.
#[derive(Debug, Clone, PartialEq)]
pub enum TimerChange {
    /// This is to be done.
    Set {
        /// The stream.
        stream: StreamName,
        /// From now on.
        due_in: Duration,
        /// Which life of which node is at it.
        incarnation: Incarnation,
    },
    /// Nothing more is to be done.
    Clear(StreamName),
}

/// The store.
#[derive(Clone)]
pub struct PolicyStore(Database);

const NOW_SQLITE: &str = "select unixepoch('subsec')";
const NOW_POSTGRES: &str = "select extract(epoch from clock_timestamp())::double precision";

impl PolicyStore {
    /// A store in a database that has been migrated.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    /// Where a policy stands. One new to the log starts at its head.
    ///
    /// # Errors
    /// The checkpoint is of another log.
    pub async fn checkpoint(&self, policy: &str, reader: &dyn EventReader) -> Result<Position, PolicyError> {
        match self.known_checkpoint(policy, reader).await? {
            Some(position) => Ok(position),
            None => self.begin_at(policy, reader, reader.head().await?).await,
        }
    }

    /// As [`Self::checkpoint`], for a policy that only finishes what the log says is open: one new to the log starts at its
    /// first event, so that a lost store forgets nothing.
    ///
    /// # Errors
    /// The checkpoint is of another log.
    pub async fn checkpoint_from_start(&self, policy: &str, reader: &dyn EventReader) -> Result<Position, PolicyError> {
        match self.known_checkpoint(policy, reader).await? {
            Some(position) => Ok(position),
            None => self.begin_at(policy, reader, Position::START).await,
        }
    }

    async fn begin_at(&self, policy: &str, reader: &dyn EventReader, at: Position) -> Result<Position, PolicyError> {
        let mut tx = self.0.begin().await?;
        self.write_checkpoint(&mut tx, policy, reader, at).await?;
        tx.commit().await?;
        Ok(at)
    }

    async fn known_checkpoint(&self, policy: &str, reader: &dyn EventReader) -> Result<Option<Position>, PolicyError> {
        let sql = "select position, log_id, generation, hash from checkpoint where policy = $1";
        let identity = reader.identity().await?;
        let Some(row) = self.0.fetch(sql, &[policy.into()]).await?.pop() else { return Ok(None) };
        let position = Position(row.count(0)?);
        let same_log = row.uuid(1)? == identity.log_id && row.count(2)? == identity.generation;
        if same_log && row.bytes(3)? == hash_at(reader, position).await? {
            return Ok(Some(position));
        }
        Err(PolicyError::OtherLog { position })
    }

    /// Moves a policy's checkpoint and its timers together.
    ///
    /// # Errors
    /// The database is away; nothing moved then.
    pub async fn advance(
        &self,
        policy: &str,
        reader: &dyn EventReader,
        position: Position,
        changes: &[TimerChange],
    ) -> Result<(), PolicyError> {
        let mut tx = self.0.begin().await?;
        let now = now(&mut tx).await?;
        for change in changes {
            apply(&mut tx, policy, now, change).await?;
        }
        self.write_checkpoint(&mut tx, policy, reader, position).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Changes timers alone.
    ///
    /// # Errors
    /// The database is away.
    pub async fn change(&self, policy: &str, change: &TimerChange) -> Result<(), PolicyError> {
        let mut tx = self.0.begin().await?;
        let now = now(&mut tx).await?;
        apply(&mut tx, policy, now, change).await?;
        Ok(tx.commit().await?)
    }

    /// Everything that a policy still has to do.
    ///
    /// # Errors
    /// The database is away.
    pub async fn timers(&self, policy: &str) -> Result<Vec<Timer>, PolicyError> {
        let mut tx = self.0.begin().await?;
        let now = now(&mut tx).await?;
        let sql = "select stream, due_at, payload from timer where policy = $1 order by due_at";
        let mut timers = Vec::new();
        for row in tx.fetch(sql, &[policy.into()]).await? {
            let (Ok(stream), Ok(incarnation)) = (StreamName::parse(&row.text(0)?), row.text(2)?.parse()) else {
                tracing::error!(policy, "a timer is malformed and was left alone");
                continue;
            };
            timers.push(Timer { stream, due: row.float(1)? <= now, incarnation });
        }
        Ok(timers)
    }

    /// Says that this life of the node is alive; the node's earlier life is dead from now on, and holds no lease any more.
    ///
    /// # Errors
    /// The database is away.
    pub async fn heartbeat(&self, node: &Node) -> Result<(), PolicyError> {
        let sql = "insert into node (id, incarnation, heartbeat_at) values ($1, $2, $3) on conflict (id) do update \
                   set incarnation = excluded.incarnation, heartbeat_at = excluded.heartbeat_at";
        let earlier =
            "delete from lease where holder in (select incarnation from node where id = $1 and incarnation <> $2)";
        let mut tx = self.0.begin().await?;
        let now = now(&mut tx).await?;
        tx.execute(earlier, &[node.id.as_str().into(), node.incarnation.0.into()]).await?;
        tx.execute(sql, &[node.id.as_str().into(), node.incarnation.0.into(), now.into()]).await?;
        Ok(tx.commit().await?)
    }

    /// The lives that are not dead.
    ///
    /// # Errors
    /// The database is away.
    pub async fn living(&self) -> Result<Vec<Incarnation>, PolicyError> {
        let mut tx = self.0.begin().await?;
        let oldest = now(&mut tx).await? - NODE_STALE.as_secs_f64();
        let rows = tx.fetch("select incarnation from node where heartbeat_at > $1", &[oldest.into()]).await?;
        rows.iter().map(|row| Ok(Incarnation(row.uuid(0)?))).collect()
    }

    /// Takes or renews a lease; `false` when another node holds it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn hold_lease(&self, name: &str, node: &Node) -> Result<bool, PolicyError> {
        let sql = "insert into lease (name, holder, expires_at) values ($1, $2, $3) on conflict (name) do update \
                   set holder = excluded.holder, expires_at = excluded.expires_at \
                   where lease.holder = excluded.holder or lease.expires_at < $4";
        let mut tx = self.0.begin().await?;
        let now = now(&mut tx).await?;
        let expires_at = now + LEASE.as_secs_f64();
        let values = [name.into(), node.incarnation.0.into(), expires_at.into(), now.into()];
        let held = tx.execute(sql, &values).await? == 1;
        tx.commit().await?;
        Ok(held)
    }

    /// Gives a lease up, so that the next node need not wait for it to run out.
    ///
    /// # Errors
    /// The database is away.
    pub async fn release_lease(&self, name: &str, node: &Node) -> Result<(), PolicyError> {
        let mut tx = self.0.begin().await?;
        let sql = "delete from lease where name = $1 and holder = $2";
        tx.execute(sql, &[name.into(), node.incarnation.0.into()]).await?;
        Ok(tx.commit().await?)
    }

    async fn write_checkpoint(
        &self,
        tx: &mut Transaction,
        policy: &str,
        reader: &dyn EventReader,
        position: Position,
    ) -> Result<(), PolicyError> {
        let sql = "insert into checkpoint (policy, position, log_id, generation, hash) values ($1, $2, $3, $4, $5) \
                   on conflict (policy) do update set position = excluded.position, log_id = excluded.log_id, \
                   generation = excluded.generation, hash = excluded.hash";
        let identity = reader.identity().await?;
        let hash = hash_at(reader, position).await?;
        let values = [
            policy.into(),
            position.0.into(),
            identity.log_id.into(),
            identity.generation.into(),
            hash.as_slice().into(),
        ];
        tx.execute(sql, &values).await?;
        Ok(())
    }
}

/// The hash of the event at a position: a checkpoint remembers not only how far, but what stood there.
async fn hash_at(reader: &dyn EventReader, position: Position) -> Result<[u8; 32], ReadError> {
    if position == Position::START {
        return Ok(NO_HASH);
    }
    Ok(reader.read_at(position).await?.map_or(NO_HASH, |event| event.hash))
}

async fn now(tx: &mut Transaction) -> Result<f64, SqlError> {
    let sql = if tx.is_postgres() { NOW_POSTGRES } else { NOW_SQLITE };
    match tx.fetch(sql, &[]).await?.first() {
        Some(row) => row.float(0),
        None => Ok(0.0),
    }
}

async fn apply(tx: &mut Transaction, policy: &str, now: f64, change: &TimerChange) -> Result<(), SqlError> {
    match change {
        TimerChange::Set { stream, due_in, incarnation } => {
            let sql = "insert into timer (policy, stream, key, due_at, payload) values ($1, $2, $1, $3, $4) \
                       on conflict (policy, stream, key) do update set due_at = excluded.due_at, payload = excluded.payload";
            let due_at = now + due_in.as_secs_f64();
            let payload = Uuid::to_string(&incarnation.0);
            tx.execute(sql, &[policy.into(), stream.as_str().into(), due_at.into(), payload.as_str().into()]).await?;
        }
        TimerChange::Clear(stream) => {
            let sql = "delete from timer where policy = $1 and stream = $2 and key = $1";
            tx.execute(sql, &[policy.into(), stream.as_str().into()]).await?;
        }
    }
    Ok(())
}
