//! Views on PostgreSQL: the same answers as on SQLite, one writer among several nodes, outages, new generations.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use domain::{
    Language,
    session::{
        Status,
        event::{EscalationReason, Outcome},
        notice::Notice,
    },
    text::SessionName,
};
use event_store::{
    EventStore, Log, Position, Vault,
    memory::MemoryStore,
    sql::{SqlError, Transaction},
    sqlite::SqliteStore,
};
use jiff::Timestamp;
use journal::{Decoded, Journal, Tail};
use projections::{Audience, NoticeView, Projection, ProjectionSet, Role, Views, ViewsLocation, catalogue};
use testkit::SessionDriver;
use tests::postgres::Postgres;
use tokio::task::JoinHandle;

/// Timeout on a slow machine.
const LONG: Duration = Duration::from_secs(30);
const AWKWARD: [&str; 6] = [
    "👨‍👩‍👧 🚲 ́",
    "שלום \u{202e}abc \u{2066}x",
    "'; drop table session; --\"\\ $1 %_",
    "\u{ffff}\u{fffe}\u{fffd}\u{10ffff}\u{feff}",
    "\r\n\t\u{7f}\u{1b}[2J\u{1}",
    "{\"a\":\"\\u0000\"}",
];

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

/// Everything that the views answer about these sessions, in one text.
async fn answers(views: &Views, sessions: &[SessionDriver], now: Timestamp) -> String {
    let mut text = String::new();
    for driver in sessions {
        let session = views.session(driver.session()).await.unwrap().unwrap();
        let escalation = session.escalation.as_ref().map(|e| (e.reason, &e.rule, e.severity, &e.details, e.trigger_at));
        text += &format!("{session:?} {:?} {escalation:?} {:?}\n", session.name, session.updated_at);
        for audience in [Audience::Customer, Audience::Staff] {
            for m in views.messages(driver.session(), audience, None, 50).await.unwrap() {
                text += &format!("{m:?} {:?} {:?} {} {} {:?}\n", m.content, m.at, m.hidden, m.withheld, m.shown);
            }
        }
        text += &format!("{:?}\n", views.audit_trail(driver.session(), Position::START, 100).await.unwrap());
    }
    let (page, total) = views.list(None, 50, 0).await.unwrap();
    for row in page {
        text += &format!("{row:?} {:?}\n", row.last_message.as_ref().map(|message| &message.content));
    }
    text + &format!("{total} {:?}", views.statistics(now, Timestamp::UNIX_EPOCH).await.unwrap())
}

/// Sessions in every status, with awkward texts everywhere that a text can stand.
async fn conversations(log: &Log) -> Vec<SessionDriver> {
    let mut sessions = Vec::new();
    let long = "电".repeat(5_000);
    for (number, text) in AWKWARD.into_iter().chain([&*long]).enumerate() {
        let name: String = text.chars().filter(|c| SessionName::parse(c.to_string() + "x").is_ok()).take(100).collect();
        let mut driver = SessionDriver::new(log, &format!("{name}{number}"));
        driver.asks(text, text, Outcome::Answered).says(text);
        if number % 2 == 0 {
            driver.escalates_with(EscalationReason::Keyword, text);
        }
        if number % 3 == 0 {
            driver.is_taken_over();
        }
        driver.write().await;
        sessions.push(driver);
    }
    sessions
}

#[tokio::test]
async fn views_answer_alike_on_both_databases_for_awkward_texts() {
    let folder = tempfile::tempdir().unwrap();
    let log = memory_log();
    let sessions = conversations(&log).await;
    let head = log.reader().head().await.unwrap();
    let database = Postgres::shared().await.fresh_database().await;
    let postgres = Node::on_postgres(&log, &database.url()).await;
    let sqlite = Node::start(&log, ViewsLocation::Folder(folder.path().into()), catalogue::all()).await;
    postgres.reach(head).await;
    sqlite.reach(head).await;
    let now = Timestamp::now();
    assert_eq!(answers(&postgres.views, &sessions, now).await, answers(&sqlite.views, &sessions, now).await);
    for (number, (driver, text)) in sessions.iter().zip(AWKWARD).enumerate() {
        let messages = postgres.views.messages(driver.session(), Audience::Customer, None, 50).await.unwrap();
        let shown: Vec<_> = messages.iter().map(|one| (one.role, one.content.as_deref(), one.notice)).collect();
        let told = |notice| (Role::System, None, Some(NoticeView { language: Language::Zh, notice }));
        let mut expected = [Role::User, Role::Assistant, Role::User].map(|role| (role, Some(text), None)).to_vec();
        expected.extend((number % 2 == 0).then(|| told(Notice::Queued)));
        expected.extend((number % 3 == 0).then(|| told(Notice::AgentJoined { agent: driver.agent() })));
        assert_eq!(shown, expected);
        assert_eq!(postgres.views.find_by_name(driver.name()).await.unwrap(), [driver.session()]);
    }
}

