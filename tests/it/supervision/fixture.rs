//! A log in memory whose readers panic or find damage when they are told to, and a supervisor without long delays.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use api::supervision::{Alarm, FollowerState, FollowerStatus, RestartPace, Supervisor};
use async_trait::async_trait;
use commands::{
    Customers, Node, Rules, Sessions, SettingsInForce,
    assistant::{Answering, Assistant, Question},
    assistants::Assistants,
    process::{RunSettings, Runner},
    sessions::ReceiveMessage,
    settings::VersionZero,
};
use domain::{
    SessionId, VisitorId,
    session::event::Recipient,
    text::{MessageText, SessionName},
};
use event_store::{
    AppendError, Appended, EventReader, EventStore, EventStream, Expected, Identity, Log, Position, Positions,
    ReadError, RecordedEvent, SealedEvent, StreamName, StreamVersion, SystemClock, Vault, memory::MemoryStore,
    subscription,
};
use journal::{Journal, Tail};
use testkit::sealed_event;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use uuid::Uuid;

/// How long anything may take on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

const PACE: RestartPace = RestartPace {
    first: Duration::from_millis(5),
    longest: Duration::from_millis(20),
    healthy_after: Duration::from_secs(60),
};

/// A log whose readers find faults.
#[derive(Clone)]
pub(super) struct Faulty(Arc<Inner>);

struct Inner {
    store: MemoryStore,
    head: watch::Sender<Position>,
    panics: AtomicBool,
    /// The first position that cannot be read.
    damaged: AtomicU64,
}

impl Faulty {
    fn new() -> Self {
        let (store, head) = (MemoryStore::default(), watch::Sender::new(Position::START));
        Self(Arc::new(Inner { store, head, panics: AtomicBool::new(false), damaged: AtomicU64::new(u64::MAX) }))
    }

    /// Whoever reads the log's first page next panics.
    pub(super) fn panic_once(&self) {
        self.0.panics.store(true, Ordering::SeqCst);
    }

    fn check(&self, event: Arc<RecordedEvent>) -> Result<Arc<RecordedEvent>, ReadError> {
        if event.position.0 < self.0.damaged.load(Ordering::SeqCst) {
            return Ok(event);
        }
        Err(ReadError::Damaged { position: event.position, what: "an injected fault".to_owned() })
    }
}

/// What a test has.
pub(super) struct Fixture {
    pub(super) faulty: Arc<Faulty>,
    pub(super) log: Log,
    pub(super) customers: Arc<Customers>,
    pub(super) supervisor: Supervisor,
}

impl Fixture {
    /// So many visitors have signed out.
    pub(super) async fn with_events(events: u64) -> Self {
        let faulty = Arc::new(Faulty::new());
        let log = Log::new(faulty.clone(), Arc::new(Vault::in_memory()));
        let customers = Arc::new(Customers::new(log.clone(), Uuid::from_u128(1)));
        let fixture = Self { faulty, log, customers, supervisor: Supervisor::with_pace(PACE) };
        for _ in 0..events {
            fixture.sign_out(VisitorId(Uuid::new_v4())).await;
        }
        fixture
    }

    pub(super) async fn sign_out(&self, visitor: VisitorId) {
        self.customers.sign_out(visitor, Uuid::nil()).await.unwrap();
    }

    /// A tail that begins at the head: who follows it from the first event on reads the log itself.
    pub(super) async fn tail(&self) -> Arc<Tail> {
        Tail::start(self.faulty.clone(), self.faulty.head().await.unwrap())
    }

    pub(super) fn journal(&self) -> Journal {
        Journal::new(self.faulty.clone(), self.log.vault().clone())
    }

    /// An event of a type that this program does not know.
    pub(super) async fn append_unreadable(&self, category: &'static str) -> Position {
        self.append_unreadable_to(&StreamName::of(category, Uuid::new_v4())).await
    }

    pub(super) async fn append_unreadable_to(&self, stream: &StreamName) -> Position {
        let event_type = format!("{}.of_another_version", stream.category()).into();
        let unknown = SealedEvent { event_type, ..sealed_event() };
        self.faulty.append(stream, Expected::Any, vec![unknown]).await.unwrap().last_position
    }

    /// One more event, which cannot be read.
    pub(super) async fn damage_the_next_event(&self) -> Position {
        let next = self.faulty.0.store.head().await.unwrap().next();
        self.faulty.0.damaged.store(next.0, Ordering::SeqCst);
        self.sign_out(VisitorId(Uuid::new_v4())).await;
        next
    }

    /// A node whose assistant never answers.
    pub(super) fn runner(&self) -> Arc<Runner> {
        let sessions = Arc::new(Sessions::new(self.log.clone(), Uuid::from_u128(1)));
        let live = Arc::default();
        let (node, settings) = (Node::new("supervised"), RunSettings::default());
        let tail = Tail::start(self.faulty.clone(), Position::START);
        let assistants = Arc::new(Assistants::only(Arc::new(Silent)));
        Runner::new(sessions, assistants, live, node, settings, rules(), tail)
    }

