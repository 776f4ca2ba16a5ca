//! For tests: a log in memory, a store in a file, a clock that stands still, and a process manager that asks for one of each.

use std::{sync::Arc, time::Duration};

use domain::{
    Language, MailId, MessageId, RunId, SessionId, VisitorId,
    session::{
        Command, Event,
        command::{Answer, StartRun},
        event::{CancelReason, CloseReason, Cost, EscalationReason, Outcome, Recipient},
    },
    text::{MessageText, SessionName},
};
use event_store::{
    Actor, EventReader as _, Expected, Log, NewEvent, Position, StreamName, StreamVersion, Vault,
    clock::ManualClock,
    memory::MemoryStore,
    migration::migrate_policy,
    sql::{Access, Database},
};
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use journal::{Decoded, Tail};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle};
use uuid::Uuid;

use super::{
    Action, Context, Item, ProcessError, ProcessManager, ProcessStore, StatusHandle, Timer, follower,
    manager::whole_millisecond,
};
use crate::{
    accounts::Accounts,
    event_id::CommandId,
    executor::CommandMetadata,
    node::Node,
    rules::Rules,
    sessions::{ReceiveMessage, Sessions, stream_of},
    settings::{SettingsInForce, VersionZero},
};

pub(super) const LOG_ID: Uuid = Uuid::from_u128(1);
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) struct Fixture {
    pub(super) memory: MemoryStore,
    pub(super) log: Log,
    pub(super) database: Database,
    pub(super) clock: Arc<ManualClock>,
    rules: Rules,
    _folder: TempDir,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::sqlite(&folder.path().join("policies.db"), Access::Durable).await.expect("opens");
        migrate_policy(&database).await.expect("migrates");
        let memory = MemoryStore::new(LOG_ID);
        let log = Log::new(Arc::new(memory.clone()), Arc::new(Vault::in_memory()));
        let settings = SettingsInForce::starting_with(VersionZero::default(), Position::START).expect("is readable");
        // Once: a policy takes longer to read than a message to write, and the events' time goes on meanwhile.
        let clock = Arc::new(ManualClock::new(Timestamp::now()));
        let rules = Rules::new(Arc::new(settings), clock.clone());
        Self { memory, log, database, clock, rules, _folder: folder }
    }

    /// A node on this log, which has said that it lives.
    pub(super) async fn node(&self, name: &str) -> Context {
        let store = ProcessStore::new(self.database.clone());
        let node = Node::new(name);
        store.heartbeat(&node).await.expect("the store answers");
        Context {
            store,
            sessions: Arc::new(Sessions::new(self.log.clone(), LOG_ID)),
            accounts: Arc::new(Accounts::new(self.log.clone(), LOG_ID)),
            tail: Tail::start(Arc::new(self.memory.clone()), Position::START),
            clock: self.clock.clone(),
            node,
        }
    }

    pub(super) fn advance(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// Lets every lease run out.
    pub(super) async fn expire_leases(&self) {
        self.execute("update lease set expires_at = 0").await;
    }

    pub(super) async fn execute(&self, sql: &str) {
        let mut tx = self.database.begin().await.expect("the store answers");
        tx.execute(sql, &[]).await.expect("the statement is right");
        tx.commit().await.expect("the store answers");
    }

    /// A number that the store is asked for.
    pub(super) async fn count(&self, sql: &str) -> i64 {
        self.database.fetch(sql, &[]).await.expect("the statement is right")[0].int(0).expect("a number")
    }

    /// The n-th visitor writes in its session.
    pub(super) async fn message(&self, context: &Context, n: u128) -> SessionId {
        let request = ReceiveMessage {
            visitor: VisitorId(Uuid::from_u128(n)),
            name: SessionName::parse("s".to_owned()).expect("a name"),
            text: MessageText::parse("hello".to_owned()).expect("a text"),
            parameters: serde_json::Map::new(),
            recipient: Recipient::Assistant,
            page: None,
            is_vip: false,
            key: None,
            correlation_id: Uuid::new_v4(),
        };
        context.sessions.receive_message(&context.node, &self.rules, request).await.expect("it is taken").session
    }

    /// An assistant makes an attempt in a session of the n-th visitor, and it costs so many millionths of a dollar.
    pub(super) async fn costs(&self, context: &Context, n: u128, assistant: &str, micros: u64) {
        let session = self.message(context, n).await;
        let run = RunId(Uuid::new_v4());
        let start = StartRun {
            run,
            incarnation: context.node.incarnation,
            assistant: assistant.to_owned(),
            variant: None,
            deadline: Timestamp::MAX,
        };
        let cost = Some(Cost { micros, currency: "USD".to_owned() });
        let answer = Answer {
            run,
            attempt: 1,
            message: MessageId(run.0),
            outcome: Outcome::Answered,
            language: Language::En,
            confidence_permille: None,
            tokens: None,
            cost,
            sources: Vec::new(),
            text: MessageText::repaired("Four hours."),
            suggestions: Vec::new(),
            assistant_context: None,
            shown: String::new(),
            signals: Vec::new(),
            circumstances: self.rules.circumstances(run.0),
        };
        for command in [Command::StartRun(start), Command::Reply(answer)] {
            let metadata = CommandMetadata {
                actor: Actor::new("system", "test"),
                correlation_id: Uuid::new_v4(),
                causation_id: None,
                id: CommandId::random(LOG_ID),
            };
            context.sessions.execute(session, &metadata, command).await.expect("it may");
        }
    }

    /// An event that no program can read; answers its position.
    pub(super) async fn unreadable_event(&self) -> Position {
        let event = NewEvent {
            event_id: Uuid::new_v4(),
            event_type: "session.unheard_of",
            schema: 1,
            actor: Actor::new("system", "test"),
            correlation_id: Uuid::nil(),
            causation_id: None,
            data: "{}".to_owned(),
            personal: None,
        };
        let stream = StreamName::of("session", Uuid::from_u128(0xbad));
        self.log.append(&stream, Expected::Any, &[event]).await.expect("the log takes it").last_position
    }

    /// Everything after a position, as a process manager reads it.
    pub(super) async fn chunk(
        &self,
        context: &Context,
        after: Position,
    ) -> Vec<Result<Decoded, journal::JournalError>> {
        let mut pages = std::pin::pin!(context.sessions.journal().read_all(after));
        let mut chunk = Vec::new();
        while let Some(page) = pages.next().await {
            chunk.extend(page.expect("the log answers").into_iter().map(Ok));
        }
        chunk
    }

    /// What happened in a session, without its personal parts.
    pub(super) async fn events(&self, session: SessionId) -> Vec<Event> {
        let stream = stream_of(session);
        let journal = journal::Journal::sealed(Arc::new(self.memory.clone()));
        let events = journal.whole_stream(&stream, StreamVersion::NONE).await.expect("the log answers");
        events.iter().filter_map(|decoded| decoded.event().session()).map(|(_, event)| event.clone()).collect()
    }

    pub(super) async fn head(&self) -> Position {
        self.memory.head().await.expect("the log answers")
    }

    /// How many events of the log are like this.
    pub(super) async fn events_like(&self, is_one: fn(&Event) -> bool) -> usize {
        let page = self.memory.read_all(Position::START, 100_000).await.expect("the log answers");
        let decoded = page.into_iter().filter_map(|event| Decoded::decode(event).ok());
        decoded.filter(|decoded| decoded.event().session().is_some_and(|(_, event)| is_one(event))).count()
    }
}

