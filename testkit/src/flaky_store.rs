//! A log in memory that fails as told: it refuses appends or reads of streams, or takes an append and loses the answer, or
//! answers late that another writer came first. It
//! numbers with holes and knows an event id in its stream only, so that code which leans on more than the port promises fails.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use event_store::{
    AppendError, Appended, Clock, EventReader, EventStore, EventStream, Expected, Identity, Position, Positions,
    ReadError, RecordedEvent, SealedEvent, StreamName, StreamVersion, memory::MemoryStore,
};
use uuid::Uuid;

/// What a store that fails says.
#[derive(Debug, thiserror::Error)]
#[error("away")]
pub struct Away;

/// A log whose next operations can be made to fail.
pub struct FlakyStore {
    store: MemoryStore,
    refused_appends: AtomicUsize,
    lost_answers: AtomicUsize,
    appends_left: AtomicUsize,
    failing_reads: AtomicUsize,
    conflicts: AtomicUsize,
    conflict_delay: Mutex<Duration>,
}

/// Whether this is one of the next so many.
fn takes_one(of: &AtomicUsize) -> bool {
    of.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

impl FlakyStore {
    /// An empty log that works.
    #[must_use]
    pub fn new(log_id: Uuid) -> Self {
        Self {
            store: MemoryStore::numbering(log_id, Positions::Increasing),
            refused_appends: AtomicUsize::new(0),
            lost_answers: AtomicUsize::new(0),
            appends_left: AtomicUsize::new(usize::MAX),
            failing_reads: AtomicUsize::new(0),
            conflicts: AtomicUsize::new(0),
            conflict_delay: Mutex::default(),
        }
    }

    /// The same by another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { store: self.store.with_clock(clock), ..self }
    }

    /// The next so many appends are refused.
    pub fn refuse_appends(&self, count: usize) {
        self.refused_appends.store(count, Ordering::SeqCst);
    }

    /// The next so many appends are taken, and their answers lost.
    pub fn lose_answers(&self, count: usize) {
        self.lost_answers.store(count, Ordering::SeqCst);
    }

    /// So many appends are taken and no more; reservations neither.
    pub fn fail_appends_after(&self, count: usize) {
        self.appends_left.store(count, Ordering::SeqCst);
    }

    /// The next so many appends take this long and are refused as another writer's, who came first.
    pub fn conflict_appends(&self, count: usize, delay: Duration) {
        *self.conflict_delay.lock().unwrap_or_else(PoisonError::into_inner) = delay;
        self.conflicts.store(count, Ordering::SeqCst);
    }

    /// The next so many reads of a stream fail.
    pub fn fail_reads(&self, count: usize) {
        self.failing_reads.store(count, Ordering::SeqCst);
    }
}

fn away() -> AppendError {
    AppendError::Unavailable(Arc::new(Away))
}

#[async_trait]
impl EventReader for FlakyStore {
    async fn find(&self, stream: &StreamName, event_id: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        self.store.find(stream, event_id).await
    }

    async fn owner(&self, event_id: Uuid) -> Result<Option<StreamName>, ReadError> {
        self.store.owner(event_id).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        self.store.head().await
    }

    async fn identity(&self) -> Result<Identity, ReadError> {
        self.store.identity().await
    }

    fn positions(&self) -> Positions {
        self.store.positions()
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        if takes_one(&self.failing_reads) {
            return Err(ReadError::unavailable(Away));
        }
        // Other tasks go on between a read and an append.
        tokio::task::yield_now().await;
        self.store.read_stream(stream, after, limit).await
    }

    async fn read_stream_after_position(
        &self,
        stream: &StreamName,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        self.store.read_stream_after_position(stream, after, limit).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        self.store.read_all(after, limit).await
    }

    fn subscribe(&self, after: Position) -> EventStream {
        self.store.subscribe(after)
    }
}

#[async_trait]
impl EventStore for FlakyStore {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<SealedEvent>,
    ) -> Result<Appended, AppendError> {
        if takes_one(&self.refused_appends) || !takes_one(&self.appends_left) {
            return Err(away());
        }
        if takes_one(&self.conflicts) {
            let delay = *self.conflict_delay.lock().unwrap_or_else(PoisonError::into_inner);
            tokio::time::sleep(delay).await;
            let (stream, actual) = (stream.clone(), StreamVersion(u64::MAX));
            return Err(AppendError::WrongExpectedVersion { stream, expected, actual });
        }
        let appended = self.store.append(stream, expected, events).await?;
        if takes_one(&self.lost_answers) { Err(away()) } else { Ok(appended) }
    }

    async fn reserve(&self, event_id: Uuid, stream: &StreamName) -> Result<StreamName, AppendError> {
        if self.appends_left.load(Ordering::SeqCst) == 0 {
            return Err(away());
        }
        self.store.reserve(event_id, stream).await
    }
}
