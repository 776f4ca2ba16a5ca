//! Faults that need files: SQLite logs reopened after a wrong backup or a wrong repair.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use event_store::{EventStore, conformance::Fresh, sqlite::SqliteStore};
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

/// The promises that the faults here break.
pub(super) const BREAKS: [&[&str]; 2] =
    [&["events_survive_reopening", "numbering_and_repeats_go_on_after_reopening"], &["the_identity_stays"]];

#[derive(Clone, Copy)]
enum Careless {
    CopiesWithoutTheWal,
    MakesANewIdentity,
}

struct Files {
    folder: TempDir,
    careless: Careless,
}

impl Files {
    fn new(careless: Careless) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), careless }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("events.db")
    }
}

#[async_trait]
impl Fresh for Files {
    async fn fresh(&self) -> Arc<dyn EventStore> {
        Arc::new(SqliteStore::open(&self.path()).await.unwrap())
    }

    async fn reopened(&self) -> Option<Arc<dyn EventStore>> {
        let path = match self.careless {
            Careless::CopiesWithoutTheWal => {
                let copy = self.folder.path().join("copy.db");
                std::fs::copy(self.path(), &copy).unwrap();
                copy
            }
            Careless::MakesANewIdentity => {
                forget_identity(&self.path()).await;
                self.path()
            }
        };
        Some(Arc::new(SqliteStore::open(&path).await.unwrap()))
    }
}

async fn forget_identity(path: &Path) {
    let mut raw = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    sqlx::raw_sql("drop trigger identity_is_never_deleted; delete from identity;").execute(&mut raw).await.unwrap();
    raw.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn file_copied_without_its_wal_is_found() {
    super::must_break(|| Files::new(Careless::CopiesWithoutTheWal), BREAKS[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repaired_file_gets_a_new_log_id() {
    super::must_break(|| Files::new(Careless::MakesANewIdentity), BREAKS[1]).await;
}
