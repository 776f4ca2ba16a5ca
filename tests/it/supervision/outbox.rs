//! The outbox meets a delivery that panics, and a store that is away: what was not delivered is delivered once it goes on, and the
//! operator sees why it did not.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use api::{startup::followers, supervision::FollowerState};
use async_trait::async_trait;
use commands::{
    Accounts,
    process::{Context, Delivery, DeliveryError, Item, ProcessStore, Processes, store::Commit},
};
use event_store::{
    Clock, EventReader as _,
    migration::migrate_policy,
    sql::{Access, Database},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tempfile::TempDir;

use super::fixture::Fixture;

/// Longer than an item waits after an attempt of which nobody knows how it ended.
const AFTER_AN_ATTEMPT: SignedDuration = SignedDuration::from_secs(120);

/// The machine's clock, set ahead by so much.
#[derive(Debug, Default)]
struct Ahead(Mutex<SignedDuration>);

#[async_trait]
impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        Timestamp::now() + *self.0.lock().unwrap()
    }

    async fn sleep_until(&self, _due: Timestamp) {
        unreachable!("the outbox looks at the clock and does not wait by it");
    }
}

/// Takes every item, but for a panic when it is told to.
#[derive(Default)]
struct Mailbox {
    panics: AtomicBool,
    keys: Mutex<Vec<String>>,
}

#[async_trait]
impl Delivery for Mailbox {
    fn kind(&self) -> &str {
        "mail"
    }

    async fn deliver(&self, item: &Item, _: u32) -> Result<(), DeliveryError> {
        assert!(!self.panics.swap(false, Ordering::SeqCst), "an injected panic");
        self.keys.lock().unwrap().push(item.key.clone());
        Ok(())
    }
}

/// A node whose outbox is supervised.
struct Outbox {
    fixture: Fixture,
    context: Context,
    database: Database,
    clock: Arc<Ahead>,
    mailbox: Arc<Mailbox>,
    _folder: TempDir,
}

impl Outbox {
    async fn new() -> Self {
        let (fixture, folder) = (Fixture::with_events(1).await, tempfile::tempdir().unwrap());
        let database = Database::sqlite(&folder.path().join("policies.db"), Access::Durable).await.unwrap();
        migrate_policy(&database).await.unwrap();
        let (runner, clock) = (fixture.runner(), Arc::new(Ahead::default()));
        let context = Context {
            store: ProcessStore::new(database.clone()),
            sessions: runner.sessions().clone(),
            accounts: Arc::new(Accounts::new(runner.sessions().log().clone(), runner.sessions().log_id())),
            tail: fixture.tail().await,
            clock: clock.clone(),
            node: runner.node().clone(),
        };
        Self { fixture, context, database, clock, mailbox: Arc::default(), _folder: folder }
    }

    async fn start(&self) {
        let deliveries: Vec<Arc<dyn Delivery>> = vec![self.mailbox.clone()];
        let processes = Arc::new(Processes::start(self.context.clone(), Vec::new(), deliveries).await.unwrap());
        followers::process_managers(&processes).for_each(|outbox| self.fixture.supervisor.start(outbox));
    }

    /// Puts an item there, as a process manager does.
    async fn put(&self, key: &str) {
        let lease = self.context.store.acquire("a manager", &self.context.node).await.unwrap().unwrap();
        let log = self.fixture.faulty.identity().await.unwrap();
        let item = Item { key: key.to_owned(), kind: "mail".to_owned(), payload: json!({}) };
        let commit = Commit { items: vec![item], ..Commit::default() };
        self.context.store.commit(&lease, &log, self.clock.now(), &commit).await.unwrap();
    }

    async fn execute(&self, sql: &str) {
        let mut tx = self.database.begin().await.unwrap();
        tx.execute(sql, &[]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Waits until these items have been delivered and the outbox works, after so many restarts by the supervisor.
    async fn has_delivered(&self, keys: &[&str], restarts: u64) {
        let status = self.fixture.status_when("it has delivered", |status| {
            *self.mailbox.keys.lock().unwrap() == keys && status.state == FollowerState::Running
        });
        assert_eq!(status.await.restarts, restarts);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_outbox_goes_on_after_a_panic_in_a_delivery_and_delivers_the_item() {
    let outbox = Outbox::new().await;
    outbox.put("first").await;
    outbox.mailbox.panics.store(true, Ordering::SeqCst);
    outbox.start().await;
    outbox.fixture.status_when("it is started again", |status| status.restarts == 1).await;
    *outbox.clock.0.lock().unwrap() += AFTER_AN_ATTEMPT;
    outbox.has_delivered(&["first"], 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_outbox_shows_that_its_store_is_away_and_delivers_once_it_is_back() {
    let outbox = Outbox::new().await;
    outbox.start().await;
    outbox.put("first").await;
    outbox.has_delivered(&["first"], 0).await;

    outbox.put("second").await;
    outbox.execute("alter table outbox rename to away").await;
    let is_second = |state: &FollowerState| matches!(state, FollowerState::Restarting { attempt: 2, .. });
    let status = outbox.fixture.status_when("it says so", |status| is_second(&status.state)).await;
    let FollowerState::Restarting { error, .. } = status.state else { panic!("{status:?}") };
    assert!(error.contains("outbox"), "{error}");
    outbox.execute("alter table away rename to outbox").await;
    outbox.has_delivered(&["first", "second"], 0).await;
}
