//! The conformance suite on every adapter without a server. The promises are in `event_store::conformance`, the faults that break
//! them in `mutants`.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use event_store::{EventStore, Positions, conformance::Fresh, memory::MemoryStore, sqlite::SqliteStore};
use tempfile::TempDir;
use uuid::Uuid;

/// Logs in memory.
pub(crate) struct InMemory;

#[async_trait]
impl Fresh for InMemory {
    async fn fresh(&self) -> Arc<dyn EventStore> {
        Arc::new(MemoryStore::default())
    }
}

/// Logs in files of one temporary folder.
pub(crate) struct InFiles {
    folder: TempDir,
    made: AtomicUsize,
}

impl InFiles {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), made: AtomicUsize::new(0) }
    }

    fn file(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("events-{number}.db"))
    }
}

#[async_trait]
impl Fresh for InFiles {
    async fn fresh(&self) -> Arc<dyn EventStore> {
        let number = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        Arc::new(SqliteStore::open(&self.file(number)).await.unwrap())
    }

    async fn reopened(&self) -> Option<Arc<dyn EventStore>> {
        let last = self.file(self.made.load(Ordering::SeqCst));
        Some(Arc::new(SqliteStore::open(&last).await.unwrap()))
    }
}

mod memory {
    event_store::conformance_suite!(super::InMemory);
}

/// Logs in memory that number with holes.
pub(crate) struct InMemoryWithHoles;

#[async_trait]
impl Fresh for InMemoryWithHoles {
    async fn fresh(&self) -> Arc<dyn EventStore> {
        Arc::new(MemoryStore::numbering(Uuid::new_v4(), Positions::Increasing))
    }
}

mod memory_with_holes {
    event_store::conformance_suite!(super::InMemoryWithHoles);
}

mod sqlite {
    event_store::conformance_suite!(super::InFiles::new());
}
