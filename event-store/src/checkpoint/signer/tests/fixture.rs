//! A log in memory that can be tampered with and counts the events read from it, a folder for notes, and a key.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::FutureExt as _;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use uuid::Uuid;

use super::super::{Alarm, LogProof, Pace, Places, Signer, Status};
use crate::{
    checkpoint::{Checkpoint, CheckpointKey, LATEST},
    clock::{Clock, SystemClock},
    event::{Actor, Position, RecordedEvent, SealedEvent, StreamName, StreamVersion},
    import::ImportTarget as _,
    memory::{MemoryImport, MemoryStore},
    merkle::{Tree, TreeSize, leaf_hash},
    port::{EventReader, EventStore, EventStream, Expected, Follow, Identity, Positions, ReadError},
    restore::record,
    subscription,
};

/// Longest wait on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// Most events of one append.
const MAX_TOGETHER: usize = 256;

/// Only signs at a stop.
pub(super) fn only_at_a_stop() -> Pace {
    let never = Duration::from_secs(3600);
    Pace { events: u64::MAX, longest: never, shortest: Duration::ZERO, retry: Duration::from_millis(20) }
}

pub(super) fn by_count(events: u64) -> Pace {
    Pace { events, ..only_at_a_stop() }
}

pub(super) fn by_time(longest: Duration) -> Pace {
    Pace { longest, ..only_at_a_stop() }
}

/// A log as tampering may leave it: shorter, with a changed or damaged event, or with another generation.
#[derive(Clone)]
struct TamperedLog {
    log: MemoryStore,
    tampering: Arc<Mutex<Tampering>>,
    head: Arc<watch::Sender<Position>>,
    reads: Arc<AtomicU64>,
}

#[derive(Clone, Copy)]
struct Tampering {
    length: usize,
    changed: Option<Position>,
    damaged: Option<Position>,
    generation: u64,
}

impl TamperedLog {
    fn tampering(&self) -> Tampering {
        *self.tampering.lock().expect("no code panics while it holds this lock")
    }

    /// The events that are left.
    fn left(&self) -> Vec<Arc<RecordedEvent>> {
        now(self.log.read_all(Position::START, self.tampering().length))
    }

    fn shown(&self, event: Arc<RecordedEvent>) -> Arc<RecordedEvent> {
        if self.tampering().changed != Some(event.position) {
            return event;
        }
        let mut changed = (*event).clone();
        changed.hash[0] ^= 1;
        Arc::new(changed)
    }
}

#[async_trait]
impl EventReader for TamperedLog {
    async fn find(&self, stream: &StreamName, event_id: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        self.log.find(stream, event_id).await
    }

    async fn owner(&self, event_id: Uuid) -> Result<Option<StreamName>, ReadError> {
        self.log.owner(event_id).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        Ok(self.left().last().map_or(Position::START, |event| event.position))
    }

    async fn identity(&self) -> Result<Identity, ReadError> {
        Ok(Identity { generation: self.tampering().generation, ..self.log.identity().await? })
    }

    fn positions(&self) -> Positions {
        self.log.positions()
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        self.log.read_stream(stream, after, limit).await
    }

    async fn read_stream_after_position(
        &self,
        stream: &StreamName,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        self.log.read_stream_after_position(stream, after, limit).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let tampering = self.tampering();
        let page: Vec<_> = self.left().into_iter().filter(|event| event.position > after).take(limit).collect();
        self.reads.fetch_add(page.len() as u64, Ordering::Relaxed);
        if let Some(position) = tampering.damaged.filter(|damaged| page.iter().any(|event| event.position == *damaged))
        {
            return Err(ReadError::Damaged { position, what: "data".into() });
        }
        Ok(page.into_iter().map(|event| self.shown(event)).collect())
    }

    fn subscribe(&self, after: Position) -> EventStream {
        subscription::follow(Arc::new(self.clone()), self.head.subscribe(), after)
    }
}

pub(super) struct Fixture {
    log: TamperedLog,
    clock: Arc<dyn Clock>,
    folder: TempDir,
}

/// A signer that runs in a task of its own until it is dropped.
pub(super) struct Running {
    status: watch::Receiver<Status>,
    stop: watch::Sender<bool>,
    task: JoinHandle<Result<(), Alarm>>,
}

impl Running {
    fn start(signer: Signer) -> Self {
        let (stop, stopping) = watch::channel(false);
        let status = signer.status();
        Self { status, stop, task: tokio::spawn(async move { signer.run(stopping).await }) }
    }

    pub(super) fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Has what is on the log by now signed.
    pub(super) async fn stop(self) {
        self.stop.send_replace(true);
        // An alarm is in the status.
        drop(self.task.await.expect("a signer does not panic"));
    }
}

