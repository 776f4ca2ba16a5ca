//! What a server stands on: files, PostgreSQL, or a KurrentDB for the log (the protocol test server, which is not KurrentDB)
//! with everything else in PostgreSQL.

use std::sync::Arc;

use event_store::{
    EventStore,
    kurrentdb::{KurrentLog, KurrentSettings},
    sql::{Access, Database},
    sqlite::SqliteStore,
};
use tests::{
    desk::{Desk, Setup},
    kurrent::Kurrent,
    postgres::{FreshDatabase, Postgres},
};

#[derive(Clone)]
pub(crate) enum Backend {
    Files,
    Postgres(FreshDatabase),
    Kurrent { log: Kurrent, rest: FreshDatabase },
}

/// A server on a database, with both roles.
pub(crate) fn on(database: &FreshDatabase) -> Setup {
    Setup { database_url: Some(database.app_url()), database_owner_url: Some(database.url()), ..Setup::default() }
}

impl Backend {
    pub(crate) async fn postgres() -> Self {
        Self::Postgres(Postgres::shared().await.fresh_database().await)
    }

    pub(crate) async fn kurrent() -> Self {
        Self::Kurrent { log: Kurrent::start(), rest: Postgres::shared().await.fresh_database().await }
    }

    /// How a server is set up on it.
    pub(crate) fn setup(&self) -> Setup {
        match self {
            Self::Files => Setup::default(),
            Self::Postgres(database) => on(database),
            Self::Kurrent { log, rest } => Setup { event_store_url: Some(log.url()), ..on(rest) },
        }
    }

    /// Where the auditor's program finds the log of a server.
    pub(crate) fn store(&self, desk: &Desk) -> String {
        match self {
            Self::Files => desk.data_dir().display().to_string(),
            Self::Postgres(database) => database.url(),
            Self::Kurrent { log, .. } => log.url(),
        }
    }

    /// The database of everything, or of everything but the log.
    pub(crate) fn database(&self) -> Option<&FreshDatabase> {
        match self {
            Self::Files => None,
            Self::Postgres(database) | Self::Kurrent { rest: database, .. } => Some(database),
        }
    }

    /// Log and keys of a server, to be written: of one that does not run, or on databases that others use as well.
    pub(crate) async fn open(&self, desk: &Desk) -> (Arc<dyn EventStore>, Database) {
        match self {
            Self::Files => (
                Arc::new(SqliteStore::open(&desk.data_dir().join("events.db")).await.unwrap()),
                Database::sqlite(&desk.data_dir().join("keys.db"), Access::Durable).await.unwrap(),
            ),
            Self::Postgres(database) => (Arc::new(database.open().await), vault_in(database).await),
            Self::Kurrent { log, rest } => {
                let settings = KurrentSettings::parse(&log.url()).unwrap();
                (Arc::new(KurrentLog::open(settings).await.unwrap()), vault_in(rest).await)
            }
        }
    }
}

async fn vault_in(database: &FreshDatabase) -> Database {
    Database::postgres(&database.url(), "vault", 1).await.unwrap()
}
