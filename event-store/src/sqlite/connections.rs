//! Connections that read a log file.
//!
//! Not the driver's pool: that asks a connection before and after each use whether it still lives, and each question wakes the
//! connection's thread, so that reading one row took three changes to it and back instead of one. Invariant: a connection whose
//! last statement failed, or was given up, is not used again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::{
    Connection as _, Sqlite, SqliteConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow},
};
use tokio::sync::Semaphore;

/// Reads at once. Each holds a snapshot only while reading a page, so the WAL can be reset.
const AT_ONCE: usize = 8;

pub(super) struct Connections {
    options: SqliteConnectOptions,
    places: Semaphore,
    /// The one that was used last is used next: its pages are in memory.
    idle: Mutex<Vec<SqliteConnection>>,
}

impl Connections {
    /// They are opened when they are needed.
    pub(super) fn new(options: SqliteConnectOptions) -> Arc<Self> {
        Arc::new(Self { options, places: Semaphore::new(AT_ONCE), idle: Mutex::default() })
    }

    /// All rows of a query.
    pub(super) async fn fetch_all(
        &self,
        query: Query<'static, Sqlite, SqliteArguments>,
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        let _place = self.places.acquire().await.map_err(|_closed| sqlx::Error::PoolClosed)?;
        let mut connection = self.opened().await?;
        let rows = query.fetch_all(&mut connection).await?;
        self.idle().push(connection);
        Ok(rows)
    }

    async fn opened(&self) -> Result<SqliteConnection, sqlx::Error> {
        let idle = self.idle().pop();
        match idle {
            Some(connection) => Ok(connection),
            None => SqliteConnection::connect_with(&self.options).await,
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<SqliteConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
