//! At least once, under the same key, with a growing delay, each attempt recorded.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use event_store::EventReader as _;
use serde_json::json;

use super::{BATCH, Delivery, DeliveryError, LONGEST_DELAY, OUTBOX, Worker, growing_delay};
use crate::process::{
    Context, Item, StoreError,
    fixture::{Fixture, ONE_OF_EACH},
    store::Commit,
};

/// Answers as it was told, then always takes it; remembers the keys that it was given.
#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<DeliveryError>>,
    keys: Mutex<Vec<String>>,
}

impl Scripted {
    fn refusing(answers: impl IntoIterator<Item = DeliveryError>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), keys: Mutex::default() })
    }

    fn keys(&self) -> Vec<String> {
        self.keys.lock().expect("no panic").clone()
    }
}

#[async_trait]
impl Delivery for Scripted {
    fn kind(&self) -> &str {
        "mail"
    }

    async fn deliver(&self, item: &Item, _: u32) -> Result<(), DeliveryError> {
        self.keys.lock().expect("no panic").push(item.key.clone());
        self.answers.lock().expect("no panic").pop_front().map_or(Ok(()), Err)
    }
}

fn retry() -> DeliveryError {
    DeliveryError::Retry { reason: "451".to_owned() }
}

fn item(key: &str) -> Item {
    Item { key: key.to_owned(), kind: "mail".to_owned(), payload: json!({}) }
}

/// Puts items there, as a process manager does.
async fn put(fixture: &Fixture, context: &Context, items: Vec<Item>) {
    let lease = context.store.acquire(ONE_OF_EACH, &context.node).await.expect("answers").expect("it is free");
    let log = fixture.memory.identity().await.expect("answers");
    let commit = Commit { items, ..Commit::default() };
    context.store.commit(&lease, &log, context.clock.now(), &commit).await.expect("it is written");
}

async fn worker<'a>(context: &'a Context, deliveries: &'a [Arc<dyn Delivery>]) -> Worker<'a> {
    let lease = context.store.acquire(OUTBOX, &context.node).await.expect("answers").expect("it is free");
    Worker { context, deliveries, lease }
}

async fn row(fixture: &Fixture) -> (i64, Option<String>, i64, bool) {
    let sql = "select attempts, last_error, delivered, settled_at from outbox";
    let rows = fixture.database.fetch(sql, &[]).await.expect("answers");
    let row = &rows[0];
    let (attempts, error) = (row.int(0).expect("a number"), row.optional_text(1).expect("a text"));
    let (delivered, settled) = (row.int(2).expect("a number"), row.optional_float(3).expect("a time"));
    (attempts, error, delivered, settled.is_some())
}

#[test]
fn delays_double_up_to_an_hour_and_vary_by_a_quarter() {
    for (attempt, longest) in [(1, 2), (2, 4), (6, 64), (12, 3600), (u32::MAX, 3600)] {
        let longest = Duration::from_secs(longest);
        let delay = growing_delay(attempt);
        assert!(delay <= longest && delay >= longest.mul_f64(0.75), "{attempt}: {delay:?}");
    }
    assert_eq!(LONGEST_DELAY, Duration::from_secs(3600));
}

#[tokio::test]
async fn an_item_is_tried_after_growing_delays_until_it_is_taken_and_each_attempt_is_recorded() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let scripted = Scripted::refusing([retry(), retry()]);
    let deliveries: [Arc<dyn Delivery>; 1] = [scripted.clone()];
    put(&fixture, &context, vec![item("k")]).await;
    let worker = worker(&context, &deliveries).await;
    assert_eq!(worker.deliver_due().await.expect("answers"), 1);
    assert_eq!(row(&fixture).await, (1, Some("451".to_owned()), 0, false));
    assert_eq!(worker.deliver_due().await.expect("answers"), 0, "not before its delay");
    fixture.advance(2);
    assert_eq!(worker.deliver_due().await.expect("answers"), 1);
    fixture.advance(2);
    assert_eq!(worker.deliver_due().await.expect("answers"), 0, "the delay grows");
    fixture.advance(2);
    assert_eq!(worker.deliver_due().await.expect("answers"), 1);
    assert_eq!(row(&fixture).await, (3, None, 1, true));
    fixture.advance(7200);
    assert_eq!(worker.deliver_due().await.expect("answers"), 0);
    assert_eq!(scripted.keys(), ["k", "k", "k"]);
}

