//! Paged reads of the log on read-only connections.

use std::sync::Arc;

use sqlx::{
    AssertSqlSafe, PgExecutor, PgPool, Postgres, Row as _,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    own_task::in_own_task,
    port::{EventReader, EventStream, Exemption, Identity, Positions, ReadError, RecordedEnd},
    row::{COLUMNS, CopyMark, check_dense, decode_rows, is_damage, no_end, number, page_size, read_error},
    sql::SqlError,
    sql_reader::sql_event_reader,
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

    async fn fetch(&self, query: Query<'static, Postgres, PgArguments>) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let pool = self.pool.clone();
        in_own_task(async move {
            let rows = query.fetch_all(&pool).await.map_err(read_error)?;
            rows.iter().map(event_of).collect()
        })
        .await
    }

    /// The row of a table that has at most one.
    async fn row(&self, sql: &'static str) -> Result<Option<PgRow>, sqlx::Error> {
        let pool = self.pool.clone();
        in_own_task(async move { sqlx::query(sql).fetch_optional(&pool).await }).await
    }

    async fn copy(&self) -> Result<Option<CopyMark>, sqlx::Error> {
        copy(&self.pool).await.map_err(|SqlError(error)| error)
    }
}

pub(super) async fn identity(from: impl PgExecutor<'_>) -> Result<Identity, SqlError> {
    let row = sqlx::query("select log_id, generation from log.identity where id = 1").fetch_one(from).await?;
    let log_id = Uuid::from_slice(row.try_get(0)?).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    let generation = u64::try_from(row.try_get::<i64, _>(1)?).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    Ok(Identity { log_id, generation })
}

/// `None` for a log that is not a copy. A log last used by an older version has no such table.
pub(super) async fn copy(pool: &PgPool) -> Result<Option<CopyMark>, SqlError> {
    let table = sqlx::query("select 1 where to_regclass('log.copy') is not null");
    if table.fetch_optional(pool).await?.is_none() {
        return Ok(None);
    }
    const COPY: &str = "select is_whole, times_rise_after, note from log.copy where id = 1";
    /// As an older version has migrated it.
    const WITHOUT_NOTE: &str = "select is_whole, times_rise_after, null::text from log.copy where id = 1";
    let row = match sqlx::query(COPY).fetch_optional(pool).await {
        Err(error) if is_damage(&error) => sqlx::query(WITHOUT_NOTE).fetch_optional(pool).await?,
        row => row?,
    };
    Ok(row.as_ref().map(copy_of).transpose()?)
}

pub(super) async fn current_head(pool: &PgPool) -> Result<Position, SqlError> {
    let row = sqlx::query("select position, recorded_at, hash from log.head where id = 1").fetch_optional(pool).await?;
    Ok(row.as_ref().map_or(Position::START, |row| end_of(row).position))
}

decode_rows!(PgRow);

sql_event_reader!(PostgresReader, event: "log.event", head: "log.head where id = 1");
