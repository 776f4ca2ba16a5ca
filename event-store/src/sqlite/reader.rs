//! Paged reads of the log file on read-only connections.

use std::{path::Path, sync::Arc};

use sqlx::{
    AssertSqlSafe, Row as _, Sqlite, SqliteExecutor, SqlitePool,
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
    port::{EventReader, EventStream, Identity, Positions, ReadError, RecordedEnd},
    row::{COLUMNS, CopyMark, check_dense, decode_rows, no_end, number, page_size},
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
        refuse_newer(&connections).await?;
        let identity = connections.fetch_all(sqlx::query(IDENTITY)).await.and_then(|rows| identity_of(&rows));
        let (_, head) = watch::channel(Position::START);
        Ok(Self { connections, identity: identity.map_err(SqlError)?, head })
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
            let rows = connections.fetch_all(query).await.map_err(ReadError::unavailable)?;
            rows.iter().map(event_of).collect()
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
        self.row(COPY).await?.as_ref().map(copy_of).transpose()
    }
}

const IDENTITY: &str = "select log_id, generation from identity";
/// A log last used by an older version has no such table.
const COPY_TABLE: &str = "select 1 from sqlite_master where type = 'table' and name = 'copy'";
const COPY: &str = "select is_whole, times_rise_after from copy";
const NEWEST_MIGRATION: &str = "select max(version) from _sqlx_migrations";

pub(super) async fn identity(from: impl SqliteExecutor<'_>) -> Result<Identity, SqlError> {
    Ok(identity_of(&[sqlx::query(IDENTITY).fetch_one(from).await?])?)
}

fn identity_of(rows: &[SqliteRow]) -> Result<Identity, sqlx::Error> {
    let row = rows.first().ok_or(sqlx::Error::RowNotFound)?;
    let log_id = Uuid::from_slice(row.try_get(0)?).map_err(|e| sqlx::Error::Decode(Box::new(e)))?;
    Ok(Identity { log_id, generation: row.try_get::<i64, _>(1)?.unsigned_abs() })
}

/// `None` for a log that is not a copy.
pub(super) async fn copy(pool: &SqlitePool) -> Result<Option<CopyMark>, SqlError> {
    if sqlx::query(COPY_TABLE).fetch_optional(pool).await?.is_none() {
        return Ok(None);
    }
    let row = sqlx::query(COPY).fetch_optional(pool).await?;
    Ok(row.as_ref().map(copy_of).transpose()?)
}

async fn refuse_newer(connections: &Connections) -> Result<(), MigrationError> {
    let newest = crate::migration::SQLITE_LOG.iter().map(|migration| migration.version).max().unwrap_or(0);
    let rows = connections.fetch_all(sqlx::query(NEWEST_MIGRATION)).await.map_err(SqlError)?;
    let row = rows.first().ok_or(SqlError(sqlx::Error::RowNotFound))?;
    let version: i64 = row.try_get(0).map_err(SqlError)?;
    if version > newest { Err(MigrationError::Newer { database: "log", version }) } else { Ok(()) }
}

decode_rows!(SqliteRow);

sql_event_reader!(SqliteReader, event: "event", head: "head");
