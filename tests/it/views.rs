//! Views on PostgreSQL: the same answers as on SQLite, one writer among several nodes, outages, new generations.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use commands::executor::key_class;
use domain::{
    AgentId, ContextId, Incarnation, Language, MessageId, RunId, SessionId, VisitorId,
    session::{
        Command, State, Status,
        command::{Answer, Escalate, Opening, SendMessage, StartRun},
        decide, encode,
        event::{EscalationReason, Outcome, Severity, Words},
    },
    text::{MessageText, SessionName},
};
use event_store::{
    Actor, EventStore, Expected, Log, NewEvent, PersonalPart, Position, StreamName, Vault,
    memory::MemoryStore,
    sql::{SqlError, Transaction},
    sqlite::SqliteStore,
};
use jiff::Timestamp;
use journal::{Decoded, Journal, Tail};
use projections::{Audience, Projection, ProjectionSet, Views, ViewsLocation, catalogue};
use tests::postgres::Postgres;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// As long as a slow machine may need.
const LONG: Duration = Duration::from_secs(30);
const AWKWARD: [&str; 6] = [
    "👨‍👩‍👧 🚲 ́",
    "שלום \u{202e}abc \u{2066}x",
    "'; drop table session; --\"\\ $1 %_",
    "\u{ffff}\u{fffe}\u{fffd}\u{10ffff}\u{feff}",
    "\r\n\t\u{7f}\u{1b}[2J\u{1}",
    "{\"a\":\"\\u0000\"}",
];

struct Thread {
    log: Log,
    visitor: VisitorId,
    name: SessionName,
    state: State,
}

impl Thread {
    fn new(log: &Log, name: &str) -> Self {
        let name = SessionName::parse(name.to_owned()).unwrap();
        Self { log: log.clone(), visitor: VisitorId(Uuid::new_v4()), name, state: State::New }
    }

    fn session(&self) -> SessionId {
        SessionId::of(self.visitor, self.name.as_str())
    }

    async fn tell(&mut self, command: Command) -> Position {
        let events = decide(&self.state, command).unwrap();
        let stored: Vec<NewEvent> = events.iter().map(|event| stored(self.visitor, event)).collect();
        for event in &events {
            self.state = std::mem::take(&mut self.state).evolve(event);
        }
        let stream = StreamName::of("session", self.session().0);
        self.log.append(&stream, Expected::Any, &stored).await.unwrap().last_position
    }

    async fn says(&mut self, text: &str) -> Position {
        let (visitor, name, context) = (self.visitor, self.name.clone(), ContextId(Uuid::new_v4()));
        let words = Words { text: MessageText::parse(text.to_owned()).unwrap(), parameters: serde_json::Map::new() };
        let message = SendMessage {
            opening: Opening { visitor, name, context },
            message: MessageId(Uuid::new_v4()),
            words,
            language: Language::Zh,
            incarnation: Incarnation(Uuid::nil()),
        };
        self.tell(Command::SendMessage(message)).await
    }

    async fn is_answered(&mut self, text: &str) -> Position {
        let (run, deadline) = (RunId(Uuid::new_v4()), Timestamp::from_second(4_000_000_000).unwrap());
        let start = StartRun { run, incarnation: Incarnation(Uuid::nil()), assistant: "faq".into(), deadline };
        self.tell(Command::StartRun(start)).await;
        let answer = Answer {
            run,
            attempt: 1,
            message: MessageId(Uuid::new_v4()),
            outcome: Outcome::Answered,
            language: Language::Zh,
            confidence_permille: None,
            tokens: None,
            sources: Vec::new(),
            text: MessageText::repaired(text),
            assistant_context: None,
            shown: text.to_owned(),
        };
        self.tell(Command::Reply(answer)).await
    }

    async fn escalates(&mut self, details: &str) -> Position {
        let (reason, severity) = (EscalationReason::Keyword, Severity::High);
        let escalate = Escalate { reason, rule: "R1".into(), severity, policy_version: 1, details: details.into() };
        self.tell(Command::Escalate(escalate)).await
    }

    async fn is_taken_over(&mut self) -> Position {
        self.tell(Command::TakeOver { agent: AgentId(Uuid::new_v4()), from_any: true }).await
    }
}

fn stored(visitor: VisitorId, event: &domain::session::Event) -> NewEvent {
    let encoded = encode(event);
    let personal =
        encoded.personal.map(|(class, json)| PersonalPart { subject: visitor.0, class: key_class(class), json });
    NewEvent {
        event_id: Uuid::new_v4(),
        event_type: encoded.event_type,
        schema: encoded.schema,
        actor: Actor::new("customer", &visitor.to_string()),
        correlation_id: Uuid::new_v4(),
        causation_id: None,
        data: encoded.data,
        personal,
    }
}

