//! Paged reads of the log on read-only connections.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{
    AssertSqlSafe, PgExecutor, PgPool, Postgres, Row as _,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    port::{EventReader, EventStream, Identity, Positions, ReadError, RecordedEnd},
    row::{COLUMNS, CopyMark, check_dense, decode_rows, no_end, number, page_size},
    sql::SqlError,
    subscription,
};

#[derive(Clone)]
pub(super) struct PostgresReader {
    pool: PgPool,
    identity: Identity,
    head: watch::Receiver<Position>,
}

impl PostgresReader {
    pub(super) fn new(pool: PgPool, identity: Identity, head: watch::Receiver<Position>) -> Self {
        Self { pool, identity, head }
    }

    async fn fetch(&self, query: Query<'_, Postgres, PgArguments>) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let rows = query.fetch_all(&self.pool).await.map_err(ReadError::unavailable)?;
        rows.iter().map(event_of).collect()
    }
}

pub(super) async fn identity(from: impl PgExecutor<'_>) -> Result<Identity, SqlError> {
    let row = sqlx::query("select log_id, generation from log.identity where id = 1").fetch_one(from).await?;
    let log_id = Uuid::from_slice(row.try_get(0)?).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    Ok(Identity { log_id, generation: row.try_get::<i64, _>(1)?.unsigned_abs() })
}

/// `None` for a log that is not a copy. A log last used by an older version has no such table.
pub(super) async fn copy(pool: &PgPool) -> Result<Option<CopyMark>, SqlError> {
    let table = sqlx::query("select 1 where to_regclass('log.copy') is not null");
    if table.fetch_optional(pool).await?.is_none() {
        return Ok(None);
    }
    let row = sqlx::query("select is_whole, times_rise_after from log.copy where id = 1").fetch_optional(pool).await?;
    Ok(row.as_ref().map(copy_of).transpose()?)
}

pub(super) async fn current_head(pool: &PgPool) -> Result<Position, SqlError> {
    let row = sqlx::query("select position from log.head where id = 1").fetch_one(pool).await?;
    Ok(Position(row.try_get::<i64, _>(0)?.unsigned_abs()))
}

decode_rows!(PgRow);

#[async_trait]
impl EventReader for PostgresReader {
    async fn find(&self, stream: &StreamName, event_id: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        let sql = format!("select {COLUMNS} from log.event where event_id = $1 and stream = $2");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(event_id.as_bytes().as_slice());
        Ok(self.fetch(query.bind(stream.as_str())).await?.pop())
    }

    async fn owner(&self, event_id: Uuid) -> Result<Option<StreamName>, ReadError> {
        let sql = format!("select {COLUMNS} from log.event where event_id = $1");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(event_id.as_bytes().as_slice());
        Ok(self.fetch(query).await?.pop().map(|event| event.stream.clone()))
    }

    async fn head(&self) -> Result<Position, ReadError> {
        current_head(&self.pool).await.map_err(|SqlError(error)| ReadError::unavailable(error))
    }

    async fn recorded_end(&self) -> Result<Option<RecordedEnd>, ReadError> {
        let sql = "select position, recorded_at, hash from log.head where id = 1";
        let row = sqlx::query(sql).fetch_optional(&self.pool).await;
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
        let sql =
            format!("select {COLUMNS} from log.event where stream = $1 and version > $2 order by version limit $3");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(stream.as_str());
        self.fetch(query.bind(number(after.0)).bind(page_size(limit))).await
    }

    async fn read_stream_after_position(
        &self,
        stream: &StreamName,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let sql =
            format!("select {COLUMNS} from log.event where stream = $1 and position > $2 order by version limit $3");
        let query = sqlx::query(AssertSqlSafe(sql)).bind(stream.as_str());
        self.fetch(query.bind(number(after.0)).bind(page_size(limit))).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let sql = format!("select {COLUMNS} from log.event where position > $1 order by position limit $2");
        // From the start without a lower bound, so that a forged row at 0 or below is found.
        let after_number = if after == Position::START { i64::MIN } else { number(after.0) };
        let query = sqlx::query(AssertSqlSafe(sql)).bind(after_number).bind(page_size(limit));
        let page = self.fetch(query).await?;
        check_dense(after, &page)?;
        Ok(page)
    }

    fn subscribe(&self, after: Position) -> EventStream {
        subscription::follow(Arc::new(self.clone()), self.head.clone(), after)
    }
}
