//! What a dead node left is found and finished.

use std::{sync::Arc, time::Duration};

use commands::{
    CommandId,
    executor::Origin,
    policy::{Keeper, PolicyError, PolicyStore, Runner},
    sessions::Execution,
};
use domain::{
    RunId,
    session::{Command, Event, command::StartRun},
};
use event_store::{
    Actor, EventReader, Position,
    memory::MemoryStore,
    migration::migrate_policy,
    sql::{Access, Database},
};
use jiff::Timestamp;
use journal::Cursor;
use tempfile::TempDir;
use tokio::sync::watch;
use uuid::Uuid;

use super::fixture::{Fixture, Script, replies, send, session};

async fn policies(folder: &TempDir) -> PolicyStore {
    let database = Database::sqlite(&folder.path().join("policies.db"), Access::Durable).await.unwrap();
    migrate_policy(&database).await.unwrap();
    PolicyStore::new(database)
}

/// Lets a keeper work; it stops when the sender is dropped.
async fn keep(store: PolicyStore, runner: Arc<Runner>) -> watch::Sender<bool> {
    let (stop, stopping) = watch::channel(false);
    let keeper = Keeper::start(store, runner, Arc::new(Cursor::at(Position::START))).await.unwrap();
    tokio::spawn(keeper.run(stopping));
    stop
}

async fn begin_run(runner: &Runner, deadline: Timestamp) {
    let start = StartRun {
        run: RunId(Uuid::from_u128(5)),
        incarnation: runner.node().incarnation,
        assistant: "scripted".to_owned(),
        deadline,
    };
    let id = CommandId::random(Uuid::from_u128(1));
    let origin = Origin { actor: Actor::new("policy", "test"), correlation_id: Uuid::new_v4(), causation_id: None, id };
    let executed = runner.sessions().execute(session(), &origin, Command::StartRun(start)).await.unwrap();
    assert!(matches!(executed, Execution::Done(done) if done.events.len() == 1));
}

fn attempts(events: &[Event]) -> Vec<u32> {
    let attempt = |event: &Event| if let Event::AssistantRunStarted(s) = event { Some(s.attempt) } else { None };
    events.iter().filter_map(attempt).collect()
}

#[tokio::test]
async fn a_message_that_a_dead_life_took_is_answered_by_the_next_at_once() {
    let (fixture, folder) = (Fixture::new(vec![Script::Says("here")]), tempfile::tempdir().unwrap());
    let dead = fixture.idle_node("a");
    let store = policies(&folder).await;
    store.checkpoint(commands::policy::ASSISTANT_RUN, &*fixture.store).await.unwrap();
    store.heartbeat(dead.node()).await.unwrap();
    let received = send(&dead, "hello").await;
    let _stop = keep(store, fixture.idle_node("a")).await;
    let events = fixture.wait_for(session(), |events| !replies(events).is_empty()).await;
    assert_eq!(replies(&events)[0].answers, [received.message]);
}

#[tokio::test]
async fn a_run_of_a_dead_life_is_retaken_as_its_second_attempt() {
    let (fixture, folder) = (Fixture::new(vec![Script::Says("here")]), tempfile::tempdir().unwrap());
    let dead = fixture.idle_node("a");
    let store = policies(&folder).await;
    store.checkpoint(commands::policy::ASSISTANT_RUN, &*fixture.store).await.unwrap();
    send(&dead, "hello").await;
    begin_run(&dead, Timestamp::now() + jiff::SignedDuration::from_secs(120)).await;
    let _stop = keep(store, fixture.idle_node("a")).await;
    let events = fixture.wait_for(session(), |events| !replies(events).is_empty()).await;
    assert_eq!(attempts(&events), [1, 2]);
    assert_eq!((replies(&events)[0].run, replies(&events)[0].attempt), (RunId(Uuid::from_u128(5)), 2));
}

#[tokio::test]
async fn a_run_of_a_living_node_is_left_alone_until_its_deadline() {
    let (fixture, folder) = (Fixture::new(vec![Script::Says("here")]), tempfile::tempdir().unwrap());
    let other = fixture.idle_node("b");
    let store = policies(&folder).await;
    store.checkpoint(commands::policy::ASSISTANT_RUN, &*fixture.store).await.unwrap();
    store.heartbeat(other.node()).await.unwrap();
    send(&other, "hello").await;
    let deadline = Timestamp::now() + jiff::SignedDuration::from_secs(3);
    begin_run(&other, deadline).await;
    let _stop = keep(store, fixture.idle_node("a")).await;
    let events = fixture.wait_for(session(), |events| attempts(events).len() > 1).await;
    assert_eq!(attempts(&events)[..2], [1, 2]);
    assert!(Timestamp::now() >= deadline, "it was retaken before its deadline");
}

