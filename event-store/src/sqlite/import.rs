//! Fills a SQLite log from another log. The triggers check every row as in normal appends.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use sqlx::{Row as _, SqlitePool, sqlite::SqlitePoolOptions};
use tokio::sync::watch;

use super::{
    current_head,
    reader::{self, SqliteReader},
    writer::{is_guarded, write_rows},
};
use crate::{
    event::{Position, RecordedEvent},
    import::{ImportError, ImportTarget, admit_identity, placed_after},
    migration::{SQLITE_LOG, migrate_sqlite},
    port::{EventReader, Exemption, Identity},
    row::number,
    sql::{self, Access, SqlError, sqlite_options, sqlite_writer},
};

/// A log file that is being filled.
pub struct SqliteImport {
    writer: SqlitePool,
    reader: SqliteReader,
    head: Position,
}

impl SqliteImport {
    /// Opens the file as the log with this identity, creating or migrating it first.
    ///
    /// # Errors
    /// The file holds another log, is from a newer version, or cannot be used.
    pub async fn open(path: &Path, identity: Identity) -> Result<Self, ImportError> {
        if path.exists() {
            refuse_other(path, identity).await?;
        }
        let opened = sqlite_writer().connect_with(sqlite_options(path, Access::Durable)).await;
        let writer = opened.map_err(away)?;
        migrate_sqlite("log", &SQLITE_LOG, &writer).await?;
        ensure_identity(&writer, identity).await?;
        let head = current_head(&writer).await.map_err(|SqlError(error)| away(error))?;
        let (_, nothing_announced) = watch::channel(head);
        let reader = SqliteReader::new(path, identity, nothing_announced);
        Ok(Self { writer, reader, head })
    }

    async fn write(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, sqlx::Error> {
        let mut tx = self.writer.begin_with("begin immediate").await?;
        let rows = placed_after(self.head, events);
        sqlx::query(BEGUN).execute(&mut *tx).await?;
        write_rows(&mut tx, &rows).await?;
        tx.commit().await?;
        self.head = rows.last().map_or(self.head, |last| last.position);
        Ok(rows.iter().map(|row| row.position).collect())
    }
}

/// Checks the file before anything in it is changed, including its journal mode.
async fn refuse_other(path: &Path, identity: Identity) -> Result<(), ImportError> {
    let looking =
        SqlitePoolOptions::new().max_connections(1).connect_with(sqlite_options(path, Access::ReadOnly)).await;
    let looking = looking.map_err(away)?;
    let found = look_at(&looking, identity).await;
    looking.close().await;
    found
}

async fn look_at(looking: &SqlitePool, identity: Identity) -> Result<(), ImportError> {
    let tables = sqlx::query("select name from sqlite_master where type = 'table' and name <> '_sqlx_migrations'");
    let tables = tables.fetch_all(looking).await.map_err(away)?;
    let names = tables.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>().map_err(away)?;
    if names.is_empty() {
        return Ok(());
    }
    if !names.iter().any(|name| name == "identity") {
        return Err(ImportError::NoLog);
    }
    let row = sqlx::query("select 1 from identity").fetch_optional(looking).await.map_err(away)?;
    if row.is_some() {
        let here = reader::identity(looking).await.map_err(|SqlError(error)| away(error))?;
        admit_identity(Some(here), false, identity)?;
    }
    Ok(())
}

/// Writes the identity into a log that has none, in one transaction with the mark of an incomplete copy, so that such a log
/// is never served.
async fn ensure_identity(writer: &SqlitePool, identity: Identity) -> Result<(), ImportError> {
    let mut tx = writer.begin_with("begin immediate").await.map_err(away)?;
    let is_named = sqlx::query("select 1 from identity").fetch_optional(&mut *tx).await.map_err(away)?.is_some();
    let is_empty = sqlx::query("select 1 from event limit 1").fetch_optional(&mut *tx).await.map_err(away)?.is_none();
    let here =
        if is_named { Some(reader::identity(&mut *tx).await.map_err(|SqlError(error)| away(error))?) } else { None };
    if admit_identity(here, is_empty, identity)? {
        let sql = "insert into identity (id, log_id, generation) values (1, $1, $2)";
        let insert = sqlx::query(sql).bind(identity.log_id.as_bytes().to_vec()).bind(number(identity.generation));
        insert.execute(&mut *tx).await.map_err(away)?;
        sqlx::query(BEGUN).execute(&mut *tx).await.map_err(away)?;
    }
    tx.commit().await.map_err(away)
}

const BEGUN: &str = "insert into copy (id, is_whole, times_rise_after) values (1, false, 0)
     on conflict (id) do update set is_whole = false where is_whole";
const WHOLE: &str = "insert into copy (id, is_whole, times_rise_after, note) values (1, true, $1, $2)
     on conflict (id) do update set
         is_whole = true, times_rise_after = excluded.times_rise_after, note = excluded.note";

fn away(error: sqlx::Error) -> ImportError {
    ImportError::Unavailable(Arc::new(error))
}

#[async_trait]
impl ImportTarget for SqliteImport {
    fn reader(&self) -> &dyn EventReader {
        &self.reader
    }

    async fn append(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError> {
        match self.write(events).await {
            Ok(places) => Ok(places),
            Err(error) => {
                self.head = current_head(&self.writer).await.unwrap_or(self.head);
                Err(if is_guarded(&error) { ImportError::Moved } else { away(error) })
            }
        }
    }

    async fn finish(&mut self, Exemption { rises_after, note, is_copy: _ }: Exemption) -> Result<(), ImportError> {
        sqlx::query(WHOLE).bind(number(rises_after.0)).bind(note).execute(&self.writer).await.map_err(away)?;
        sql::flush(&self.writer).await.map_err(|SqlError(error)| away(error))
    }
}
