//! Process managers on PostgreSQL, where nodes share the work: one holder each, and whoever lost a lease can neither write nor
//! repeat a command.

use std::sync::Arc;

use commands::{
    CommandId, Node, Sessions, Workspace,
    executor::{CommandMetadata, Execution},
    process::{
        Action, ProcessManager, ProcessStore, StoreError, Timer,
        store::{Commit, Lease, WorkspaceKind},
    },
    sessions::{OpenSession, stream_of},
    workspace::{DraftKind, KEPT},
};
use domain::{
    AgentId, Incarnation, SessionId, VisitorId,
    session::{Command, event::CloseReason},
    text::{MessageText, SessionName},
};
use event_store::{
    Actor, Clock as _, EventReader as _, EventStore, Log, Position, StreamName, Vault,
    clock::ManualClock,
    migration::{POSTGRES_POLICY, migrate_policy},
    postgres::PostgresStore,
    sql::Database,
};
use jiff::{SignedDuration, Timestamp};
use journal::Decoded;
use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use tests::postgres::{FreshDatabase, Postgres};
use uuid::Uuid;

const NAME: &str = "test";

/// Reacts to nothing: the test says what is committed.
struct Quiet;

impl ProcessManager for Quiet {
    fn name(&self) -> &'static str {
        NAME
    }

    fn react(&self, _: &mut Value, _: &Decoded) -> Vec<Action> {
        Vec::new()
    }

    fn on_timer(&self, _: &Timer) -> Vec<Action> {
        Vec::new()
    }
}

/// One of the nodes on a database.
struct Member {
    node: Node,
    store: ProcessStore,
    log: Arc<PostgresStore>,
    sessions: Sessions,
}

impl Member {
    async fn join(database: &FreshDatabase, vault: &Arc<Vault>, name: &str) -> Self {
        let policies = policies_of(database).await;
        migrate_policy(&policies).await.unwrap();
        let (node, store) = (Node::new(name), ProcessStore::new(policies));
        store.heartbeat(&node).await.unwrap();
        let log = Arc::new(database.open().await);
        let log_id = log.identity().await.unwrap().log_id;
        let sessions = Sessions::new(Log::new(log.clone() as Arc<dyn EventStore>, vault.clone()), log_id);
        Self { node, store, log, sessions }
    }

    async fn acquire(&self) -> Option<Lease> {
        self.store.acquire(NAME, &self.node).await.unwrap()
    }

    async fn set(&self, lease: &Lease, timer: Timer) -> Result<(), StoreError> {
        let log = self.log.identity().await.unwrap();
        let timers = [((timer.stream.clone(), timer.key.clone()), Some(timer))].into();
        self.store.commit(lease, &log, Timestamp::now(), &Commit { timers, ..Commit::default() }).await
    }

    /// Sends the command that a timer causes, each node with a content of its own.
    async fn close(&self, session: SessionId, cause: Uuid, reason: CloseReason) -> bool {
        let metadata = CommandMetadata {
            actor: Actor::new("policy", NAME),
            correlation_id: cause,
            causation_id: None,
            id: CommandId::caused(self.sessions.log_id(), NAME, cause, "close"),
        };
        let executed = self
            .sessions
            .execute(
                session,
                &metadata,
                Command::Close {
                    reason,
                    notice: testkit::session::new_message(),
                    by: None,
                    at: testkit::session::circumstances().at,
                },
            )
            .await
            .unwrap();
        matches!(executed, Execution::Done(_))
    }
}

async fn policies_of(database: &FreshDatabase) -> Database {
    Database::postgres(&database.url(), "policy", 2).await.unwrap()
}

