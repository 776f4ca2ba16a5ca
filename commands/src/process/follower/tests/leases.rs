//! One that lost its lease and does not know it: its commands change nothing, and the store refuses what it writes.

use domain::session::Event;
use event_store::Position;

use super::super::{ProcessError, worker::Worker};
use crate::process::{
    Context, StoreError,
    fixture::{Fixture, ONE_OF_EACH, OneOfEach, start, until},
};

async fn worker(context: &Context) -> Worker<'_> {
    let lease = context.store.acquire(ONE_OF_EACH, &context.node).await.expect("answers").expect("it is free");
    Worker::begin(context, &OneOfEach, lease).await.expect("begins")
}

fn is_fenced(result: &Result<(), ProcessError>) -> bool {
    matches!(result, Err(ProcessError::Store(StoreError::Fenced { .. })))
}

/// Both have read the same events, of which none is history; the second does all of it first.
#[tokio::test]
async fn late_commands_change_nothing_and_late_writes_are_refused() {
    let fixture = Fixture::new().await;
    let (frozen_node, other_node) = (fixture.node("a").await, fixture.node("b").await);
    let mut frozen = worker(&frozen_node).await;
    frozen.take_due().await.expect("nothing is due");
    frozen.flush().await.expect("it is committed");
    let session = fixture.message(&frozen_node, 1).await;
    frozen.react_to(fixture.chunk(&frozen_node, Position::START).await).await.expect("it reacts");

    fixture.expire_leases().await;
    let mut other = worker(&other_node).await;
    other.react_to(fixture.chunk(&other_node, Position::START).await).await.expect("it reacts");
    other.flush().await.expect("it is committed");
    let head = fixture.head().await;

    frozen.send().await.expect("its commands are answered as the first time");
    assert_eq!(fixture.head().await, head, "a late command changed something");
    let late = frozen.commit().await;
    assert!(is_fenced(&late), "{late:?}");
    assert_eq!(fixture.count("select count(*) from outbox").await, 1);
    let escalations = fixture.events(session).await.iter().filter(|e| matches!(e, Event::Escalated(_))).count();
    assert_eq!(escalations, 1);
}

/// The same about a timer: a message came in between, in a new episode, and the late close does not touch it.
#[tokio::test]
async fn a_late_command_of_a_timer_changes_nothing_in_what_came_after_it() {
    let fixture = Fixture::new().await;
    let (frozen_node, other_node) = (fixture.node("a").await, fixture.node("b").await);
    let mut frozen = worker(&frozen_node).await;
    frozen.take_due().await.expect("nothing is due");
    frozen.flush().await.expect("it is committed");
    let session = fixture.message(&frozen_node, 1).await;
    frozen.react_to(fixture.chunk(&frozen_node, Position::START).await).await.expect("it reacts");
    frozen.flush().await.expect("it is committed");
    fixture.advance(3601);
    assert_eq!(frozen.take_due().await.expect("answers"), 1);

    fixture.expire_leases().await;
    let mut other = worker(&other_node).await;
    assert_eq!(other.take_due().await.expect("answers"), 1);
    other.flush().await.expect("it is committed");
    assert!(matches!(fixture.events(session).await.last(), Some(Event::Closed(_))));
    fixture.message(&other_node, 1).await;
    let head = fixture.head().await;

    frozen.send().await.expect("its commands are answered as the first time");
    assert_eq!(fixture.head().await, head, "a late command changed something");
    let late = frozen.commit().await;
    assert!(is_fenced(&late), "{late:?}");
}

#[tokio::test]
async fn the_lease_passes_to_the_other_node_when_the_holder_stops() {
    let fixture = Fixture::new().await;
    let (first, second) = (fixture.node("a").await, fixture.node("b").await);
    let holder = start(&first, OneOfEach);
    until("the first works", async || holder.status.watch().borrow().is_caught_up).await;
    let waiting = start(&second, OneOfEach);
    until("the second waits", async || waiting.status.watch().borrow().is_standby).await;
    holder.stop.send_replace(true);
    holder.task.await.expect("it does not panic").expect("it was told to stop");
    until("the second works", async || !waiting.status.watch().borrow().is_standby).await;
}

/// Its state in memory is forgotten: it begins again from the store, behind the one that has the lease.
#[tokio::test]
async fn a_holder_that_was_overtaken_stands_by_and_does_nothing_twice() {
    let fixture = Fixture::new().await;
    let (first, second) = (fixture.node("a").await, fixture.node("b").await);
    let overtaken = start(&first, OneOfEach);
    until("the first works", async || overtaken.status.watch().borrow().is_caught_up).await;
    fixture.expire_leases().await;
    let holder = start(&second, OneOfEach);
    until("the second works", async || holder.status.watch().borrow().is_caught_up).await;
    for n in 1..=20 {
        fixture.message(&second, n).await;
    }
    let escalated = |event: &Event| matches!(event, Event::Escalated(_));
    until("all are escalated", async || fixture.events_like(escalated).await == 20).await;
    until("the first stands by", async || overtaken.status.watch().borrow().is_standby).await;
    until("all is committed", async || fixture.count("select count(*) from outbox").await == 20).await;
    assert_eq!(fixture.events_like(escalated).await, 20);
}
