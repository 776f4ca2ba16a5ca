//! Rows into `events.db`, past its guards, a few thousand in a transaction.
//!
//! While it is written nothing waits for the disk: a log that is not finished is thrown away as a whole.

use std::{path::Path, sync::Arc};

use event_store::{
    RecordedEvent,
    sql::{Access, sqlite_options},
    sqlite::SqliteStore,
};
use sqlx::{AssertSqlSafe, Connection as _, Sqlite, SqliteConnection, query::Query, sqlite::SqliteArguments};

use super::Failure;

/// Rows of one insert statement.
const AT_ONCE: usize = 50;
const COLUMNS: usize = 16;

pub(super) struct SqliteRows(SqliteConnection);

impl SqliteRows {
    /// The program makes the file.
    pub(super) async fn open(path: &Path) -> Result<Self, Failure> {
        drop(SqliteStore::open(path).await?);
        let options = sqlite_options(path, Access::Careless)
            .pragma("cache_size", "-131072")
            .pragma("wal_autocheckpoint", "30000");
        Ok(Self(SqliteConnection::connect_with(&options).await?))
    }

    pub(super) async fn insert(&mut self, rows: &[Arc<RecordedEvent>]) -> Result<(), Failure> {
        let Some(last) = rows.last() else { return Ok(()) };
        let mut tx = self.0.begin_with("begin immediate").await?;
        for rows in rows.chunks(AT_ONCE) {
            let query = sqlx::query(AssertSqlSafe(insert_sql(rows.len())));
            rows.iter().fold(query, |query, row| bind(query, row)).execute(&mut *tx).await?;
        }
        sqlx::query("update head set position = ?, recorded_at = ?, hash = ?")
            .bind(last.position.0.cast_signed())
            .bind(last.recorded_at_text())
            .bind(last.hash.as_slice())
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Everything into the one file.
    pub(super) async fn finish(mut self) -> Result<(), Failure> {
        sqlx::query("pragma wal_checkpoint(truncate)").execute(&mut self.0).await?;
        Ok(self.0.close().await?)
    }
}

/// The columns in the order of the table.
fn insert_sql(rows: usize) -> String {
    let row = format!("({})", vec!["?"; COLUMNS].join(", "));
    format!("insert into event values {}", vec![row; rows].join(", "))
}

type Insert = Query<'static, Sqlite, SqliteArguments>;

fn bind(query: Insert, recorded: &Arc<RecordedEvent>) -> Insert {
    let event = &recorded.event;
    query
        .bind(recorded.position.0.cast_signed())
        .bind(recorded.stream.as_str().to_owned())
        .bind(recorded.version.0.cast_signed())
        .bind(event.event_id.as_bytes().to_vec())
        .bind(event.event_type.clone())
        .bind(i64::from(event.schema))
        .bind(recorded.recorded_at_text())
        .bind(event.actor.as_str().to_owned())
        .bind(event.subject.map(|id| id.as_bytes().to_vec()))
        .bind(event.key_id.clone())
        .bind(event.correlation_id.as_bytes().to_vec())
        .bind(event.causation_id.map(|id| id.as_bytes().to_vec()))
        .bind(event.data.clone())
        .bind(event.personal.as_deref().map(<[u8]>::to_vec))
        .bind(recorded.prev_hash.to_vec())
        .bind(recorded.hash.to_vec())
}
