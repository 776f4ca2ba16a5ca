//! Paged reads of the log file on read-only connections.

use std::{path::Path, sync::Arc};

use sqlx::{
    AssertSqlSafe, Column as _, Row as _, Sqlite, SqliteExecutor, SqlitePool, TypeInfo as _, ValueRef as _,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use tokio::sync::watch;
use uuid::Uuid;

use super::connections::Connections;
use crate::{
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    migration::MigrationError,
    own_task::in_own_task,
    port::{EventReader, EventStream, Exemption, Identity, Positions, ReadError, RecordedEnd},
    row::{COLUMNS, CopyMark, check_dense, decode_rows, is_damage, no_end, number, page_size, read_error},
    sql::{Access, SqlError, sqlite_options},
    sql_reader::sql_event_reader,
    subscription,
};

#[derive(Clone)]
pub(crate) struct SqliteReader {
    connections: Arc<Connections>,
    identity: Identity,
    head: watch::Receiver<Position>,
}

impl SqliteReader {
    pub(crate) fn new(path: &Path, identity: Identity, head: watch::Receiver<Position>) -> Self {
        Self { connections: Connections::new(sqlite_options(path, Access::ReadOnly)), identity, head }
    }

    /// A reader beside another process: it gets no hints and polls.
    pub(crate) async fn open(path: &Path, access: Access) -> Result<Self, MigrationError> {
        let connections = Connections::new(sqlite_options(path, access));
        let tables = tables(connections.fetch_all(sqlx::query(TABLE_NAMES)).await)?;
        if !TABLES.iter().any(|ours| tables.iter().any(|table| table == ours)) {
            return Err(MigrationError::NoLog);
        }
        refuse_newer(&connections).await?;
        let identity = connections.fetch_all(sqlx::query(IDENTITY)).await.and_then(|rows| identity_of(&rows));
        let identity = identity.map_err(|error| MigrationError::unless_damaged(SqlError(error)))?;
        let (_, head) = watch::channel(Position::START);
        Ok(Self { connections, identity, head })
    }

    /// Positions as the writer of this process announces them.
    pub(super) fn head_hints(&self) -> watch::Receiver<Position> {
        self.head.clone()
    }

    async fn fetch(
        &self,
        query: Query<'static, Sqlite, SqliteArguments>,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let connections = self.connections.clone();
        in_own_task(async move {
            let rows = connections.fetch_all(query).await.map_err(read_error)?;
            rows.iter().map(typed_event_of).collect()
        })
        .await
    }

    /// The row of a table that has at most one.
    async fn row(&self, sql: &'static str) -> Result<Option<SqliteRow>, sqlx::Error> {
        let connections = self.connections.clone();
        in_own_task(async move { Ok(connections.fetch_all(sqlx::query(sql)).await?.pop()) }).await
    }

    async fn copy(&self) -> Result<Option<CopyMark>, sqlx::Error> {
        if self.row(COPY_TABLE).await?.is_none() {
            return Ok(None);
        }
        let row = match self.row(COPY).await {
            Err(error) if is_damage(&error) => self.row(COPY_WITHOUT_NOTE).await?,
            row => row?,
        };
        row.as_ref().map(copy_of).transpose()
    }
}

const IDENTITY: &str = "select case typeof(log_id) when 'blob' then log_id end, generation from identity where id = 1";
/// A log last used by an older version has no such table.
const COPY_TABLE: &str = "select 1 from sqlite_master where type = 'table' and name = 'copy'";
const COPY: &str = "select is_whole, times_rise_after, note from copy";
/// As an older version has migrated it.
const COPY_WITHOUT_NOTE: &str = "select is_whole, times_rise_after, null from copy";
const NEWEST_MIGRATION: &str = "select coalesce(max(version), 0) from _sqlx_migrations";
const TABLE_NAMES: &str = "select name from sqlite_master where type = 'table'";

pub(super) async fn identity(from: impl SqliteExecutor<'_>) -> Result<Identity, SqlError> {
    Ok(identity_of(&[sqlx::query(IDENTITY).fetch_one(from).await?])?)
}

fn identity_of(rows: &[SqliteRow]) -> Result<Identity, sqlx::Error> {
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let log_id = Uuid::from_slice(row.try_get(0)?).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    let generation = u64::try_from(row.try_get::<i64, _>(1)?).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    Ok(Identity { log_id, generation })
}

/// What a log cannot be without.
const TABLES: [&str; 3] = ["identity", "event", "head"];

fn tables(rows: Result<Vec<SqliteRow>, sqlx::Error>) -> Result<Vec<String>, MigrationError> {
    let names = rows.and_then(|rows| rows.iter().map(|row| row.try_get(0)).collect());
    names.map_err(|error| MigrationError::unless_damaged(SqlError(error)))
}

/// What a log that has events lacks: its identity or its head. `None` as well for a file that holds no log yet.
pub(super) async fn lost_part(pool: &SqlitePool) -> Result<Option<&'static str>, MigrationError> {
    let tables = tables(sqlx::query(TABLE_NAMES).fetch_all(pool).await)?;
    let is_there = |name: &&str| tables.iter().any(|table| table == *name);
    if !TABLES.iter().any(is_there) {
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

/// `None` for a log that is not a copy.
pub(super) async fn copy(pool: &SqlitePool) -> Result<Option<CopyMark>, SqlError> {
    if sqlx::query(COPY_TABLE).fetch_optional(pool).await?.is_none() {
        return Ok(None);
    }
    let row = match sqlx::query(COPY).fetch_optional(pool).await {
        Err(error) if is_damage(&error) => sqlx::query(COPY_WITHOUT_NOTE).fetch_optional(pool).await?,
        row => row?,
    };
    Ok(row.as_ref().map(copy_of).transpose()?)
}

async fn refuse_newer(connections: &Connections) -> Result<(), MigrationError> {
    let newest = crate::migration::SQLITE_LOG.iter().map(|migration| migration.version).max().unwrap_or(0);
    let rows = connections.fetch_all(sqlx::query(NEWEST_MIGRATION)).await;
    let row = rows.and_then(|mut rows| rows.pop().ok_or(sqlx::Error::RowNotFound));
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
