//! Paged reads of the log file on read-only connections.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use sqlx::{
    AssertSqlSafe, Row as _, SqliteExecutor, SqlitePool,
    sqlite::{SqlitePoolOptions, SqliteRow},
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    migration::MigrationError,
    port::{EventReader, EventStream, Identity, Positions, ReadError, RecordedEnd},
    row::{COLUMNS, CopyMark, check_dense, decode_rows, no_end, number, page_size},
    sql::{Access, SqlError, sqlite_options},
};

/// Concurrent readers. Each holds a snapshot only while reading a page, so the WAL can be reset.
const CONNECTIONS: u32 = 8;

#[derive(Clone)]
pub(crate) struct SqliteReader {
    pool: SqlitePool,
    identity: Identity,
    head: watch::Receiver<Position>,
}

impl SqliteReader {
    pub(crate) fn new(path: &Path, identity: Identity, head: watch::Receiver<Position>) -> Self {
        let options = sqlite_options(path, Access::ReadOnly);
        let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_lazy_with(options);
        Self { pool, identity, head }
    }

    /// A reader beside another process: it gets no hints and polls.
    pub(crate) async fn open(path: &Path, access: Access) -> Result<Self, MigrationError> {
        let options = sqlite_options(path, access);
        let pool =
            SqlitePoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await.map_err(SqlError)?;
        refuse_newer(&pool).await?;
        let identity = identity(&pool).await?;
        let (_, head) = watch::channel(Position::START);
        Ok(Self { pool, identity, head })
    }

    async fn fetch(
        &self,
        query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let rows = query.fetch_all(&self.pool).await.map_err(ReadError::unavailable)?;
        rows.iter().map(event_of).collect()
    }
}

pub(super) async fn identity(from: impl SqliteExecutor<'_>) -> Result<Identity, SqlError> {
    let row = sqlx::query("select log_id, generation from identity").fetch_one(from).await?;
    let log_id = Uuid::from_slice(row.try_get(0)?).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    Ok(Identity { log_id, generation: row.try_get::<i64, _>(1)?.unsigned_abs() })
}

/// `None` for a log that is not a copy. A log last used by an older version has no such table.
pub(super) async fn copy(pool: &SqlitePool) -> Result<Option<CopyMark>, SqlError> {
    let table = sqlx::query("select 1 from sqlite_master where type = 'table' and name = 'copy'");
    if table.fetch_optional(pool).await?.is_none() {
        return Ok(None);
    }
    let row = sqlx::query("select is_whole, times_rise_after from copy").fetch_optional(pool).await?;
    Ok(row.as_ref().map(copy_of).transpose()?)
}

async fn refuse_newer(pool: &SqlitePool) -> Result<(), MigrationError> {
    let newest = crate::migration::SQLITE_LOG.iter().map(|migration| migration.version).max().unwrap_or(0);
    let row = sqlx::query("select max(version) from _sqlx_migrations").fetch_one(pool).await.map_err(SqlError)?;
    let version: i64 = row.try_get(0).map_err(SqlError)?;
    if version > newest { Err(MigrationError::Newer { room: "log", version }) } else { Ok(()) }
}

decode_rows!(SqliteRow);

#[async_trait]
impl EventReader for SqliteReader {
    async fn find(&self, stream: &StreamName, event_id: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        let sql = format!("select {COLUMNS} from event where event_id = $1 and stream = $2");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(event_id.as_bytes().to_vec());
        Ok(self.fetch(query.bind(stream.as_str().to_owned())).await?.pop())
    }

    async fn owner(&self, event_id: Uuid) -> Result<Option<StreamName>, ReadError> {
        let sql = format!("select {COLUMNS} from event where event_id = $1");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(event_id.as_bytes().to_vec());
        Ok(self.fetch(query).await?.pop().map(|event| event.stream.clone()))
    }

    async fn head(&self) -> Result<Position, ReadError> {
        let row = sqlx::query("select position from head").fetch_one(&self.pool).await;
        let position: i64 = row.and_then(|row| row.try_get(0)).map_err(ReadError::unavailable)?;
        Ok(Position(position.unsigned_abs()))
    }

    async fn recorded_end(&self) -> Result<Option<RecordedEnd>, ReadError> {
        let row = sqlx::query("select position, recorded_at, hash from head").fetch_optional(&self.pool).await;
        let end = row.and_then(|row| row.as_ref().map_or_else(|| Ok(no_end()), end_of));
        end.map(Some).map_err(ReadError::unavailable)
    }

    async fn identity(&self) -> Result<Identity, ReadError> {
        Ok(self.identity)
    }

    async fn is_complete(&self) -> Result<bool, ReadError> {
        let copy = copy(&self.pool).await.map_err(|SqlError(error)| ReadError::unavailable(error))?;
        Ok(CopyMark::is_complete(copy.as_ref()))
    }

    async fn times_rise_after(&self) -> Result<Position, ReadError> {
        let copy = copy(&self.pool).await.map_err(|SqlError(error)| ReadError::unavailable(error))?;
        Ok(CopyMark::times_rise_after(copy.as_ref()))
    }

    fn positions(&self) -> Positions {
        Positions::Dense
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let sql = format!("select {COLUMNS} from event where stream = $1 and version > $2 order by version limit $3");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(stream.as_str().to_owned());
        self.fetch(query.bind(number(after.0)).bind(page_size(limit))).await
    }

    async fn read_stream_after_position(
        &self,
        stream: &StreamName,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let sql = format!("select {COLUMNS} from event where stream = $1 and position > $2 order by version limit $3");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(stream.as_str().to_owned());
        self.fetch(query.bind(number(after.0)).bind(page_size(limit))).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let sql = format!("select {COLUMNS} from event where position > $1 order by position limit $2");
        // From the start without a lower bound, so that a forged row at 0 or below is found.
        let after_number = if after == Position::START { i64::MIN } else { number(after.0) };
        let query = sqlx::query(AssertSqlSafe(sql)).bind(after_number).bind(page_size(limit));
        let page = self.fetch(query).await?;
        check_dense(after, &page)?;
        Ok(page)
    }

    fn subscribe(&self, after: Position) -> EventStream {
        super::follow(self.clone(), self.head.clone(), after)
    }
}
