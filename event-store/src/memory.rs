//! The log in memory, for tests: the same promises without a disk.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    event::{Position, RecordedEvent, SealedEvent, StreamName, StreamVersion},
    import::{ImportError, ImportTarget, admit_identity, placed_after},
    plan::{LogHead, Plan, Request, StreamHead},
    port::{AppendError, Appended, EventReader, EventStore, EventStream, Expected, Identity, Positions, ReadError},
    subscription,
};

/// A log that ends with the process.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    identity: Identity,
    is_whole: AtomicBool,
    times_rise_after: AtomicU64,
    events: Mutex<Events>,
    head: watch::Sender<Position>,
}

#[derive(Debug, Default)]
struct Events {
    all: Vec<Arc<RecordedEvent>>,
    by_id: HashMap<Uuid, Arc<RecordedEvent>>,
    by_stream: HashMap<StreamName, Vec<Arc<RecordedEvent>>>,
}

impl Events {
    fn log_head(&self) -> LogHead {
        self.all.last().map_or(LogHead::NONE, |e| LogHead { position: e.position, recorded_at: e.recorded_at })
    }

    fn stream_head(&self, stream: &StreamName) -> Option<StreamHead> {
        let last = self.by_stream.get(stream)?.last()?;
        Some(StreamHead { version: last.version, hash: last.hash })
    }

    fn plan_for(&self, request: &Request) -> Plan {
        let streams = self.stream_head(&request.stream).map(|head| (request.stream.clone(), head));
        let stored = request.events.iter().filter_map(|event| self.by_id.get(&event.event_id).cloned());
        Plan::new(self.log_head(), streams.into_iter().collect(), stored)
    }

    fn push(&mut self, event: Arc<RecordedEvent>) {
        self.by_id.insert(event.event.event_id, event.clone());
        self.by_stream.entry(event.stream.clone()).or_default().push(event.clone());
        self.all.push(event);
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new(Uuid::new_v4())
    }
}

impl MemoryStore {
    /// An empty log with this id.
    #[must_use]
    pub fn new(log_id: Uuid) -> Self {
        Self::of(Identity { log_id, generation: 1 }, true)
    }

    fn of(identity: Identity, is_whole: bool) -> Self {
        let (head, _) = watch::channel(Position::START);
        Self {
            inner: Arc::new(Inner {
                identity,
                is_whole: is_whole.into(),
                times_rise_after: 0.into(),
                events: Mutex::default(),
                head,
            }),
        }
    }

    /// Appends as [`EventStore::append`] does, when the machine's clock shows `now`.
    ///
    /// # Errors
    /// As [`EventStore::append`].
    pub fn append_at(&self, request: &Request, now: Timestamp) -> Result<Appended, AppendError> {
        let mut log = self.events();
        let mut plan = log.plan_for(request);
        let answer = plan.admit(request, now)?;
        let (head, _, rows) = plan.into_parts();
        rows.into_iter().for_each(|row| log.push(row));
        // under the lock: announced after it, an older head could come last and leave subscribers waiting
        self.inner.head.send_replace(head.position);
        Ok(answer)
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        self.inner.events.lock().expect("no code panics while it holds this lock")
    }
}

#[async_trait]
impl EventReader for MemoryStore {
    async fn find(&self, event_id: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        Ok(self.events().by_id.get(&event_id).cloned())
    }

    async fn head(&self) -> Result<Position, ReadError> {
        Ok(self.events().log_head().position)
    }

    async fn identity(&self) -> Result<Identity, ReadError> {
        Ok(self.inner.identity)
    }

    async fn is_whole(&self) -> Result<bool, ReadError> {
        Ok(self.inner.is_whole.load(Ordering::SeqCst))
    }

    async fn times_rise_after(&self) -> Result<Position, ReadError> {
        Ok(Position(self.inner.times_rise_after.load(Ordering::SeqCst)))
    }

    fn positions(&self) -> Positions {
        Positions::Dense
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let events = self.events();
        let of_stream = events.by_stream.get(stream).map_or(&[][..], Vec::as_slice);
        Ok(of_stream.iter().filter(|event| event.version > after).take(limit).cloned().collect())
    }

    async fn read_stream_after_position(
        &self,
        stream: &StreamName,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let events = self.events();
        let of_stream = events.by_stream.get(stream).map_or(&[][..], Vec::as_slice);
        Ok(of_stream.iter().filter(|event| event.position > after).take(limit).cloned().collect())
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let skip = usize::try_from(after.0).unwrap_or(usize::MAX);
        Ok(self.events().all.iter().skip(skip).take(limit).cloned().collect())
    }

    fn subscribe(&self, after: Position) -> EventStream {
        subscription::follow(Arc::new(self.clone()), self.inner.head.subscribe(), after)
    }
}

#[async_trait]
impl EventStore for MemoryStore {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<SealedEvent>,
    ) -> Result<Appended, AppendError> {
        self.append_at(&Request { stream: stream.clone(), expected, events }, Timestamp::now())
    }
}

/// A log in memory that is filled from another.
#[derive(Debug)]
pub struct MemoryImport {
    store: MemoryStore,
    head: Position,
}

impl MemoryImport {
    /// A new log of this identity.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self { store: MemoryStore::of(identity, false), head: Position::START }
    }

    /// Goes on with a log that was made by such an import, or is to go on from another place.
    ///
    /// # Errors
    /// It is another log.
    pub fn into(store: &MemoryStore, identity: Identity) -> Result<Self, ImportError> {
        let head = store.events().log_head().position;
        admit_identity(Some(store.inner.identity), head == Position::START, identity)?;
        Ok(Self { store: store.clone(), head })
    }

    /// The log.
    #[must_use]
    pub fn store(&self) -> MemoryStore {
        self.store.clone()
    }
}

#[async_trait]
impl ImportTarget for MemoryImport {
    fn reader(&self) -> &dyn EventReader {
        &self.store
    }

    async fn append(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError> {
        let mut log = self.store.events();
        let head = log.log_head().position;
        if head != std::mem::replace(&mut self.head, head) {
            return Err(ImportError::Moved);
        }
        self.store.inner.is_whole.store(false, Ordering::SeqCst);
        let rows = placed_after(head, events);
        rows.iter().cloned().for_each(|row| log.push(row));
        self.head = log.log_head().position;
        self.store.inner.head.send_replace(self.head);
        Ok(rows.iter().map(|row| row.position).collect())
    }

    async fn finish(&mut self, times_rise_after: u64) -> Result<(), ImportError> {
        self.store.inner.times_rise_after.store(times_rise_after, Ordering::SeqCst);
        self.store.inner.is_whole.store(true, Ordering::SeqCst);
        Ok(())
    }
}