fn memory_log() -> Log {
    log_over(Arc::new(MemoryStore::default()))
}

fn log_over(store: Arc<dyn EventStore>) -> Log {
    Log::new(store, Arc::new(Vault::in_memory()))
}

struct Node {
    views: Arc<Views>,
    task: JoinHandle<()>,
}

impl Node {
    async fn start(log: &Log, location: ViewsLocation, set: ProjectionSet) -> Self {
        let journal = Journal::new(log.reader(), log.vault().clone());
        let tail = Tail::start(log.reader(), log.reader().head().await.unwrap());
        let views = Views::open_with(location, journal, tail, set).await.unwrap();
        Self { task: tokio::spawn(views.clone().run()), views }
    }

    async fn on_postgres(log: &Log, url: &str) -> Self {
        Self::start(log, ViewsLocation::Postgres { url: url.to_owned() }, catalogue::all()).await
    }

    async fn reach(&self, position: Position) {
        self.views.wait_for(position, LONG).await.unwrap();
    }

    async fn dies(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}

/// Everything the views answer about these threads, in one text.
async fn answers(views: &Views, threads: &[Thread], now: Timestamp) -> String {
    let mut text = String::new();
    for thread in threads {
        let session = views.session(thread.session()).await.unwrap().unwrap();
        let escalation = session.escalation.as_ref().map(|e| (e.reason, &e.rule, e.severity, &e.details, e.trigger_at));
        text += &format!("{session:?} {:?} {escalation:?} {:?}\n", session.name, session.updated_at);
        for audience in [Audience::Customer, Audience::Staff] {
            for m in views.messages(thread.session(), audience, None, 50).await.unwrap() {
                text += &format!("{m:?} {:?} {:?} {} {} {:?}\n", m.content, m.at, m.hidden, m.withheld, m.shown);
            }
        }
        text += &format!("{:?}\n", views.audit_trail(thread.session(), Position::START, 100).await.unwrap());
    }
    let (page, total) = views.list(None, 50, 0).await.unwrap();
    for row in page {
        text += &format!("{row:?} {:?}\n", row.last_message.as_ref().map(|message| &message.content));
    }
    text + &format!("{total} {:?}", views.statistics(now, Timestamp::UNIX_EPOCH).await.unwrap())
}

/// Threads in every status, with awkward texts everywhere that a text can stand.
async fn conversations(log: &Log) -> Vec<Thread> {
    let mut threads = Vec::new();
    let long = "电".repeat(5_000);
    for (number, text) in AWKWARD.into_iter().chain([&*long]).enumerate() {
        let name: String = text.chars().filter(|c| SessionName::parse(c.to_string() + "x").is_ok()).take(100).collect();
        let mut thread = Thread::new(log, &format!("{name}{number}"));
        thread.says(text).await;
        thread.is_answered(text).await;
        thread.says(text).await;
        if number % 2 == 0 {
            thread.escalates(text).await;
        }
        if number % 3 == 0 {
            thread.is_taken_over().await;
        }
        threads.push(thread);
    }
    threads
}

#[tokio::test]
async fn every_view_answers_alike_on_both_databases_whatever_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let log = memory_log();
    let threads = conversations(&log).await;
    let head = log.reader().head().await.unwrap();
    let database = Postgres::shared().await.fresh_database().await;
    let postgres = Node::on_postgres(&log, &database.url()).await;
    let sqlite = Node::start(&log, ViewsLocation::Folder(folder.path().into()), catalogue::all()).await;
    postgres.reach(head).await;
    sqlite.reach(head).await;
    let now = Timestamp::now();
    assert_eq!(answers(&postgres.views, &threads, now).await, answers(&sqlite.views, &threads, now).await);
    for (thread, text) in threads.iter().zip(AWKWARD) {
        let messages = postgres.views.messages(thread.session(), Audience::Customer, None, 50).await.unwrap();
        assert_eq!(messages.iter().map(|m| m.content.as_deref()).collect::<Vec<_>>(), [Some(text); 3]);
        assert_eq!(postgres.views.find_by_name(thread.name.as_str()).await.unwrap(), [thread.session()]);
    }
}

