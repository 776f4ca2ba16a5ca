//! New to a log, or its store lost: history is read without acting, and what is open at its end is done slowly.

use std::time::Duration;

use domain::session::Event;
use journal::Decoded;
use serde_json::Value;

use super::super::worker::TIMERS;
use crate::process::{
    Action, Beginning, ProcessManager, Timer,
    fixture::{Fixture, ONE_OF_EACH, OneOfEach, Running, start, until},
};

const MESSAGES: u128 = 120;

fn is_closed(event: &Event) -> bool {
    matches!(event, Event::Closed(_))
}

/// Longer than a look at the timers takes to come.
async fn some_looks() {
    tokio::time::sleep(Duration::from_millis(700)).await;
}

async fn closed(fixture: &Fixture, count: usize) {
    until(&format!("{count} are closed"), async || fixture.events_like(is_closed).await == count).await;
    some_looks().await;
    assert_eq!(fixture.events_like(is_closed).await, count, "more than {TIMERS} in a second");
}

async fn caught_up(running: &Running) {
    until("it has read all", async || running.status.watch().borrow().is_caught_up).await;
}

#[tokio::test]
async fn history_is_read_without_acting_and_what_is_open_is_done_at_fifty_a_second() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    for n in 1..=MESSAGES {
        fixture.message(&context, n).await;
    }
    let running = start(&context, OneOfEach);
    caught_up(&running).await;
    until("timers are kept", async || fixture.count("select count(*) from timer").await == 120).await;
    assert_eq!(fixture.events_like(|event| matches!(event, Event::Escalated(_))).await, 0, "it acted on history");
    assert_eq!(fixture.count("select count(*) from outbox").await, 0, "it acted on history");
    assert_eq!(fixture.count("select count(*) from state").await, 120);
    running.task.abort();

    // The same once more with nothing kept, when the timers of history are due.
    // With a minute for what a busy machine takes: events are of the real time.
    fixture.advance(3660);
    for table in ["timer", "state", "checkpoint", "lease"] {
        fixture.execute(&format!("delete from {table}")).await;
    }
    let running = start(&context, OneOfEach);
    closed(&fixture, TIMERS).await;
    fixture.advance(1);
    closed(&fixture, 2 * TIMERS).await;

    // What is new is not held up by what is old.
    fixture.message(&context, MESSAGES + 1).await;
    until("it acts on what is new", async || {
        fixture.events_like(|event| matches!(event, Event::Escalated(_))).await == 1
    })
    .await;

    // The pace is kept by whoever goes on.
    running.task.abort();
    let next = fixture.node("a").await;
    let running = start(&next, OneOfEach);
    closed(&fixture, 121).await;
    fixture.advance(1);
    until("history is over", async || {
        fixture.count("select count(*) from checkpoint where history_until is null").await == 1
    })
    .await;
    running.stop.send_replace(true);
    running.task.await.expect("it does not panic").expect("it was told to stop");
    let cursor = next.store.cursor(ONE_OF_EACH, &fixture.memory).await.expect("answers").expect("it is there");
    assert!(cursor.history_until.is_none());
}

/// As [`OneOfEach`], but what happened before it was there is no business of it.
struct FromTheHead;

impl ProcessManager for FromTheHead {
    fn name(&self) -> &'static str {
        ONE_OF_EACH
    }

    fn beginning(&self) -> Beginning {
        Beginning::Head
    }

    fn keeps_state(&self) -> bool {
        true
    }

    fn react(&self, state: &mut Value, event: &Decoded) -> Vec<Action> {
        OneOfEach.react(state, event)
    }

    fn on_timer(&self, timer: &Timer) -> Vec<Action> {
        OneOfEach.on_timer(timer)
    }
}

/// How much is kept: timers, states, items of the outbox.
async fn rows_stored(fixture: &Fixture) -> [i64; 3] {
    let mut kept = [0; 3];
    for (count, table) in kept.iter_mut().zip(["timer", "state", "outbox"]) {
        *count = fixture.count(&format!("select count(*) from {table}")).await;
    }
    kept
}

#[tokio::test]
async fn one_that_begins_at_the_head_does_nothing_about_history_and_acts_on_every_event_after_it() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    for n in 1..=3 {
        fixture.message(&context, n).await;
    }
    let head = fixture.head().await;
    let running = start(&context, FromTheHead);
    caught_up(&running).await;
    some_looks().await;
    assert_eq!((rows_stored(&fixture).await, fixture.head().await), ([0; 3], head));
    let cursor = context.store.cursor(ONE_OF_EACH, &fixture.memory).await.expect("answers").expect("it is there");
    assert_eq!((cursor.position, cursor.history_until), (head, None));

    fixture.message(&context, 4).await;
    until("it acts on what is new", async || rows_stored(&fixture).await == [1; 3]).await;
    running.task.abort();

    // The head is where it began once, not where each life begins.
    fixture.expire_leases().await;
    let next = fixture.node("a").await;
    fixture.message(&next, 5).await;
    let running = start(&next, FromTheHead);
    until("it acts on what came meanwhile", async || rows_stored(&fixture).await == [2; 3]).await;
    assert_eq!(fixture.events_like(|event| matches!(event, Event::Escalated(_))).await, 2);
    running.task.abort();
}
