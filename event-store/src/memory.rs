//! The log in memory, for tests: the same promises without a disk. It assigns dense positions, or positions with holes, so that
//! tests find code that wrongly relies on dense ones.

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
    clock::{Clock, SystemClock},
    event::{Position, RecordedEvent, SealedEvent, StreamName, StreamVersion},
    import::{ImportError, ImportTarget, admit_identity, placed_after},
    port::{
        AppendError, Appended, EventReader, EventStore, EventStream, Exemption, Expected, Identity, Positions,
        ReadError,
    },
    sequencer::{LogHead, Request, Sequencer, StreamHead},
    subscription,
};

/// A log that ends with the process.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    inner: Arc<Inner>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Inner {
    identity: Identity,
    is_complete: AtomicBool,
    times_rise_after: AtomicU64,
    positions: Positions,
    events: Mutex<Events>,
    head: watch::Sender<Position>,
}

#[derive(Debug, Default)]
struct Events {
    all: Vec<Arc<RecordedEvent>>,
    by_id: HashMap<Uuid, Vec<Arc<RecordedEvent>>>,
    by_stream: HashMap<StreamName, Vec<Arc<RecordedEvent>>>,
    reservations: HashMap<Uuid, StreamName>,
}

/// Position of the n-th event in a log with holes.
fn sparse_position(n: u64) -> Position {
    Position(97 * n + n * n % 89)
}

impl Events {
    fn head(&self) -> Position {
        self.all.last().map_or(Position::START, |event| event.position)
    }

    /// The head for the sequencer: the number of events, and the time that the next one must exceed.
    fn log_head(&self, stream: &StreamName, positions: Positions) -> LogHead {
        let before = match positions {
            Positions::Dense => self.all.last(),
            Positions::Increasing => self.by_stream.get(stream).and_then(|events| events.last()),
        };
        let recorded_at = before.map_or(LogHead::NONE.recorded_at, |event| event.recorded_at);
        LogHead { position: Position(self.all.len() as u64), recorded_at }
    }

    fn find(&self, event_id: Uuid, stream: &StreamName) -> Option<&Arc<RecordedEvent>> {
        self.by_id.get(&event_id)?.iter().find(|event| event.stream == *stream)
    }

    fn stream_head(&self, stream: &StreamName) -> Option<StreamHead> {
        self.by_stream.get(stream)?.last().map(|last| StreamHead::of(last))
    }

    fn sequencer_for(&self, request: &Request, positions: Positions) -> Sequencer {
        let streams = self.stream_head(&request.stream).map(|head| (request.stream.clone(), head));
        let anywhere = |id: Uuid| self.by_id.get(&id).and_then(|events| events.first());
        let stored = request.events.iter().filter_map(|event| match positions {
            Positions::Dense => anywhere(event.event_id).cloned(),
            Positions::Increasing => self.find(event.event_id, &request.stream).cloned(),
        });
        Sequencer::new(self.log_head(&request.stream, positions), streams.into_iter().collect(), stored)
    }

    fn push(&mut self, event: Arc<RecordedEvent>) {
        self.by_id.entry(event.event.event_id).or_default().push(event.clone());
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
        Self::numbering(log_id, Positions::Dense)
    }

    /// An empty log with this id and this way of assigning positions.
    #[must_use]
    pub fn numbering(log_id: Uuid, positions: Positions) -> Self {
        Self::of(Identity { log_id, generation: 1 }, positions, true)
    }

    fn of(identity: Identity, positions: Positions, is_complete: bool) -> Self {
        let (head, _) = watch::channel(Position::START);
        Self {
            inner: Arc::new(Inner {
                identity,
                is_complete: is_complete.into(),
                times_rise_after: 0.into(),
                positions,
                events: Mutex::default(),
                head,
            }),
            clock: SystemClock::shared(),
        }
    }

