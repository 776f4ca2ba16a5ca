//! Paged reads of the log file on read-only connections.

use std::{path::Path, sync::Arc};

use sqlx::{
    AssertSqlSafe, Column as _, Row as _, SqliteExecutor, SqlitePool, TypeInfo as _, ValueRef as _,
    sqlite::{SqlitePoolOptions, SqliteRow},
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    checkpoint::Exemption,
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    migration::MigrationError,
    own_task::in_own_task,
    port::{EventReader, EventStream, Identity, Positions, ReadError, RecordedEnd},
    row::{COLUMNS, CopyMark, check_dense, decode_rows, no_end, number, page_size, read_error},
    sql::{Access, SqlError, sqlite_options},
    sql_reader::sql_event_reader,
    subscription,
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
        let tables = tables(&pool).await?;
        if !TABLES.iter().any(|ours| tables.iter().any(|table| table == ours)) {
            return Err(MigrationError::NoLog);
        }
        refuse_newer(&pool).await?;
        let identity = identity(&pool).await.map_err(MigrationError::unless_damaged)?;
        let (_, head) = watch::channel(Position::START);
        Ok(Self { pool, identity, head })
    }

    async fn fetch(
        &self,
        query: sqlx::query::Query<'static, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let pool = self.pool.clone();
        in_own_task(async move {
            let rows = query.fetch_all(&pool).await.map_err(read_error)?;
            rows.iter().map(typed_event_of).collect()
        })
        .await
    }
}

pub(super) async fn identity(from: impl SqliteExecutor<'_>) -> Result<Identity, SqlError> {
    const IDENTITY: &str =
        "select case typeof(log_id) when 'blob' then log_id end, generation from identity where id = 1";
    let row = sqlx::query(IDENTITY).fetch_one(from).await?;
    let log_id = Uuid::from_slice(row.try_get(0)?).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    let generation = u64::try_from(row.try_get::<i64, _>(1)?).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    Ok(Identity { log_id, generation })
}

/// What a log cannot be without.
const TABLES: [&str; 3] = ["identity", "event", "head"];

async fn tables(pool: &SqlitePool) -> Result<Vec<String>, MigrationError> {
    let rows = sqlx::query("select name from sqlite_master where type = 'table'").fetch_all(pool).await;
    let names = rows.and_then(|rows| rows.iter().map(|row| row.try_get(0)).collect());
    names.map_err(|error| MigrationError::unless_damaged(SqlError(error)))
}

/// What a log that has events lacks: its identity or its head. `None` as well for a file that holds no log yet.
pub(super) async fn lost_part(pool: &SqlitePool) -> Result<Option<&'static str>, MigrationError> {
    let tables = tables(pool).await?;
    let is_there = |name: &&str| tables.iter().any(|table| table == *name);
    if !TABLES.iter().any(|name| is_there(name)) {
        return Ok(None);
    }
    if let Some(lost) = TABLES.into_iter().find(|name| !is_there(name)) {
        return Ok(Some(lost));
    }
    let has = async |sql: &'static str| {
        let row = sqlx::query(sql).fetch_optional(pool).await;
        row.map(|row| row.is_some()).map_err(|error| MigrationError::unless_damaged(SqlError(error)))
    };
    if !has("select 1 from head").await? {
        return Ok(Some("head"));
    }
    let was_used = has("select 1 from event limit 1").await? || has("select 1 from head where position <> 0").await?;
    Ok((was_used && !has("select 1 from identity").await?).then_some("identity"))
}

/// `None` for a log that is not a copy. A log last used by an older version has no such table.
pub(super) async fn copy(pool: &SqlitePool) -> Result<Option<CopyMark>, SqlError> {
    let table = sqlx::query("select 1 from sqlite_master where type = 'table' and name = 'copy'");
    if table.fetch_optional(pool).await?.is_none() {
        return Ok(None);
    }
    let row = sqlx::query("select * from copy").fetch_optional(pool).await?;
    Ok(row.as_ref().map(copy_of).transpose()?)
}

async fn refuse_newer(pool: &SqlitePool) -> Result<(), MigrationError> {
    let newest = crate::migration::SQLITE_LOG.iter().map(|migration| migration.version).max().unwrap_or(0);
    let row = sqlx::query("select coalesce(max(version), 0) from _sqlx_migrations").fetch_one(pool).await;
    let version: Result<i64, _> = row.and_then(|row| row.try_get(0));
    let version = version.map_err(|error| MigrationError::unless_damaged(SqlError(error)))?;
    if version > newest { Err(MigrationError::Newer { database: "log", version }) } else { Ok(()) }
}

decode_rows!(SqliteRow);

sql_event_reader!(
    SqliteReader,
    event: "event",
    head: "(select position, recorded_at, case typeof(hash) when 'blob' then hash end as hash from head where id = 1)"
);

/// The columns of bytes; the driver would take a text for them as well.
const BLOBS: [usize; 7] = [3, 8, 10, 11, 13, 14, 15];

/// The event, if no byte of its row's header was changed so that only types are others.
fn typed_event_of(row: &SqliteRow) -> Result<Arc<RecordedEvent>, ReadError> {
    let event = event_of(row)?;
    for column in BLOBS {
        let is_bytes = row.try_get_raw(column).is_ok_and(|value| value.is_null() || value.type_info().name() == "BLOB");
        if !is_bytes {
            let what = format!("column {} is malformed", row.column(column).name());
            return Err(ReadError::Damaged { position: event.position, what });
        }
    }
    Ok(event)
}