#[tokio::test]
async fn nodes_serve_new_events_at_once_and_replace_a_dead_writer() {
    let log = memory_log();
    let database = Postgres::shared().await.fresh_database().await;
    let first = Node::on_postgres(&log, &database.url()).await;
    let mut driver = SessionDriver::new(&log, "s");
    first.reach(driver.says("a").write().await.unwrap()).await;
    let second = Node::on_postgres(&log, &database.url()).await;
    for _ in 0..20 {
        let position = driver.says("a").write().await.unwrap();
        first.views.wait_for(position, Duration::from_secs(5)).await.unwrap();
        second.views.wait_for(position, Duration::from_secs(5)).await.unwrap();
        assert_eq!(second.views.session(driver.session()).await.unwrap().unwrap().position, position);
    }
    first.dies().await;
    second.reach(driver.says("b").write().await.unwrap()).await;
    let third = Node::on_postgres(&log, &database.url()).await;
    second.views.stop();
    second.task.await.unwrap();
    let last = driver.says("c").write().await.unwrap();
    third.views.wait_for(last, Duration::from_secs(2)).await.expect("a node that stops lets go at once");
    let messages = third.views.messages(driver.session(), Audience::Customer, None, 50).await.unwrap();
    assert_eq!(messages.len(), 23);
}

#[tokio::test]
async fn concurrent_first_starts_make_one_view_generation() {
    let log = memory_log();
    let database = Postgres::shared().await.fresh_database().await;
    let url = database.url();
    let nodes = futures::future::join_all((0..4).map(|_| Node::on_postgres(&log, &url))).await;
    let last = SessionDriver::new(&log, "s").says("a").write().await.unwrap();
    for node in &nodes {
        node.reach(last).await;
        assert_eq!(node.views.generation(), 1);
    }
}

#[tokio::test]
async fn views_resume_after_a_postgres_outage() {
    let log = memory_log();
    let server = Postgres::own().await;
    let database = server.fresh_database().await;
    let node = Node::on_postgres(&log, &database.url()).await;
    let mut driver = SessionDriver::new(&log, "s");
    node.reach(driver.says("a").write().await.unwrap()).await;
    server.kill().await;
    let last = driver.says("b").write().await.unwrap();
    assert!(node.views.wait_for(last, Duration::from_millis(500)).await.is_err());
    server.start().await;
    node.reach(last).await;
    assert_eq!(node.views.alarm(), None);
    assert_eq!(node.views.messages(driver.session(), Audience::Staff, None, 9).await.unwrap().len(), 2);
}

/// All views, with the session view in version 2 on the tables of version 1.
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
        self.0.version() + 1
    }

    fn usable_since(&self) -> u32 {
        self.0.version()
    }

    fn schema(&self) -> &'static [&'static str] {
        self.0.schema()
    }

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        self.0.apply(tx, events).await
    }
}

#[tokio::test]
async fn two_program_versions_serve_side_by_side_during_an_upgrade() {
    let log = memory_log();
    let database = Postgres::shared().await.fresh_database().await;
    let old = Node::on_postgres(&log, &database.url()).await;
    let mut driver = SessionDriver::new(&log, "s");
    old.reach(driver.says("a").write().await.unwrap()).await;
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
    let last = driver.says("b").write().await.unwrap();
    for node in new.iter().chain([&old]) {
        node.reach(last).await;
        assert_eq!(node.views.list(Some(Status::BotActive), 9, 0).await.unwrap().1, 1);
    }
    assert_eq!(old.views.generation(), 1);
}

#[tokio::test]
async fn damaged_event_stops_the_views_before_it_with_an_alarm() {
    use sqlx::Connection as _;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.db");
    let log = log_over(Arc::new(SqliteStore::open(&file).await.unwrap()));
    let mut driver = SessionDriver::new(&log, "s");
    for _ in 0..20 {
        driver.says("a").write().await;
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
    // As after a restart: who wrote the events has them in memory.
    let log = Log::new(Arc::new(SqliteStore::open(&file).await.unwrap()), log.vault().clone());
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
