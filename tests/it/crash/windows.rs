//! Single moments of a crash: the log is left as a killed node leaves it there, and a server answers.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use commands::{
    Node,
    process::{ASSISTANT_RUN, ProcessStore},
};
use domain::{Incarnation, VisitorId};
use event_store::sql::{Access, Database};
use serde_json::Value;
use sqlx::Connection as _;
use tests::{
    desk::Desk,
    postgres::FreshDatabase,
    test_scale::{rng, seed},
};
use uuid::Uuid;

use super::{
    Backend,
    customers::{Chatter, Request},
    dead_node::DeadNode,
    proof::Recorded,
    proves_itself, until,
};

/// "At once" on a busy machine; far below the 10 s after which other nodes consider a node dead.
const AT_ONCE: Duration = Duration::from_secs(5);

/// A killed server, and a customer whose message it recorded.
struct Fixture {
    desk: Desk,
    backend: Backend,
    chatter: Chatter,
    visitor: VisitorId,
    request: Request,
}

impl Fixture {
    async fn set(test: &str, backend: Backend) -> Self {
        let desk = tokio::task::block_in_place(|| Desk::start(backend.setup().with_patient_rules()));
        let chatter = Chatter::new(&desk, 0);
        chatter.arrive().await;
        let visitor = VisitorId(opened_by(&desk.staff().log().await.unwrap()));
        let request = chatter.request(&mut rng(seed(test), 0));
        Self { desk, backend, chatter, visitor, request }
    }

    async fn on_sqlite(test: &str) -> Self {
        Self::set(test, Backend::Files).await
    }

    async fn on_postgres(test: &str) -> Self {
        Self::set(test, Backend::postgres().await).await
    }

    async fn on_kurrentdb(test: &str) -> Self {
        Self::set(test, Backend::kurrent().await).await
    }

    /// The PostgreSQL database that all nodes share.
    fn database(&self) -> FreshDatabase {
        self.backend.database().unwrap().clone()
    }

    async fn dead_node(&self) -> DeadNode {
        DeadNode::beside(&self.desk, &self.backend, Incarnation(Uuid::new_v4())).await
    }

    /// Killed after the message was recorded and before its run began.
    async fn killed_before_the_run(&mut self) {
        self.desk.kill();
        self.dead_node().await.took(self.visitor, &self.request).await;
    }

    /// Killed after the run began and before its reply.
    async fn killed_during_the_run(&mut self) {
        self.desk.kill();
        let dead = self.dead_node().await;
        let received = dead.took(self.visitor, &self.request).await;
        dead.began_to_answer(received.session).await;
    }

    fn start_again(&mut self) {
        let desk = &mut self.desk;
        tokio::task::block_in_place(|| desk.start_again());
    }

    /// The customer repeats the request; returns the attempt that answered it.
    async fn is_answered_at_once(&self) -> u64 {
        let started = Instant::now();
        let exchange = self.chatter.ask(&self.request).await;
        assert!(started.elapsed() < AT_ONCE, "answered after {:?}", started.elapsed());
        let recorded = Recorded::new(self.desk.staff().log().await.unwrap());
        recorded.holds_each_once(&[&exchange]);
        let reply = recorded.of_type("session.assistant_replied").next().unwrap();
        reply["data"]["attempt"].as_u64().unwrap()
    }
}

fn opened_by(log: &[Value]) -> Uuid {
    let opened = log.iter().find(|event| event["type"] == "session.opened").unwrap();
    opened["data"]["visitor"].as_str().unwrap().parse().unwrap()
}

async fn a_message_without_a_run(mut fixture: Fixture) {
    fixture.killed_before_the_run().await;
    fixture.start_again();
    assert_eq!(fixture.is_answered_at_once().await, 1);
}

