//! Places for a log, and their contents.

use std::{
    path::PathBuf,
    sync::{Arc, MutexGuard},
};

use event_store::{
    EventReader, Position, RecordedEvent,
    kurrentdb::{KurrentLog, KurrentSettings},
    postgres::PostgresStore,
    sqlite::SqliteStore,
};
use protocol_server::Server;
use tempfile::TempDir;
use tests::{
    kurrent::Kurrent,
    postgres::{FreshDatabase, Postgres},
};

/// Where a log may be.
pub(crate) enum Place {
    Folder(TempDir),
    /// A folder that its caller owns.
    Kept(PathBuf),
    Postgres(FreshDatabase),
    Kurrent(Kurrent),
}

impl Place {
    pub(crate) fn folder() -> Self {
        Self::Folder(tempfile::tempdir().unwrap())
    }

    pub(crate) async fn postgres() -> Self {
        Self::Postgres(Postgres::shared().await.fresh_database().await)
    }

    pub(crate) fn kurrent() -> Self {
        Self::Kurrent(Kurrent::start())
    }

    /// As an argument; on PostgreSQL as the owner.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Folder(_) | Self::Kept(_) => self.path().display().to_string(),
            Self::Postgres(database) => database.url(),
            Self::Kurrent(kurrent) => kurrent.url(),
        }
    }

    /// The folder of a log in a file.
    pub(crate) fn path(&self) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.path().to_owned(),
            Self::Kept(folder) => folder.clone(),
            Self::Postgres(_) | Self::Kurrent(_) => unreachable!("it is no folder"),
        }
    }

    pub(crate) fn server(&self) -> MutexGuard<'_, Server> {
        match self {
            Self::Kurrent(kurrent) => kurrent.server(),
            Self::Folder(_) | Self::Kept(_) | Self::Postgres(_) => unreachable!("it is no KurrentDB"),
        }
    }

    pub(crate) async fn reader(&self) -> Arc<dyn EventReader> {
        match self {
            Self::Folder(_) | Self::Kept(_) => SqliteStore::open_reader(&self.path().join("events.db")).await.unwrap(),
            Self::Postgres(database) => PostgresStore::open_reader(&database.url()).await.unwrap(),
            Self::Kurrent(_) => KurrentLog::open_reader(KurrentSettings::parse(&self.url()).unwrap()).await.unwrap(),
        }
    }

    pub(crate) async fn events(&self) -> Vec<Arc<RecordedEvent>> {
        all_of(&*self.reader().await).await
    }
}

pub(crate) async fn all_of(reader: &dyn EventReader) -> Vec<Arc<RecordedEvent>> {
    let mut events: Vec<Arc<RecordedEvent>> = Vec::new();
    loop {
        let after = events.last().map_or(Position::START, |last| last.position);
        let page = reader.read_all(after, 1000).await.unwrap();
        if page.is_empty() {
            return events;
        }
        events.extend(page);
    }
}

/// The events without their positions.
pub(crate) fn unplaced(events: &[Arc<RecordedEvent>]) -> Vec<RecordedEvent> {
    events.iter().map(|event| RecordedEvent { position: Position::START, ..(**event).clone() }).collect()
}

pub(crate) fn positions(events: &[Arc<RecordedEvent>]) -> Vec<u64> {
    events.iter().map(|event| event.position.0).collect()
}