impl Fixture {
    pub(super) fn new() -> Self {
        Self::numbering(Positions::Dense)
    }

    pub(super) fn with_holes() -> Self {
        Self::numbering(Positions::Increasing)
    }

    pub(super) fn by_clock(clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..Self::new() }
    }

    fn numbering(positions: Positions) -> Self {
        let tampering = Tampering { length: usize::MAX, changed: None, damaged: None, generation: 1 };
        let log = TamperedLog {
            log: MemoryStore::numbering(Uuid::new_v4(), positions),
            tampering: Arc::new(Mutex::new(tampering)),
            head: Arc::new(watch::Sender::new(Position::START)),
            reads: Arc::default(),
        };
        Self { log, clock: SystemClock::shared(), folder: tempfile::tempdir().expect("a temporary folder can be made") }
    }

    fn tamper(&self, change: impl FnOnce(&mut Tampering)) {
        change(&mut self.log.tampering.lock().expect("no code panics while it holds this lock"));
    }

    pub(super) fn cut_to(&self, events: usize) {
        self.tamper(|tampering| tampering.length = events);
    }

    /// The n-th event.
    pub(super) fn change_event(&self, n: u64) {
        let position = self.position_of(n);
        self.tamper(|tampering| tampering.changed = Some(position));
    }

    /// The n-th event.
    pub(super) fn damage_event(&self, n: u64) {
        let position = self.position_of(n);
        self.tamper(|tampering| tampering.damaged = Some(position));
    }

    /// Every event is as it was again.
    pub(super) fn repair(&self) {
        self.tamper(|tampering| (tampering.changed, tampering.damaged) = (None, None));
    }

    pub(super) fn set_generation(&self, generation: u64) {
        self.tamper(|tampering| tampering.generation = generation);
    }

    /// Replaces the events, under the same log id.
    pub(super) async fn restore(&mut self, generation: u64, events: usize) {
        self.log.log = MemoryStore::new(self.identity().log_id);
        self.set_generation(generation);
        self.append(events).await;
    }

    /// Number of events read.
    pub(super) fn reads(&self) -> u64 {
        self.log.reads.load(Ordering::Relaxed)
    }

    pub(super) fn folder(&self) -> PathBuf {
        self.folder.path().join("checkpoints")
    }

    pub(super) fn state_file(&self) -> PathBuf {
        self.folder.path().join("checkpoint-state")
    }

    pub(super) fn key_file(&self) -> PathBuf {
        self.folder.path().join("checkpoint-key")
    }

    pub(super) fn alarm_file(&self) -> PathBuf {
        self.folder.path().join("checkpoint-alarm")
    }

    /// The walk over the whole log, beside a signer that does nothing.
    pub(super) fn log_proof(&self) -> LogProof {
        let never: Follow = Arc::new(|_| Box::pin(futures::stream::pending()));
        let reader: Arc<dyn EventReader> = Arc::new(self.log.clone());
        let places = Places {
            folder: self.folder(),
            state: self.state_file(),
            public_key: self.key_file().with_extension("pub"),
            alarm: self.alarm_file(),
            store: "it's here".to_owned(),
        };
        let signer =
            Signer::new(never, reader, self.identity(), self.key(), places, only_at_a_stop(), self.clock.clone());
        signer.log_proof(Arc::new(self.log.clone()), Duration::from_millis(50))
    }

    /// Puts the log back to its first events, and records that.
    pub(super) async fn restore_on_record(&mut self, generation: u64, events: usize) {
        let kept: Vec<_> = self.log.left().into_iter().take(events).collect();
        let mut import = MemoryImport::new(Identity { generation: 1, ..self.identity() }, Positions::Dense);
        import.append(&kept).await.expect("memory takes it");
        self.log.log = import.store();
        self.set_generation(generation);
        let left = self.checkpoint(kept.len() as u64, self.clock.now());
        let recorded = record(&self.log.log, &left, "operations", &self.key()).await.expect("memory takes it");
        self.log.head.send_replace(recorded.from.next());
    }

    fn identity(&self) -> Identity {
        now(self.log.identity())
    }

    pub(super) fn key(&self) -> CheckpointKey {
        CheckpointKey::read_or_create(&self.key_file(), self.identity()).expect("it can be written").0
    }

    pub(super) async fn start(&self, pace: Pace) -> Running {
        let reader: Arc<dyn EventReader> = Arc::new(self.log.clone());
        let followed = reader.clone();
        let follow: Follow = Arc::new(move |after| followed.subscribe(after));
        let places = Places {
            folder: self.folder(),
            state: self.state_file(),
            public_key: self.key_file().with_extension("pub"),
            alarm: self.alarm_file(),
            store: "it's here".to_owned(),
        };
        Running::start(Signer::new(follow, reader, self.identity(), self.key(), places, pace, self.clock.clone()))
    }

    pub(super) async fn append(&self, mut events: usize) {
        while events > MAX_TOGETHER {
            self.append_together(MAX_TOGETHER).await;
            events -= MAX_TOGETHER;
        }
        self.append_together(events).await;
    }

    async fn append_together(&self, events: usize) {
        let events = (0..events).map(|n| event(&format!("{{\"n\":{n}}}"))).collect();
        let stream = StreamName::of("session", Uuid::new_v4());
        let appended = self.log.log.append(&stream, Expected::NoStream, events).await.expect("memory takes it");
        self.log.head.send_replace(appended.last_position);
    }

    /// Appends events and signs the whole log.
    pub(super) async fn append_and_sign(&self, events: usize) {
        self.append(events).await;
        self.start(only_at_a_stop()).await.stop().await;
        self.is_right(&self.latest());
    }

    /// Waits for a note of this size.
    pub(super) async fn signed(&self, signer: &Running, size: u64) -> Checkpoint {
        self.signed_as(signer, |newest| newest.size.0 == size).await
    }

    pub(super) async fn signed_as(&self, signer: &Running, is_so: impl Fn(&Checkpoint) -> bool) -> Checkpoint {
        let is_there = |status: &Status| status.newest.as_ref().is_some_and(&is_so);
        wait(signer, is_there).await.newest.expect("it was waited for")
    }

    pub(super) async fn alarmed(&self, signer: &Running) -> Alarm {
        wait(signer, |status| status.alarm.is_some()).await.alarm.expect("it was waited for")
    }

    pub(super) async fn troubled(&self, signer: &Running) -> String {
        wait(signer, |status| status.trouble.is_some()).await.trouble.expect("it was waited for")
    }

    /// The folder's files, in order.
    pub(super) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder()).expect("the folder is there");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("it can be read").file_name().into_string().expect("text")).collect();
        names.sort();
        names
    }

    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder().join(name), text).expect("the folder can be written");
    }

    pub(super) fn remove(&self, name: &str) {
        std::fs::remove_file(self.folder().join(name)).expect("it is there");
    }

    pub(super) fn latest(&self) -> Checkpoint {
        self.note(LATEST)
    }

    pub(super) fn note(&self, name: &str) -> Checkpoint {
        Checkpoint::open(&self.read(name), self.key().public()).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// File name of the newest note's day.
    pub(super) fn day(&self) -> String {
        self.latest().signed_at.strftime("%Y-%m-%d.checkpoint").to_string()
    }

    /// The expected checkpoint, computed from the whole tree.
    fn checkpoint(&self, size: u64, signed_at: Timestamp) -> Checkpoint {
        let events = now(self.log.log.read_all(Position::START, usize::MAX));
        let tree: Tree = events.iter().map(|event| leaf_hash(&event.hash)).collect();
        let root = tree.root(TreeSize(size)).expect("the log is long enough");
        Checkpoint { log: self.identity(), size: TreeSize(size), root, position: self.position_of(size), signed_at }
    }

    /// Position of the n-th event.
    pub(super) fn position_of(&self, n: u64) -> Position {
        let events = now(self.log.log.read_all(Position::START, usize::MAX));
        usize::try_from(n).ok().and_then(|n| n.checked_sub(1)).map_or(Position::START, |index| events[index].position)
    }

    pub(super) fn is_right(&self, checkpoint: &Checkpoint) {
        assert_eq!(*checkpoint, self.checkpoint(checkpoint.size.0, checkpoint.signed_at));
    }

    /// A valid note with another time.
    pub(super) fn sign_as_of(&self, size: u64, signed_at: &str) -> String {
        self.checkpoint(size, signed_at.parse().expect("a time")).sign(&self.key())
    }
}

/// The memory log answers without waiting.
fn now<T>(answer: impl Future<Output = Result<T, ReadError>>) -> T {
    answer.now_or_never().expect("it does not wait").expect("it is there")
}

/// Waits for a status.
pub(super) async fn wait_for(signer: &Running, is_so: impl FnMut(&Status) -> bool) {
    wait(signer, is_so).await;
}

async fn wait(signer: &Running, is_so: impl FnMut(&Status) -> bool) -> Status {
    let mut status = signer.status();
    let waited = timeout(LIMIT, status.wait_for(is_so)).await;
    waited.expect("it comes in time").expect("the signer lives").clone()
}

fn event(data: &str) -> SealedEvent {
    SealedEvent {
        event_id: Uuid::new_v4(),
        event_type: "test.noted".into(),
        schema: 1,
        actor: Actor::new("system", "test"),
        subject: None,
        key_id: None,
        correlation_id: Uuid::new_v4(),
        causation_id: None,
        data: data.into(),
        personal: None,
    }
}