#[tokio::test]
async fn what_will_never_be_taken_is_given_up_and_kept_with_its_reason() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let scripted = Scripted::refusing([DeliveryError::Permanent { reason: "550".to_owned() }]);
    let deliveries: [Arc<dyn Delivery>; 1] = [scripted.clone()];
    put(&fixture, &context, vec![item("k")]).await;
    let worker = worker(&context, &deliveries).await;
    worker.deliver_due().await.expect("answers");
    fixture.advance(7200);
    assert_eq!(worker.deliver_due().await.expect("answers"), 0);
    assert_eq!(row(&fixture).await, (1, Some("550".to_owned()), 0, true));
}

#[tokio::test]
async fn an_item_that_nothing_delivers_waits_and_says_so() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    put(&fixture, &context, vec![item("k")]).await;
    worker(&context, &[]).await.deliver_due().await.expect("answers");
    assert_eq!(row(&fixture).await, (1, Some("nothing delivers this kind".to_owned()), 0, false));
}

/// Whatever it dies between, the next one sends the item once more at most, under the same key.
#[tokio::test]
async fn a_crash_around_a_delivery_sends_the_item_again_only_under_its_key() {
    for is_sent in [false, true] {
        let fixture = Fixture::new().await;
        let context = fixture.node("a").await;
        let scripted = Scripted::refusing([]);
        let deliveries: [Arc<dyn Delivery>; 1] = [scripted.clone()];
        put(&fixture, &context, vec![item("k")]).await;
        let dying = worker(&context, &deliveries).await;
        let due = context.store.due_items(context.clock.now(), BATCH).await.expect("answers");
        let next = context.clock.now() + jiff::SignedDuration::from_secs(5);
        context.store.begin_attempt(&dying.lease, &due[0], next).await.expect("answers");
        if is_sent {
            dying.send(&due[0].item, 1).await.expect("it is taken");
        }
        drop(dying);

        let again = fixture.node("a").await;
        let worker = worker(&again, &deliveries).await;
        assert_eq!(worker.deliver_due().await.expect("answers"), 0, "not without a pause");
        fixture.advance(5);
        assert_eq!(worker.deliver_due().await.expect("answers"), 1);
        assert_eq!(scripted.keys(), vec!["k"; 1 + usize::from(is_sent)]);
        assert_eq!(row(&fixture).await, (2, None, 1, true));
    }
}

#[tokio::test]
async fn the_same_key_is_put_there_once() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    put(&fixture, &context, vec![item("k"), item("k")]).await;
    put(&fixture, &context, vec![item("k"), item("l")]).await;
    assert_eq!(fixture.count("select count(*) from outbox").await, 2);
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_records_nothing() {
    let fixture = Fixture::new().await;
    let (context, other) = (fixture.node("a").await, fixture.node("b").await);
    let deliveries: [Arc<dyn Delivery>; 1] = [Scripted::refusing([])];
    put(&fixture, &context, vec![item("k")]).await;
    let frozen = worker(&context, &deliveries).await;
    fixture.expire_leases().await;
    let holder = worker(&other, &deliveries).await;
    let refused = frozen.deliver_due().await;
    assert!(matches!(refused, Err(StoreError::Fenced { .. })), "{refused:?}");
    assert_eq!(row(&fixture).await, (0, None, 0, false));
    assert_eq!(holder.deliver_due().await.expect("answers"), 1);
}

#[tokio::test]
async fn a_backlog_is_delivered_batch_by_batch() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let scripted = Scripted::refusing([]);
    let deliveries: [Arc<dyn Delivery>; 1] = [scripted.clone()];
    put(&fixture, &context, (0..=BATCH).map(|n| item(&n.to_string())).collect()).await;
    let worker = worker(&context, &deliveries).await;
    assert_eq!(worker.deliver_due().await.expect("answers"), BATCH);
    assert_eq!(worker.deliver_due().await.expect("answers"), 1);
    assert_eq!(scripted.keys().len(), BATCH + 1);
}