    pub(super) async fn write_message(&self, runner: &Runner) -> SessionId {
        let message = ReceiveMessage {
            visitor: VisitorId(Uuid::new_v4()),
            name: SessionName::parse("supervised".to_owned()).unwrap(),
            text: MessageText::parse("hello".to_owned()).unwrap(),
            parameters: serde_json::Map::new(),
            recipient: Recipient::Assistant,
            page: None,
            is_vip: false,
            key: None,
            correlation_id: Uuid::nil(),
        };
        runner.sessions().receive_message(runner.node(), &rules(), message).await.unwrap().session
    }

    /// Waits until the session's message is being answered.
    pub(super) async fn has_run(&self, session: SessionId) {
        let stream = StreamName::of("session", session.0);
        let begins = async {
            loop {
                let events = self.faulty.0.store.read_stream(&stream, StreamVersion::NONE, 100).await.unwrap();
                if events.iter().any(|event| &*event.event.event_type == "session.assistant_run_started") {
                    return;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, begins).await.expect("a run begins");
    }

    /// The one follower has been started again once, and has read the log to its head.
    pub(super) async fn recovers(&self) {
        let head = self.faulty.0.store.head().await.unwrap();
        let status =
            self.status_when("it recovers", |status| status.restarts == 1 && status.position >= Some(head)).await;
        assert_eq!(status.state, FollowerState::Running);
    }

    /// Waits for the one follower's alarm, which no restart follows.
    pub(super) async fn alarm(&self) -> Alarm {
        let is_stopped = |status: &FollowerStatus| matches!(status.state, FollowerState::Stopped { .. });
        let status = self.status_when("it stops", is_stopped).await;
        let FollowerState::Stopped { alarm: Some(alarm) } = status.state else { panic!("{status:?}") };
        sleep(PACE.longest * 3).await;
        assert_eq!(self.supervisor.status()[0].restarts, status.restarts, "an alarm is not retried");
        alarm
    }

    pub(super) async fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        self.status_when(what, |_| is_so()).await;
    }

    pub(super) async fn status_when(&self, what: &str, is_so: impl Fn(&FollowerStatus) -> bool) -> FollowerStatus {
        let reached = async {
            loop {
                let status = self.supervisor.status().remove(0);
                if is_so(&status) {
                    return status;
                }
                sleep(Duration::from_millis(5)).await;
            }
        };
        let reached = timeout(PATIENCE, reached).await;
        reached.unwrap_or_else(|_| panic!("{what}: {:?}", self.supervisor.status()))
    }
}

fn rules() -> Arc<Rules> {
    let settings = SettingsInForce::starting_with(VersionZero::default(), Position::START).unwrap();
    Arc::new(Rules::new(Arc::new(settings), SystemClock::shared()))
}

struct Silent;

impl Assistant for Silent {
    fn name(&self) -> &str {
        "silent"
    }

    fn answer(&self, _: Question) -> Answering {
        Box::pin(futures::stream::pending())
    }
}

#[async_trait]
impl EventReader for Faulty {
    async fn find(&self, stream: &StreamName, event_id: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        self.0.store.find(stream, event_id).await
    }
    async fn owner(&self, event_id: Uuid) -> Result<Option<StreamName>, ReadError> {
        self.0.store.owner(event_id).await
    }
    async fn head(&self) -> Result<Position, ReadError> {
        self.0.store.head().await
    }
    async fn identity(&self) -> Result<Identity, ReadError> {
        self.0.store.identity().await
    }
    fn positions(&self) -> Positions {
        self.0.store.positions()
    }
    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        self.0.store.read_stream(stream, after, limit).await
    }
    async fn read_stream_after_position(
        &self,
        stream: &StreamName,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        self.0.store.read_stream_after_position(stream, after, limit).await
    }
    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
        let panics = after == Position::START && self.0.panics.swap(false, Ordering::SeqCst);
        assert!(!panics, "an injected panic");
        self.0.store.read_all(after, limit).await?.into_iter().map(|event| self.check(event)).collect()
    }
    fn subscribe(&self, after: Position) -> EventStream {
        subscription::follow(Arc::new(self.clone()), self.0.head.subscribe(), after)
    }
}

#[async_trait]
impl EventStore for Faulty {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<SealedEvent>,
    ) -> Result<Appended, AppendError> {
        let appended = self.0.store.append(stream, expected, events).await?;
        self.0.head.send_replace(appended.last_position);
        Ok(appended)
    }
    async fn reserve(&self, event_id: Uuid, stream: &StreamName) -> Result<StreamName, AppendError> {
        self.0.store.reserve(event_id, stream).await
    }
}
