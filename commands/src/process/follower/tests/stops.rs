//! What it cannot do anything about: an event that it cannot read, a log or a store of another.

use std::sync::Arc;

use domain::session::Event;
use event_store::{Position, memory::MemoryStore};
use journal::{JournalError, Tail};
use uuid::Uuid;

use super::super::ProcessError;
use crate::process::{
    Context, Processes, StoreError,
    fixture::{Fixture, OneOfEach, start, until},
};

#[tokio::test]
async fn an_unreadable_event_stops_it_with_its_position_after_all_before_it_is_done() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let running = start(&context, OneOfEach);
    until("it works", async || running.status.watch().borrow().is_caught_up).await;
    let session = fixture.message(&context, 1).await;
    let position = fixture.unreadable_event().await;
    fixture.message(&context, 2).await;
    let stopped = running.task.await.expect("it does not panic");
    let Err(ProcessError::Journal(JournalError::Unreadable(unreadable))) = &stopped else { panic!("{stopped:?}") };
    assert_eq!(unreadable.recorded.position, position);
    let alarm = running.status.watch().borrow().alarm.clone().expect("it says so");
    assert!(alarm.contains(&format!("position {position}")), "{alarm}");
    assert!(fixture.events(session).await.iter().any(|event| matches!(event, Event::Escalated(_))));
    assert_eq!(fixture.events_like(|event| matches!(event, Event::Escalated(_))).await, 1, "it went on behind it");
}

#[tokio::test]
async fn a_store_of_another_log_is_refused_at_the_start_and_while_running() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    fixture.message(&context, 1).await;
    let running = start(&context, OneOfEach);
    until("it has read all", async || running.status.watch().borrow().is_caught_up).await;
    until("it is committed", async || fixture.count("select count(*) from checkpoint where position > 0").await == 1)
        .await;
    running.stop.send_replace(true);
    running.task.await.expect("it does not panic").expect("it was told to stop");

    let other = MemoryStore::new(Uuid::from_u128(2));
    let log = event_store::Log::new(Arc::new(other.clone()), Arc::new(event_store::Vault::in_memory()));
    let elsewhere = Context {
        sessions: Arc::new(crate::Sessions::new(log, Uuid::from_u128(2))),
        tail: Tail::start(Arc::new(other), Position::START),
        ..context
    };
    let stopped = start(&elsewhere, OneOfEach).task.await.expect("it does not panic");
    assert!(matches!(stopped, Err(ProcessError::Store(StoreError::OtherLog { .. }))), "{stopped:?}");
    let refused = Processes::start(elsewhere, vec![Arc::new(OneOfEach)], Vec::new()).await.map(drop);
    assert!(matches!(refused, Err(StoreError::OtherLog { .. })), "{refused:?}");
}

/// While the store is away it waits, and then goes on where the store says that it was.
#[tokio::test]
async fn an_outage_of_the_store_is_waited_for() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let running = start(&context, OneOfEach);
    until("it works", async || running.status.watch().borrow().is_caught_up).await;
    fixture.execute("alter table checkpoint rename to away").await;
    fixture.message(&context, 1).await;
    until("it says so", async || running.status.watch().borrow().alarm.is_some()).await;
    fixture.execute("alter table away rename to checkpoint").await;
    until("it is committed", async || fixture.count("select count(*) from outbox").await == 1).await;
    assert_eq!(fixture.events_like(|event| matches!(event, Event::Escalated(_))).await, 1);
    until("the alarm is over", async || running.status.watch().borrow().alarm.is_none()).await;
}
