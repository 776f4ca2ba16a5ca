//! Where a server keeps its data: in files, in PostgreSQL, or with the log in KurrentDB (the protocol test server, which is not
//! KurrentDB) and everything else in PostgreSQL.

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

/// The setup of a server on a database with both roles.
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

    /// The setup of a server on it.
    pub(crate) fn setup(&self) -> Setup {
        match self {
            Self::Files => Setup::default(),
            Self::Postgres(database) => on(database),
            Self::Kurrent { log, rest } => Setup { event_store_url: Some(log.url()), ..on(rest) },
        }
    }

    /// The `--store` of `desk-replay` for a server's log.
    pub(crate) fn store(&self, desk: &Desk) -> String {
        match self {
            Self::Files => desk.data_dir().display().to_string(),
            Self::Postgres(database) => database.url(),
            Self::Kurrent { log, .. } => log.url(),
        }
    }

    /// The PostgreSQL database, if there is one.
    pub(crate) fn database(&self) -> Option<&FreshDatabase> {
        match self {
            Self::Files => None,
            Self::Postgres(database) | Self::Kurrent { rest: database, .. } => Some(database),
        }
    }

    /// Opens the log and the keys for writing. A server on files must not be running.
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
