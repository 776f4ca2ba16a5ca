//! New to a log, or its store lost: history is read without acting, and what is open at its end is done slowly.

use std::time::Duration;

use domain::session::Event;

use super::super::worker::TIMERS;
use crate::process::fixture::{Fixture, ONE_OF_EACH, OneOfEach, Running, start, until};

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
    fixture.advance(3601);
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