#[tokio::test]
async fn every_node_answers_what_was_just_written_and_another_takes_over_from_a_dead_one() {
    let log = memory_log();
    let database = Postgres::shared().await.fresh_database().await;
    let first = Node::on_postgres(&log, &database.url()).await;
    let mut thread = Thread::new(&log, "s");
    first.reach(thread.says("a").await).await;
    let second = Node::on_postgres(&log, &database.url()).await;
    for _ in 0..20 {
        let position = thread.says("a").await;
        first.views.wait_for(position, Duration::from_secs(5)).await.unwrap();
        second.views.wait_for(position, Duration::from_secs(5)).await.unwrap();
        assert_eq!(second.views.session(thread.session()).await.unwrap().unwrap().position, position);
    }
    first.dies().await;
    second.reach(thread.says("b").await).await;
    let third = Node::on_postgres(&log, &database.url()).await;
    second.views.stop();
    second.task.await.unwrap();
    let last = thread.says("c").await;
    third.views.wait_for(last, Duration::from_secs(2)).await.expect("a node that stops lets go at once");
    let messages = third.views.messages(thread.session(), Audience::Customer, None, 50).await.unwrap();
    assert_eq!(messages.len(), 23);
}

#[tokio::test]
async fn nodes_that_start_together_make_one_generation() {
    let log = memory_log();
    let database = Postgres::shared().await.fresh_database().await;
    let url = database.url();
    let nodes = futures::future::join_all((0..4).map(|_| Node::on_postgres(&log, &url))).await;
    let last = Thread::new(&log, "s").says("a").await;
    for node in &nodes {
        node.reach(last).await;
        assert_eq!(node.views.generation(), 1);
    }
}

#[tokio::test]
async fn a_server_that_was_away_is_waited_for() {
    let log = memory_log();
    let server = Postgres::own().await;
    let database = server.fresh_database().await;
    let node = Node::on_postgres(&log, &database.url()).await;
    let mut thread = Thread::new(&log, "s");
    node.reach(thread.says("a").await).await;
    server.kill().await;
    let last = thread.says("b").await;
    assert!(node.views.wait_for(last, Duration::from_millis(500)).await.is_err());
    server.start().await;
    node.reach(last).await;
    assert_eq!(node.views.alarm(), None);
    assert_eq!(node.views.messages(thread.session(), Audience::Staff, None, 9).await.unwrap().len(), 2);
}

/// All projections, that of the sessions in version 2 with the tables of version 1.
fn second_version() -> ProjectionSet {
    let second = |one: &Arc<dyn Projection>| Arc::new(Second(one.clone()));
    catalogue::all().iter().map(|one| if one.name() == "session" { second(one) } else { one.clone() }).collect()
}

struct Second(Arc<dyn Projection>);

#[async_trait]
impl Projection for Second {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn version(&self) -> u32 {
        2
    }

    fn usable_since(&self) -> u32 {
        1
    }

    fn schema(&self) -> &'static [&'static str] {
        self.0.schema()
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        self.0.apply(tx, events).await
    }
}

#[tokio::test]
async fn two_versions_of_the_program_serve_side_by_side_while_one_replaces_the_other() {
    let log = memory_log();
    let database = Postgres::shared().await.fresh_database().await;
    let old = Node::on_postgres(&log, &database.url()).await;
    let mut thread = Thread::new(&log, "s");
    old.reach(thread.says("a").await).await;
    let location = || ViewsLocation::Postgres { url: database.url() };
    let new =
        [Node::start(&log, location(), second_version()).await, Node::start(&log, location(), second_version()).await];
    for node in &new {
        tokio::time::timeout(LONG, async {
            while node.views.generation() != 2 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .expect("it switches");
    }
    let last = thread.says("b").await;
    for node in new.iter().chain([&old]) {
        node.reach(last).await;
        assert_eq!(node.views.list(Some(Status::BotActive), 9, 0).await.unwrap().1, 1);
    }
    assert_eq!(old.views.generation(), 1);
}

#[tokio::test]
async fn a_damaged_event_stops_the_views_right_before_it() {
    use sqlx::Connection as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.db");
    let log = log_over(Arc::new(SqliteStore::open(&file).await.unwrap()));
    let mut thread = Thread::new(&log, "s");
    for _ in 0..20 {
        thread.says("a").await;
    }
    let mut connection = sqlx::SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
    let triggers: Vec<(String,)> = sqlx::query_as("select name from sqlite_master where type = 'trigger'")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    for (name,) in triggers {
        sqlx::query(sqlx::AssertSqlSafe(format!("drop trigger {name}"))).execute(&mut connection).await.unwrap();
    }
    sqlx::query("update event set recorded_at = replace(recorded_at, 'Z', '?') where position = 15")
        .execute(&mut connection)
        .await
        .unwrap();
    let node = Node::start(&log, ViewsLocation::Folder(folder.path().join("views")), catalogue::all()).await;
    node.reach(Position(14)).await;
    tokio::time::timeout(LONG, async {
        while node.views.alarm().is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("an alarm");
    assert_eq!((node.views.position(), node.views.alarm().unwrap().position), (Position(14), Position(15)));
}
