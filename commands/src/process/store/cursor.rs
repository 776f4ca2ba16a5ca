//! How far each process manager has read, and which log that was: a cursor remembers not only a position, but what stood there.

use event_store::{
    EventReader, Identity, Position, ReadError,
    hash::NO_HASH,
    sql::{SqlError, Transaction},
};

use super::{
    super::manager::{Beginning, ProcessManager},
    Commit, Lease, ProcessStore, StoreError, lease,
};

/// Where a process manager stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The last event that is dealt with.
    pub position: Position,
    /// The head at the time when it was new to the log: up to there nothing is acted on. `None` once what was open there is done.
    pub history_until: Option<Position>,
}

impl ProcessStore {
    /// Refuses a store that belongs to another log, whichever process manager's cursor says so.
    ///
    /// # Errors
    /// It does, or store or log are away.
    pub async fn check_log(&self, reader: &dyn EventReader) -> Result<(), StoreError> {
        for row in self.0.fetch("select policy from checkpoint", &[]).await? {
            self.cursor(&row.text(0)?, reader).await?;
        }
        Ok(())
    }

    /// Where a process manager stands, if it has been at work before.
    ///
    /// # Errors
    /// The cursor is of another log, or store or log are away.
    pub async fn cursor(&self, manager: &str, reader: &dyn EventReader) -> Result<Option<Cursor>, StoreError> {
        let sql = "select position, log_id, generation, hash, history_until from checkpoint where policy = $1";
        let identity = reader.identity().await?;
        let Some(row) = self.0.fetch(sql, &[manager.into()]).await?.pop() else { return Ok(None) };
        let position = Position(row.count(0)?);
        let same_log = row.uuid(1)? == identity.log_id && row.count(2)? == identity.generation;
        if !same_log || row.bytes(3)? != hash_at(reader, position).await? {
            return Err(StoreError::OtherLog { position });
        }
        let history_until = row.optional_int(4)?.map(u64::try_from).transpose();
        let history_until = history_until.map_err(|_| StoreError::Malformed { what: "cursor" })?.map(Position);
        Ok(Some(Cursor { position, history_until }))
    }

    /// As [`Self::cursor`]; one that is new to the log is given its place.
    ///
    /// # Errors
    /// As [`Self::cursor`], or the lease is somebody else's.
    pub async fn begin(
        &self,
        lease: &Lease,
        manager: &dyn ProcessManager,
        reader: &dyn EventReader,
    ) -> Result<Cursor, StoreError> {
        if let Some(cursor) = self.cursor(manager.name(), reader).await? {
            return Ok(cursor);
        }
        let (identity, head) = (reader.identity().await?, reader.head().await?);
        let cursor = match manager.beginning() {
            Beginning::FirstEvent => Cursor { position: Position::START, history_until: Some(head) },
            Beginning::Head => Cursor { position: head, history_until: None },
        };
        let hash = hash_at(reader, cursor.position).await?;
        let mut tx = self.0.begin().await?;
        lease::fence(&mut tx, lease).await?;
        let sql = "insert into checkpoint (policy, position, log_id, generation, hash, history_until) \
                   values ($1, $2, $3, $4, $5, $6)";
        let values = [
            manager.name().into(),
            cursor.position.0.into(),
            identity.log_id.into(),
            identity.generation.into(),
            hash.as_slice().into(),
            cursor.history_until.map(|until| i64::try_from(until.0).unwrap_or(i64::MAX)).into(),
        ];
        tx.execute(sql, &values).await?;
        tx.commit().await?;
        Ok(cursor)
    }
}

pub(super) async fn write(
    tx: &mut Transaction,
    manager: &str,
    log: &Identity,
    commit: &Commit,
) -> Result<(), SqlError> {
    if let Some((position, hash)) = &commit.cursor {
        let sql = "update checkpoint set position = $2, log_id = $3, generation = $4, hash = $5 where policy = $1";
        let values =
            [manager.into(), position.0.into(), log.log_id.into(), log.generation.into(), hash.as_slice().into()];
        tx.execute(sql, &values).await?;
    }
    if commit.ends_history {
        tx.execute("update checkpoint set history_until = null where policy = $1", &[manager.into()]).await?;
    }
    Ok(())
}

/// The hash of the event at a position; zeros where there is none.
async fn hash_at(reader: &dyn EventReader, position: Position) -> Result<[u8; 32], ReadError> {
    if position == Position::START {
        return Ok(NO_HASH);
    }
    Ok(reader.read_at(position).await?.map_or(NO_HASH, |event| event.hash))
}