async fn run(database: &FreshDatabase, sql: &str) {
    let mut tx = policies_of(database).await.begin().await.unwrap();
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

fn timer(stream: StreamName, life: Option<Incarnation>) -> Timer {
    Timer { stream, key: "k".to_owned(), due: Timestamp::UNIX_EPOCH, payload: json!({}), life }
}

#[tokio::test]
async fn holder_whose_lease_was_taken_writes_nothing_and_its_commands_change_nothing() {
    let (database, vault) = (Postgres::shared().await.fresh_database().await, Arc::new(Vault::in_memory()));
    let (frozen, other) = (Member::join(&database, &vault, "a").await, Member::join(&database, &vault, "b").await);
    let name = SessionName::parse("s".to_owned()).unwrap();
    let visitor = VisitorId(Uuid::new_v4());
    let request = OpenSession { visitor, name, key: None, correlation_id: Uuid::new_v4() };
    let session = frozen.sessions.open(request).await.unwrap().session;
    let (stream, stale) = (stream_of(session), frozen.acquire().await.unwrap());
    frozen.store.begin(&stale, &Quiet, &*frozen.log).await.unwrap();
    frozen.set(&stale, timer(stream.clone(), None)).await.unwrap();
    let due = frozen.store.due_timers(NAME, Timestamp::now(), 10).await.unwrap();
    assert_eq!(due, [timer(stream.clone(), None)]);
    assert!(other.acquire().await.is_none(), "one holder at a time");

    run(&database, "update lease set expires_at = 0").await;
    let current = other.acquire().await.unwrap();
    assert!(other.close(session, due[0].cause(), CloseReason::Idle).await);
    other.set(&current, timer(StreamName::of("session", Uuid::nil()), None)).await.unwrap();
    let head = other.log.head().await.unwrap();

    assert!(!frozen.close(session, due[0].cause(), CloseReason::Resolved).await, "the stored event is the outcome");
    assert_eq!(frozen.log.head().await.unwrap(), head);
    let late = frozen.set(&stale, timer(stream, Some(frozen.node.incarnation))).await;
    assert!(matches!(late, Err(StoreError::Fenced { .. })), "{late:?}");
    assert!(!frozen.store.renew(&stale).await.unwrap());
    assert!(frozen.store.lives(NAME).await.unwrap().is_empty());
}

#[tokio::test]
async fn timers_of_a_life_that_is_over_are_found_and_those_of_living_nodes_are_not() {
    let (database, vault) = (Postgres::shared().await.fresh_database().await, Arc::new(Vault::in_memory()));
    let (a, b) = (Member::join(&database, &vault, "a").await, Member::join(&database, &vault, "b").await);
    let lease = a.acquire().await.unwrap();
    for n in 0..100 {
        let life = if n % 2 == 0 { &a } else { &b }.node.incarnation;
        a.set(&lease, timer(StreamName::of("session", Uuid::from_u128(n)), Some(life))).await.unwrap();
    }
    let over = async || {
        let lives = a.store.lives(NAME).await.unwrap();
        assert_eq!(lives.len(), 2);
        lives.into_iter().filter(|life| life.is_over).map(|life| life.incarnation).collect::<Vec<_>>()
    };
    assert_eq!(over().await, []);
    run(&database, "update node set heartbeat_at = heartbeat_at - 11 where id = 'b'").await;
    assert_eq!(over().await, [b.node.incarnation]);
    assert_eq!(a.store.timers_of(NAME, b.node.incarnation, 30).await.unwrap().len(), 30);
}

#[tokio::test]
async fn store_of_the_previous_version_keeps_its_cursor_and_timers() {
    let database = Postgres::shared().await.fresh_database().await;
    let policies = policies_of(&database).await;
    let Database::Postgres(pool) = &policies else { panic!("it is a schema") };
    sqlx::raw_sql("create schema policy").execute(pool).await.unwrap();
    Migrator::with_migrations(POSTGRES_POLICY.iter().take(2).cloned().collect()).run(pool).await.unwrap();
    let (life, stream) = (Incarnation(Uuid::from_u128(7)), StreamName::of("session", Uuid::from_u128(1)));
    let insert = format!(
        "insert into timer values ('{NAME}', '{stream}', '{NAME}', 1700000000.25, '{life}'), \
         ('{NAME}', 'session-x', '{NAME}', 1700000001, 'malformed')",
        stream = stream.as_str()
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(pool).await.unwrap();
    migrate_policy(&policies).await.unwrap();
    let timers = ProcessStore::new(policies).due_timers(NAME, Timestamp::now(), 10).await.unwrap();
    assert_eq!((timers.len(), &timers[0].stream, timers[0].life, timers[1].life), (2, &stream, Some(life), None));
    assert_eq!(timers[0].due.as_millisecond(), 1_700_000_000_250);
}

/// The same statements as on SQLite, where the use cases are tested.
#[tokio::test(flavor = "multi_thread")]
async fn what_agents_keep_for_themselves_is_kept_removed_and_tidied() {
    let (database, vault) = (Postgres::shared().await.fresh_database().await, Arc::new(Vault::in_memory()));
    let policies = policies_of(&database).await;
    migrate_policy(&policies).await.unwrap();
    let store = ProcessStore::new(policies);
    let clock = Arc::new(ManualClock::new("2026-11-30T12:00:00Z".parse().unwrap()));
    let workspace = Workspace::new(store.clone(), vault.clone(), clock.clone());
    let [one, other] = [1, 2].map(|n| (SessionId(Uuid::from_u128(n)), VisitorId(Uuid::from_u128(0x10 + n))));
    let (agent, text) = (AgentId(Uuid::from_u128(7)), MessageText::parse("Hello".to_owned()).unwrap());
    for of in [one, other] {
        workspace.save_draft(of, agent, DraftKind::Reply, &text).await.unwrap();
        workspace.mark_read(of, agent, Position(5)).await.unwrap();
    }
    assert_eq!(workspace.mark_read(one, agent, Position(4)).await.unwrap(), Position(5));
    assert_eq!(workspace.read_up_to(agent, &[one.0, other.0]).await.unwrap().len(), 2);
    assert_eq!(workspace.draft(one.0, agent, DraftKind::Reply).await.unwrap().unwrap().text, "Hello");
    workspace.remove_draft(one.0, agent, DraftKind::Reply).await.unwrap();
    assert_eq!(workspace.drafts(agent).await.unwrap().len(), 1);
    vault.erase_subject(other.1.0, clock.now()).await.unwrap();
    workspace.tidy_once().await.unwrap();
    assert!(workspace.drafts(agent).await.unwrap().is_empty());
    clock.advance(KEPT + SignedDuration::from_secs(1));
    workspace.tidy_once().await.unwrap();
    assert!(store.workspace_rows(agent, WorkspaceKind::Read, None).await.unwrap().is_empty());
}
