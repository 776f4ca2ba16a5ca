//! The cursor of a view generation: how far it has read, from which log it was built, and which process may write it.
//!
//! The table is called `checkpoint`, a name from before that word meant the signed note of the log. Invariant: the cursor
//! moves by compare-and-set on position and owner's epoch, in the transaction that writes the rows. A process that finds it
//! moved has been replaced, or was told wrongly that a commit failed: it reads it again.
//!
//! No two clocks are compared: an owner raises `beat`, and a process that sees it unchanged for long takes over.

use event_store::{
    EventReader, Identity, Position, ReadError,
    sql::{Database, Row, SqlError, Transaction},
};
use journal::Decoded;
use uuid::Uuid;

use crate::{projection::ProjectionSet, rows};

/// The only row of the table `checkpoint` of a generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// Names and versions of the generation's projections.
    pub(crate) fingerprint: String,
    /// The log that the rows were folded from.
    pub(crate) log: Identity,
    /// The last event folded.
    pub(crate) position: Position,
    /// Its hash, in hexadecimal; empty at the start.
    pub(crate) hash: String,
    /// The process that writes; none after a clean stop.
    pub(crate) owner: Option<String>,
    /// Raised with every change of owner.
    pub(crate) epoch: i64,
    /// Raised with every sign of life.
    pub(crate) beat: i64,
}

/// Makes the table; `$1` and `$2` fill its only row.
pub(crate) const SCHEMA: &str = include_str!("sql/cursor.sql");
const BEGIN: &str = "insert into checkpoint
    (id, fingerprint, log_id, log_generation, position, hash, owner, owner_epoch, beat)
    values (1, $1, $2, $3, 0, '', null, 0, 0)";
const LOAD: &str =
    "select fingerprint, log_id, log_generation, position, hash, owner, owner_epoch, beat from checkpoint";
const CLAIM: &str = "update checkpoint set owner = $1, owner_epoch = owner_epoch + 1, beat = beat + 1
    where owner_epoch = $2 and beat = $3";
const BEAT: &str = "update checkpoint set beat = beat + 1 where owner_epoch = $1";
const RELEASE: &str = "update checkpoint set owner = null, beat = beat + 1 where owner_epoch = $1";
const ADVANCE: &str = "update checkpoint set position = $1, hash = $2, beat = beat + 1
    where position = $3 and owner_epoch = $4";

impl Cursor {
    /// Writes the first one, at the start of the log.
    pub(crate) async fn begin(tx: &mut Transaction, fingerprint: &str, log: Identity) -> Result<(), SqlError> {
        let log_id = log.log_id.to_string();
        let values = [fingerprint.into(), (&*log_id).into(), log.generation.into()];
        tx.execute(BEGIN, &values).await.map(drop)
    }

    /// Reads it.
    pub(crate) async fn load(database: &Database) -> Result<Self, SqlError> {
        let rows = database.fetch(LOAD, &[]).await?;
        rows.first().ok_or(SqlError(sqlx::Error::RowNotFound)).and_then(Self::from_row)
    }

    /// Reads it as a transaction sees it.
    pub(crate) async fn load_in(tx: &mut Transaction) -> Result<Self, SqlError> {
        let rows = tx.fetch(LOAD, &[]).await?;
        rows.first().ok_or(SqlError(sqlx::Error::RowNotFound)).and_then(Self::from_row)
    }

    fn from_row(row: &Row) -> Result<Self, SqlError> {
        Ok(Self {
            fingerprint: row.text(0)?,
            log: Identity { log_id: rows::id::<Uuid>(row, 1)?, generation: row.count(2)? },
            position: rows::position(row, 3)?,
            hash: row.text(4)?,
            owner: row.optional_text(5)?,
            epoch: row.int(6)?,
            beat: row.int(7)?,
        })
    }

    /// Becomes the owner, unless the row has changed since it was read.
    pub(crate) async fn claim(&mut self, database: &Database, owner: &str) -> Result<bool, SqlError> {
        let claimed = write(database, CLAIM, &[owner.into(), self.epoch.into(), self.beat.into()]).await?;
        if claimed {
            self.owner = Some(owner.to_owned());
            self.epoch += 1;
            self.beat += 1;
        }
        Ok(claimed)
    }

    /// Shows that the owner is alive; false if it is no longer the owner.
    pub(crate) async fn beat(&self, database: &Database) -> Result<bool, SqlError> {
        write(database, BEAT, &[self.epoch.into()]).await
    }

    /// Lets another node take over at once.
    pub(crate) async fn release(&self, database: &Database) -> Result<bool, SqlError> {
        write(database, RELEASE, &[self.epoch.into()]).await
    }

    /// Writes the rows of a batch and moves to `position`, all or nothing; false if the cursor has moved meanwhile.
    /// The cursor is updated first: in PostgreSQL its row is the lock between an owner and one that was replaced.
    pub(crate) async fn advance(
        &mut self,
        database: &Database,
        projections: &ProjectionSet,
        events: &[Decoded],
        to: (Position, String),
    ) -> Result<bool, SqlError> {
        let (position, hash) = to;
        let mut tx = database.begin().await?;
        let values = [position.0.into(), (&*hash).into(), self.position.0.into(), self.epoch.into()];
        if tx.execute(ADVANCE, &values).await? != 1 {
            return Ok(false);
        }
        for projection in projections.iter() {
            projection.apply(&mut tx, events).await?;
        }
        tx.commit().await?;
        (self.position, self.hash) = (position, hash);
        Ok(true)
    }

    /// Whether the log has the last folded event at this position.
    pub(crate) async fn is_in(&self, reader: &dyn EventReader) -> Result<bool, ReadError> {
        if self.position == Position::START {
            return Ok(true);
        }
        Ok(reader.read_at(self.position).await?.is_some_and(|event| hex::encode(event.hash) == self.hash))
    }
}

/// Keeps every owner, of this process or another, from writing until the transaction ends; returns how far the rows are.
/// A writing transaction of a SQLite file is alone anyway.
pub(crate) async fn lock(tx: &mut Transaction) -> Result<Position, SqlError> {
    let rows = if tx.is_postgres() {
        // An owner whose machine is gone may hold the lock for long; the caller tries again later.
        tx.execute("set local lock_timeout = '1s'", &[]).await?;
        tx.fetch("select position from checkpoint for update", &[]).await?
    } else {
        tx.fetch("select position from checkpoint", &[]).await?
    };
    rows.first().ok_or(SqlError(sqlx::Error::RowNotFound)).and_then(|row| rows::position(row, 0))
}

async fn write(database: &Database, sql: &str, values: &[event_store::sql::Value<'_>]) -> Result<bool, SqlError> {
    let mut tx = database.begin().await?;
    let touched = tx.execute(sql, values).await?;
    tx.commit().await?;
    Ok(touched == 1)
}