/// A process manager that runs in a task.
pub(super) struct Running {
    pub(super) status: StatusHandle,
    pub(super) task: JoinHandle<Result<(), ProcessError>>,
    pub(super) stop: watch::Sender<bool>,
}

pub(super) fn start(context: &Context, manager: impl ProcessManager + 'static) -> Running {
    let (stop, stopping) = watch::channel(false);
    let (context, status) = (context.clone(), StatusHandle::default());
    let said = status.clone();
    let task = tokio::spawn(async move { follower::run(&context, &manager, &said, stopping).await });
    Running { status, task, stop }
}

/// Waits until something is so.
pub(super) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let look = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, look).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

/// About each message it sends two commands, sets a timer for an hour later, and puts an item into the outbox; about the timer
/// it sends a third command and puts a second item there.
#[derive(Debug)]
pub(super) struct OneOfEach;

pub(super) const ONE_OF_EACH: &str = "one_of_each";

impl ProcessManager for OneOfEach {
    fn name(&self) -> &'static str {
        ONE_OF_EACH
    }

    fn keeps_state(&self) -> bool {
        true
    }

    fn react(&self, state: &mut Value, decoded: &Decoded) -> Vec<Action> {
        let Some((session, Event::CustomerMessageSent(sent))) = decoded.event().session() else { return Vec::new() };
        *state = json!(state.as_u64().unwrap_or_default() + 1);
        let at = Timestamp::from_microsecond(decoded.at_us()).expect("a time");
        let timer = Timer {
            stream: stream_of(session),
            key: "later".to_owned(),
            due: whole_millisecond(at + SignedDuration::from_hours(1)),
            payload: json!({"message": sent.message}),
            life: None,
        };
        vec![
            Action::Command {
                name: "escalate",
                session,
                command: Box::new(testkit::session::escalate(EscalationReason::Manual, "")),
            },
            Action::SetTimer(timer),
            Action::Command {
                name: "notice",
                session,
                command: Box::new(Command::GiveAfterHoursNotice {
                    opens_at: None,
                    is_open: false,
                    mail: MailId(sent.message.0),
                }),
            },
            Action::Deliver(item(format!("message {}", sent.message))),
        ]
    }

    fn on_timer(&self, timer: &Timer) -> Vec<Action> {
        let session = SessionId(timer.stream.id().expect("a session's"));
        let close = Command::Close {
            reason: CloseReason::Resolved,
            notice: MessageId(session.0),
            by: None,
            at: testkit::session::circumstances().at,
        };
        let cancel = Command::CancelEscalation { reason: CancelReason::NobodyCame, notice: MessageId(session.0) };
        vec![
            Action::Command { name: "cancel", session, command: Box::new(cancel) },
            Action::Command { name: "close", session, command: Box::new(close) },
            Action::Deliver(item(format!("timer {}", timer.cause()))),
        ]
    }
}

fn item(key: String) -> Item {
    Item { key, kind: "mail".to_owned(), payload: json!({}) }
}