#[tokio::test]
async fn only_the_holder_of_the_lease_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let (store, fixture) = (policies(&folder).await, Fixture::new(vec![Script::Says("x")]));
    let (a, b) = (fixture.idle_node("a"), fixture.idle_node("b"));
    assert!(store.hold_lease("l", a.node()).await.unwrap());
    assert!(!store.hold_lease("l", b.node()).await.unwrap());
    assert!(store.hold_lease("l", a.node()).await.unwrap());
    store.release_lease("l", a.node()).await.unwrap();
    assert!(store.hold_lease("l", b.node()).await.unwrap());
}

#[tokio::test]
async fn a_nodes_next_life_need_not_wait_for_the_lease_of_the_life_before() {
    let folder = tempfile::tempdir().unwrap();
    let (store, fixture) = (policies(&folder).await, Fixture::new(vec![Script::Says("x")]));
    let (killed, next, other) = (fixture.idle_node("a"), fixture.idle_node("a"), fixture.idle_node("b"));
    store.heartbeat(killed.node()).await.unwrap();
    assert!(store.hold_lease("l", killed.node()).await.unwrap());
    store.heartbeat(other.node()).await.unwrap();
    assert!(!store.hold_lease("l", other.node()).await.unwrap(), "another node waits");
    store.heartbeat(next.node()).await.unwrap();
    assert!(store.hold_lease("l", next.node()).await.unwrap());
}

#[tokio::test]
async fn a_keeper_with_an_empty_store_finds_what_is_open() {
    let (fixture, folder) = (Fixture::new(vec![Script::Says("here")]), tempfile::tempdir().unwrap());
    let received = send(&fixture.idle_node("dead"), "hello").await;
    let _stop = keep(policies(&folder).await, fixture.idle_node("a")).await;
    let events = fixture.wait_for(session(), |events| !replies(events).is_empty()).await;
    assert_eq!(replies(&events)[0].answers, [received.message]);
}

#[tokio::test]
async fn a_policy_new_to_a_log_starts_at_its_head() {
    let (fixture, folder) = (Fixture::new(vec![Script::Says("x")]), tempfile::tempdir().unwrap());
    let received = send(&fixture.idle_node("a"), "old").await;
    let store = policies(&folder).await;
    assert_eq!(store.checkpoint("new", &*fixture.store).await.unwrap(), received.position);
}

#[tokio::test]
async fn a_store_that_belongs_to_another_log_is_refused() {
    let (fixture, folder) = (Fixture::new(vec![Script::Says("x")]), tempfile::tempdir().unwrap());
    send(&fixture.idle_node("a"), "old").await;
    let store = policies(&folder).await;
    store.checkpoint("p", &*fixture.store).await.unwrap();
    let other = MemoryStore::new(Uuid::from_u128(2));
    assert_eq!(other.head().await.unwrap(), Position::START);
    let refused = store.checkpoint("p", &other).await;
    assert!(matches!(refused, Err(PolicyError::OtherLog { .. })), "{refused:?}");
}

#[tokio::test]
async fn the_node_that_stops_gives_its_lease_up() {
    let (fixture, folder) = (Fixture::new(vec![Script::Says("x")]), tempfile::tempdir().unwrap());
    let store = policies(&folder).await;
    let (a, b) = (fixture.idle_node("a"), fixture.idle_node("b"));
    let (stop, stopping) = watch::channel(false);
    let cursor = Arc::new(Cursor::at(Position::START));
    let keeper = tokio::spawn(Keeper::start(store.clone(), a, cursor).await.unwrap().run(stopping));
    tokio::time::sleep(Duration::from_millis(50)).await;
    stop.send_replace(true);
    tokio::time::timeout(super::fixture::PATIENCE, keeper).await.expect("it stops").unwrap();
    assert!(store.hold_lease(commands::policy::ASSISTANT_RUN, b.node()).await.unwrap());
}
