//! A log in memory, views in a folder, and every row of a generation as text. The log's positions have holes, so that code
//! which relies on dense positions fails here; `tests/it` has the dense logs.

use std::{path::Path, sync::Arc, time::Duration};

use event_store::{EventReader, EventStore, Log, Position, Positions, Vault, memory::MemoryStore};
use journal::{Journal, Tail};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{ProjectionSet, Views, ViewsError, ViewsLocation, catalogue};

/// As long as a slow machine may need.
pub(super) const LONG: Duration = Duration::from_secs(30);

pub(super) struct Fixture {
    pub(super) store: MemoryStore,
    pub(super) log: Log,
    pub(super) folder: TempDir,
}

pub(super) fn log_with_holes(log_id: Uuid) -> MemoryStore {
    MemoryStore::numbering(log_id, Positions::Increasing)
}

impl Fixture {
    pub(super) fn new() -> Self {
        let store = log_with_holes(Uuid::new_v4());
        let log = Log::new(Arc::new(store.clone()), Arc::new(Vault::in_memory()));
        Self { store, log, folder: tempfile::tempdir().unwrap() }
    }

    pub(super) async fn head(&self) -> Position {
        self.store.head().await.unwrap()
    }

    pub(super) async fn open(&self, folder: &Path, views: ProjectionSet) -> Result<Arc<Views>, ViewsError> {
        let location = ViewsLocation::Folder(folder.to_owned());
        Views::open_with(location, self.journal(), self.tail().await, views).await
    }

    pub(super) fn journal(&self) -> Journal {
        Journal::new(self.log.reader(), self.log.vault().clone())
    }

    /// The tail of a new process.
    pub(super) async fn tail(&self) -> Arc<Tail> {
        Tail::start(self.log.reader(), self.head().await)
    }

    /// Views of the fixture's own folder, followed.
    pub(super) async fn run(&self) -> Running {
        self.run_in(self.folder.path(), catalogue::all()).await
    }

    pub(super) async fn run_in(&self, folder: &Path, views: ProjectionSet) -> Running {
        let views = self.open(folder, views).await.unwrap();
        Running { task: tokio::spawn(views.clone().run()), views }
    }

    /// Views of the fixture's own folder, caught up.
    pub(super) async fn caught_up(&self) -> Running {
        let running = self.run().await;
        running.reach(self.head().await).await;
        running
    }

    /// All rows, folded from the first event by new views.
    pub(super) async fn folded_afresh(&self) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let running = self.run_in(folder.path(), catalogue::all()).await;
        running.reach(self.head().await).await;
        dump(&running.views).await
    }
}

/// Views whose loop runs; killed when dropped.
pub(super) struct Running {
    pub(super) views: Arc<Views>,
    task: JoinHandle<()>,
}

impl Running {
    pub(super) async fn reach(&self, position: Position) {
        self.views.wait_for(position, LONG).await.unwrap();
    }

    /// Ends the loop wherever it is, as a crash does.
    pub(super) async fn kill(self) {
        self.end().await.database().close().await;
    }

    /// Ends the loop wherever it is, as a panic does: the views stay open.
    pub(super) async fn end(self) -> Arc<Views> {
        self.task.abort();
        let _ = self.task.await;
        self.views
    }
}

/// Every row of every view, in order, as text.
pub(super) async fn dump(views: &Views) -> Vec<String> {
    let database = views.database();
    let mut lines = Vec::new();
    const TABLES: [&str; 13] = [
        "session",
        "message",
        "escalation",
        "audit_entry",
        "agent",
        "sign_in",
        "service",
        "assistant_attempt",
        "quick_reply",
        "quick_reply_use",
        "session_text",
        "customer",
        "session_count",
    ];
    for table in TABLES {
        let columns = database.fetch(&format!("select name from pragma_table_info('{table}')"), &[]).await.unwrap();
        let columns: Vec<String> =
            columns.iter().map(|row| format!("coalesce(cast({} as text), '∅')", row.text(0).unwrap())).collect();
        let sql = format!("select {} from {table} order by 1", columns.join(" || '|' || "));
        let rows = database.fetch(&sql, &[]).await.unwrap();
        lines.extend(rows.iter().map(|row| format!("{table}: {}", row.text(0).unwrap())));
    }
    lines
}

/// Waits until something is so.
pub(super) async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(LONG, async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Appends an event that no program of ours writes.
pub(super) async fn append_raw(store: &dyn EventStore, stream: &str, event_type: &str, data: &str) -> Position {
    use event_store::{Expected, SealedEvent, StreamName};
    let event = SealedEvent { event_type: event_type.into(), data: data.into(), ..testkit::sealed_event() };
    let stream = StreamName::parse(stream).unwrap();
    store.append(&stream, Expected::Any, vec![event]).await.unwrap().last_position
}
