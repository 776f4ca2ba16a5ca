//! The log in a SQLite file, `events.db`: WAL, `synchronous=FULL`, one writing task, paged reads.
//!
//! Invariant: only one process writes (the program locks its data directory), so the writer's cache of stream heads is valid until a
//! batch fails; then it is cleared and read from the file again. So do its newest events, which are read from memory.

mod connections;
mod import;
mod reader;
mod reading;
mod recent;
mod writer;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use sqlx::{Row as _, sqlite::SqlitePool};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    clock::{Clock, SystemClock},
    event::{Position, RecordedEvent, SealedEvent, StreamName, StreamVersion},
    group_commit::Appender,
    migration::{MigrationError, SQLITE_LOG, migrate_sqlite},
    port::{
        AppendError, Appended, EventReader, EventStore, EventStream, Expected, Identity, Positions, ReadError,
        RecordedEnd, Truncation, reads_through_its_reader,
    },
    sequencer::Request,
    sql::{self, Access, SqlError, sqlite_options, sqlite_writer},
};

use reader::SqliteReader;
use reading::WriterReader;
use recent::Recent;
use writer::SqliteWriter;

pub use import::SqliteImport;

/// A log in a file.
#[derive(Clone)]
pub struct SqliteStore {
    writer: SqlitePool,
    reader: WriterReader,
    appender: Appender,
}

impl SqliteStore {
    /// Opens the log, creating or migrating it first.
    ///
    /// # Errors
    /// The file cannot be used, is from a newer version, or is an incomplete copy.
    pub async fn open(path: &Path) -> Result<Self, MigrationError> {
        Self::open_with(path, Access::Durable, SystemClock::shared()).await
    }

    /// Opens the log with another clock or durability. Other durabilities are for the durability test.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_with(path: &Path, access: Access, clock: Arc<dyn Clock>) -> Result<Self, MigrationError> {
        let pool = sqlite_writer().connect_with(sqlite_options(path, access)).await.map_err(SqlError)?;
        if let Some(what) = reader::lost_part(&pool).await? {
            return Err(MigrationError::Damaged { what, source: None });
        }
        migrate_sqlite("log", &SQLITE_LOG, &pool).await?;
        if reader::copy(&pool).await?.is_some_and(|copy| !copy.is_complete) {
            return Err(MigrationError::Incomplete);
        }
        let identity = ensure_identity(&pool).await?;
        let head = current_head(&pool).await?;
        let (announce, head) = watch::channel(head);
        let recent = Arc::new(Recent::default());
        let reader = WriterReader::new(recent.clone(), SqliteReader::new(path, identity, head));
        let appender = Appender::start(SqliteWriter::new(pool.clone(), announce, recent, clock));
        Ok(Self { writer: pool, reader, appender })
    }

    /// Opens an existing log read-only; works while another process writes it.
    ///
    /// # Errors
    /// There is no log, or it is from a newer version.
    pub async fn open_reader(path: &Path) -> Result<Arc<dyn EventReader>, MigrationError> {
        let reader = SqliteReader::open(path, Access::ReadOnly).await?;
        Ok(Arc::new(reader))
    }

    /// Opens an existing log that no process has open for writing, without creating files; see [`Access::Immutable`].
    ///
    /// # Errors
    /// As [`Self::open_reader`].
    pub async fn open_reader_immutable(path: &Path) -> Result<Arc<dyn EventReader>, MigrationError> {
        let reader = SqliteReader::open(path, Access::Immutable).await?;
        Ok(Arc::new(reader))
    }
}

async fn ensure_identity(pool: &SqlitePool) -> Result<Identity, SqlError> {
    sqlx::query(
        "insert into identity (id, log_id, generation) select 1, $1, 1 where not exists (select 1 from identity)",
    )
    .bind(Uuid::new_v4().as_bytes().to_vec())
    .execute(pool)
    .await?;
    reader::identity(pool).await
}

async fn current_head(pool: &SqlitePool) -> Result<Position, SqlError> {
    let row = sqlx::query("select position from head").fetch_one(pool).await?;
    Ok(Position(row.try_get::<i64, _>(0)?.unsigned_abs()))
}

reads_through_its_reader!(SqliteStore);

#[async_trait]
impl EventStore for SqliteStore {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<SealedEvent>,
    ) -> Result<Appended, AppendError> {
        self.appender.append(Request { stream: stream.clone(), expected, events }).await
    }

    async fn raise_generation(&self) -> Result<Identity, AppendError> {
        let raised = sqlx::query("update identity set generation = generation + 1").execute(&self.writer).await;
        raised.map_err(|error| AppendError::Unavailable(Arc::new(error)))?;
        let now = reader::identity(&self.writer).await;
        now.map_err(|error| AppendError::Unavailable(Arc::new(error)))
    }

    async fn probe_write(&self) -> Result<(), AppendError> {
        sql::probe_sqlite(&self.writer).await.map_err(|error| AppendError::Unavailable(Arc::new(error)))
    }

    async fn flush(&self) -> Result<(), ReadError> {
        sql::flush(&self.writer).await.map_err(ReadError::unavailable)
    }
}
