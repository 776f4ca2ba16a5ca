//! A small fixture: one log, any number of nodes on it, one scripted assistant.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use commands::{
    Answering, Assistant, AssistantError, Completion, Ephemeral, IdempotencyKey, Node, Piece, Question, Rules,
    Sessions, SettingsInForce,
    assistants::Assistants,
    process::{RunSettings, Runner, StatusHandle, dispatcher},
    sessions::{ReceiveMessage, Received, stream_of},
    settings::VersionZero,
};
use domain::{
    SessionId, VisitorId,
    session::{
        Event,
        event::{FailureCode, Outcome, Recipient},
    },
    text::{MessageText, SessionName},
};
use event_store::{Clock, EventReader as _, Log, Position, StreamVersion, SystemClock, Vault};
use journal::{Journal, Tail};
use testkit::FlakyStore;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

/// Limits everything that is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What the assistant does, question by question; the last goes on for ever.
#[derive(Clone)]
pub(crate) enum Script {
    Says(&'static str),
    Fails {
        retryable: bool,
    },
    BreaksOff,
    /// Says its beginning, then waits for [`Fixture::go_on`], then says the rest.
    Waits(&'static str, &'static str),
}

pub(crate) struct Scripted {
    script: Mutex<Vec<Script>>,
    go_on: Arc<Notify>,
    pub(crate) asked: Mutex<Vec<Question>>,
    /// Held by each stream that is not dropped.
    pub(crate) streams: Arc<()>,
}

impl Assistant for Scripted {
    fn name(&self) -> &str {
        "scripted"
    }

    fn answer(&self, question: Question) -> Answering {
        self.asked.lock().unwrap().push(question);
        let step = {
            let mut script = self.script.lock().unwrap();
            if script.len() > 1 { script.remove(0) } else { script[0].clone() }
        };
        let (go_on, open) = (self.go_on.clone(), self.streams.clone());
        Box::pin(async_stream::stream! {
            let _open = open;
            match step {
                Script::Says(text) => yield Ok(Piece::Text(text.to_owned())),
                Script::Fails { retryable } => {
                    yield Err(AssistantError::new(FailureCode::Unavailable, "away").retryable(retryable));
                    return;
                }
                Script::BreaksOff => return,
                Script::Waits(beginning, rest) => {
                    yield Ok(Piece::Text(beginning.to_owned()));
                    go_on.notified().await;
                    yield Ok(Piece::Text(rest.to_owned()));
                }
            }
            let outcome = Outcome::Answered;
            yield Ok(Piece::Done(Completion { confidence: Some(0.5), ..Completion::new(outcome) }));
        })
    }
}

pub(crate) struct Fixture {
    pub(crate) store: Arc<FlakyStore>,
    pub(crate) log: Log,
    pub(crate) assistant: Arc<Scripted>,
    pub(crate) live: Arc<Ephemeral>,
    go_on: Arc<Notify>,
}

impl Fixture {
    pub(crate) fn new(script: Vec<Script>) -> Self {
        Self::with_clock(script, SystemClock::shared())
    }

    pub(crate) fn with_clock(script: Vec<Script>, clock: Arc<dyn Clock>) -> Self {
        let store = Arc::new(FlakyStore::new(Uuid::from_u128(1)).with_clock(clock.clone()));
        let log = Log::new(store.clone(), Arc::new(Vault::in_memory())).with_clock(clock);
        let go_on = Arc::new(Notify::new());
        let assistant = Scripted {
            script: Mutex::new(script),
            go_on: go_on.clone(),
            asked: Mutex::default(),
            streams: Arc::default(),
        };
        Self { store, log, assistant: Arc::new(assistant), live: Arc::default(), go_on }
    }

    /// Use cases of another node: it remembers for itself.
    pub(crate) fn sessions(&self) -> Arc<Sessions> {
        Arc::new(Sessions::new(self.log.clone(), Uuid::from_u128(1)))
    }

    /// A node that answers the messages it takes.
    pub(crate) async fn node(&self, name: &str) -> Arc<Runner> {
        let runner = self.idle_node(name);
        let head = self.store.head().await.unwrap();
        let tail = Tail::start(self.store.clone(), head);
        let (dispatching, (stop, stopping)) = (runner.clone(), watch::channel(false));
        tokio::spawn(async move {
            let _never = stop;
            dispatcher::run(&dispatching, &tail, head, &StatusHandle::default(), stopping).await
        });
        runner
    }

    /// A node that begins nothing by itself.
    pub(crate) fn idle_node(&self, name: &str) -> Arc<Runner> {
        let settings = RunSettings { backoff: Duration::from_millis(1), ..RunSettings::default() };
        let assistants = Arc::new(Assistants::only(self.assistant.clone()));
        let (sessions, live) = (self.sessions(), self.live.clone());
        let tail = Tail::start(self.store.clone(), Position::START);
        Runner::new(sessions, assistants, live, Node::new(name), settings, rules(), tail)
    }

    pub(crate) fn go_on(&self) {
        self.go_on.notify_one();
    }

    /// Lets the next so many appends fail.
    pub(crate) fn fail_appends(&self, count: usize) {
        self.store.refuse_appends(count);
    }

    /// Lets the next so many reads of a stream fail.
    pub(crate) fn fail_reads(&self, count: usize) {
        self.store.fail_reads(count);
    }

    /// All events of a session.
    pub(crate) async fn events(&self, session: SessionId) -> Vec<Event> {
        let journal = Journal::new(self.store.clone(), self.log.vault().clone());
        let events = journal.whole_stream(&stream_of(session), StreamVersion::NONE).await.unwrap();
        journal.open_all(&events).await.unwrap();
        events.iter().map(|decoded| decoded.opened_event().session().unwrap().1.clone()).collect()
    }

    /// Waits until a session's events satisfy `done`.
    pub(crate) async fn wait_for(&self, session: SessionId, done: impl Fn(&[Event]) -> bool) -> Vec<Event> {
        let look = async {
            loop {
                let events = self.events(session).await;
                if done(&events) {
                    return events;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.expect("it happens in time")
    }
}

/// The program's own policy and calendars.
pub(crate) fn rules() -> Arc<Rules> {
    let settings = SettingsInForce::starting_with(VersionZero::default(), Position::START).unwrap();
    Arc::new(Rules::new(Arc::new(settings), SystemClock::shared()))
}

pub(crate) const VISITOR: VisitorId = VisitorId(Uuid::from_u128(7));

pub(crate) fn message(text: &str, key: Option<&str>) -> ReceiveMessage {
    ReceiveMessage {
        visitor: VISITOR,
        name: SessionName::parse("s1".to_owned()).unwrap(),
        text: MessageText::parse(text.to_owned()).unwrap(),
        parameters: serde_json::Map::new(),
        recipient: Recipient::Assistant,
        page: None,
        is_vip: false,
        key: key.map(|key| IdempotencyKey::parse(key).unwrap()),
        correlation_id: Uuid::new_v4(),
    }
}

pub(crate) async fn send(runner: &Runner, text: &str) -> Received {
    runner.sessions().receive_message(runner.node(), &rules(), message(text, None)).await.unwrap()
}

pub(crate) fn session() -> SessionId {
    SessionId::of(VISITOR, "s1")
}

pub(crate) fn replies(events: &[Event]) -> Vec<&domain::session::event::AssistantReplied> {
    events.iter().filter_map(|e| if let Event::AssistantReplied(reply) = e { Some(reply) } else { None }).collect()
}