    /// The same log with another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Appends as [`EventStore::append`] does, when the clock shows `now`.
    ///
    /// # Errors
    /// As [`EventStore::append`].
    pub fn append_at(&self, request: &Request, now: Timestamp) -> Result<Appended, AppendError> {
        let positions = self.inner.positions;
        let mut log = self.events();
        let mut sequencer = log.sequencer_for(request, positions);
        let mut answer = sequencer.admit(request, now)?;
        let (_, _, rows) = sequencer.into_parts();
        for mut row in rows {
            if positions == Positions::Increasing {
                let position = sparse_position(row.position.0);
                (row, answer.last_position) = (Arc::new(RecordedEvent { position, ..(*row).clone() }), position);
            }
            log.push(row);
        }
        // Under the lock: otherwise an older head could be announced last and leave subscribers waiting.
        self.inner.head.send_replace(log.head());
        Ok(answer)
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        self.inner.events.lock().expect("no code panics while it holds this lock")
    }
}

#[async_trait]
impl EventReader for MemoryStore {
    async fn find(&self, stream: &StreamName, event_id: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        Ok(self.events().find(event_id, stream).cloned())
    }

    async fn owner(&self, event_id: Uuid) -> Result<Option<StreamName>, ReadError> {
        let events = self.events();
        Ok(match self.inner.positions {
            Positions::Dense => events.by_id.get(&event_id).and_then(|of_id| of_id.first()).map(|e| e.stream.clone()),
            Positions::Increasing => events.reservations.get(&event_id).cloned(),
        })
    }

    async fn head(&self) -> Result<Position, ReadError> {
        Ok(self.events().head())
    }

    async fn identity(&self) -> Result<Identity, ReadError> {
        Ok(self.inner.identity)
    }

    async fn is_complete(&self) -> Result<bool, ReadError> {
        Ok(self.inner.is_complete.load(Ordering::SeqCst))
    }

    async fn times_rise_after(&self) -> Result<Position, ReadError> {
        Ok(Position(self.inner.times_rise_after.load(Ordering::SeqCst)))
    }

    fn positions(&self) -> Positions {
        self.inner.positions
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
        let events = self.events();
        let skip = events.all.partition_point(|event| event.position <= after);
        Ok(events.all.iter().skip(skip).take(limit).cloned().collect())
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
        self.append_at(&Request { stream: stream.clone(), expected, events }, self.clock.now())
    }

    async fn reserve(&self, event_id: Uuid, stream: &StreamName) -> Result<StreamName, AppendError> {
        if self.inner.positions == Positions::Dense {
            let owner = self.events().by_id.get(&event_id).and_then(|of_id| of_id.first()).cloned();
            return Ok(owner.map_or_else(|| stream.clone(), |event| event.stream.clone()));
        }
        Ok(self.events().reservations.entry(event_id).or_insert_with(|| stream.clone()).clone())
    }
}

/// A log in memory that is filled from another log.
#[derive(Debug)]
pub struct MemoryImport {
    store: MemoryStore,
    head: Position,
}

impl MemoryImport {
    /// A new log with this identity and this way of assigning positions.
    #[must_use]
    pub fn new(identity: Identity, positions: Positions) -> Self {
        Self { store: MemoryStore::of(identity, positions, false), head: Position::START }
    }

    /// Continues an existing log.
    ///
    /// # Errors
    /// Its identity differs.
    pub fn into(store: &MemoryStore, identity: Identity) -> Result<Self, ImportError> {
        let head = store.events().head();
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
        let head = log.head();
        if head != std::mem::replace(&mut self.head, head) {
            return Err(ImportError::Moved);
        }
        self.store.inner.is_complete.store(false, Ordering::SeqCst);
        let mut places = Vec::with_capacity(events.len());
        for row in placed_after(Position(log.all.len() as u64), events) {
            let position = match self.store.inner.positions {
                Positions::Dense => row.position,
                Positions::Increasing => sparse_position(row.position.0),
            };
            log.push(Arc::new(RecordedEvent { position, ..(*row).clone() }));
            places.push(position);
        }
        self.head = log.head();
        self.store.inner.head.send_replace(self.head);
        Ok(places)
    }

    async fn finish(&mut self, exemption: Exemption) -> Result<(), ImportError> {
        self.store.inner.times_rise_after.store(exemption.rises_after.0, Ordering::SeqCst);
        self.store.inner.is_complete.store(true, Ordering::SeqCst);
        Ok(())
    }
}