async fn a_run_without_a_reply(mut fixture: Fixture) {
    fixture.killed_during_the_run().await;
    fixture.start_again();
    assert_eq!(fixture.is_answered_at_once().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn restarted_server_answers_a_message_without_a_run_at_once_on_sqlite() {
    a_message_without_a_run(Fixture::on_sqlite("message without a run").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restarted_server_answers_a_message_without_a_run_at_once_on_postgres() {
    a_message_without_a_run(Fixture::on_postgres("message without a run").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restarted_server_retakes_an_unfinished_run_at_once_on_sqlite() {
    a_run_without_a_reply(Fixture::on_sqlite("run without a reply").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restarted_server_retakes_an_unfinished_run_at_once_on_postgres() {
    a_run_without_a_reply(Fixture::on_postgres("run without a reply").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restarted_server_answers_a_message_without_a_run_at_once_on_kurrentdb() {
    a_message_without_a_run(Fixture::on_kurrentdb("message without a run").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn restarted_server_retakes_an_unfinished_run_at_once_on_kurrentdb() {
    a_run_without_a_reply(Fixture::on_kurrentdb("run without a reply").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_policy_store_forgets_no_message_on_sqlite() {
    let mut fixture = Fixture::on_sqlite("lost policy store").await;
    fixture.killed_during_the_run().await;
    for file in ["policies.db", "policies.db-wal", "policies.db-shm"] {
        drop(std::fs::remove_file(fixture.desk.data_dir().join(file)));
    }
    fixture.start_again();
    assert_eq!(fixture.is_answered_at_once().await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_policy_store_forgets_no_message_on_postgres() {
    let mut fixture = Fixture::on_postgres("lost policy store").await;
    fixture.killed_before_the_run().await;
    let mut admin = sqlx::PgConnection::connect(&fixture.database().admin_url()).await.unwrap();
    sqlx::raw_sql("drop schema policy cascade").execute(&mut admin).await.unwrap();
    fixture.start_again();
    assert_eq!(fixture.is_answered_at_once().await, 1);
}

/// A policy store restored from a backup lists a finished run as open.
#[tokio::test(flavor = "multi_thread")]
async fn stale_policy_store_answers_no_message_twice() {
    let mut fixture = Fixture::on_sqlite("policy store behind").await;
    fixture.killed_during_the_run().await;
    let (files, backup) = (Policies::of(fixture.desk.data_dir()), tempfile::tempdir().unwrap());
    fixture.dead_node().await.noted_what_is_open(&files.open().await, fixture.visitor, &fixture.request).await;
    files.copy_to(backup.path());
    fixture.start_again();
    assert_eq!(fixture.is_answered_at_once().await, 2);
    for n in 1..=5 {
        let request = Request { key: format!("later {n}"), ..fixture.request.clone() };
        fixture.chatter.ask(&request).await;
    }
    let before = fixture.desk.staff().log().await.unwrap();

    fixture.desk.kill();
    Policies::of(backup.path()).copy_to(fixture.desk.data_dir());
    fixture.start_again();
    let policies = files.open().await;
    let old = "select 1 from timer where policy = $1 and key = $1";
    until("the old timer is gone", AT_ONCE, async || {
        policies.fetch(old, &[ASSISTANT_RUN.into()]).await.unwrap().is_empty()
    })
    .await;
    let one_more = Request { key: "one more".to_owned(), ..fixture.request.clone() };
    fixture.chatter.ask(&one_more).await;
    let after = fixture.desk.staff().log().await.unwrap();
    assert_eq!(&after[..before.len()], &before);
    assert_eq!(after.len(), before.len() + 3, "sent, begun, answered: once");
    proves_itself(&fixture.backend.store(&fixture.desk));
}

/// The files of a policy store.
struct Policies {
    folder: PathBuf,
}

impl Policies {
    const FILES: [&str; 3] = ["policies.db", "policies.db-wal", "policies.db-shm"];

    fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    async fn open(&self) -> Database {
        Database::sqlite(&self.folder.join(Self::FILES[0]), Access::Durable).await.unwrap()
    }

    /// Copies all files and removes those that were there.
    fn copy_to(&self, folder: &Path) {
        for file in Self::FILES {
            drop(std::fs::remove_file(folder.join(file)));
            drop(std::fs::copy(self.folder.join(file), folder.join(file)));
        }
    }
}

/// Two nodes on one database: the run of the killed one is retaken by the other when its heartbeat is stale.
#[tokio::test(flavor = "multi_thread")]
async fn run_of_a_killed_node_is_retaken_once_its_heartbeat_is_stale() {
    let fixture = Fixture::on_postgres("run of a dead node").await;
    let database = fixture.database();
    let killed = Node::new("killed");
    let policies = Database::postgres(&database.url(), "policy", 1).await.unwrap();
    ProcessStore::new(policies).heartbeat(&killed).await.unwrap();
    let died = Instant::now();
    let dead = DeadNode::beside(&fixture.desk, &fixture.backend, killed.incarnation).await;
    let received = dead.took(fixture.visitor, &fixture.request).await;
    dead.began_to_answer(received.session).await;

    let exchange = fixture.chatter.ask(&fixture.request).await;
    let (took, recorded) = (died.elapsed(), Recorded::new(fixture.desk.staff().log().await.unwrap()));
    assert!((Duration::from_secs(9)..Duration::from_secs(16)).contains(&took), "retaken after {took:?}");
    recorded.holds_each_once(&[&exchange]);
    let attempts =
        recorded.of_type("session.assistant_run_started").map(|run| run["data"]["attempt"].as_u64().unwrap());
    assert_eq!(attempts.collect::<Vec<_>>(), [1, 2]);
}

/// The same with two real nodes: the one that holds the lease is killed.
#[tokio::test(flavor = "multi_thread")]
async fn message_taken_by_a_killed_node_is_answered_by_the_other_node() {
    the_other_node_answers(Fixture::on_postgres("message of a dead node").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn message_taken_by_a_killed_node_is_answered_by_the_other_node_on_kurrentdb() {
    the_other_node_answers(Fixture::on_kurrentdb("message of a dead node").await).await;
}

async fn the_other_node_answers(mut fixture: Fixture) {
    let other = tokio::task::block_in_place(|| Desk::start(fixture.backend.setup().with_patient_rules()));
    let first = Request { key: "first".to_owned(), ..fixture.request.clone() };
    fixture.chatter.exchanges.push(fixture.chatter.ask(&first).await);
    let log = other.staff().log().await.unwrap();
    let sent = log.iter().find(|event| event["type"] == "session.customer_message_sent").unwrap();
    let incarnation: Uuid = sent["data"]["incarnation"].as_str().unwrap().parse().unwrap();
    fixture.desk.kill();

    let dead = DeadNode::beside(&fixture.desk, &fixture.backend, Incarnation(incarnation)).await;
    let received = dead.took(fixture.visitor, &fixture.request).await;
    let message = received.message.to_string();
    until("the other node answers", Duration::from_secs(25), async || {
        let recorded = Recorded::new(other.staff().log().await.unwrap());
        recorded.endings().get(message.as_str()).is_some_and(|ends| ends.len() == 1)
    })
    .await;
    proves_itself(&fixture.backend.store(&fixture.desk));
}
