//! What a dead node left is found and finished: by the process manager of runs, on whatever node holds its lease.

use std::sync::Arc;

use commands::{
    Accounts, CommandId,
    executor::CommandMetadata,
    process::{ASSISTANT_RUN, Context, ProcessStore, Processes, RunRecovery, Runner},
    sessions::Execution,
};
use domain::{
    RunId,
    session::{Command, Event, command::StartRun},
};
use event_store::{
    Actor, EventReader as _, SystemClock,
    migration::migrate_policy,
    sql::{Access, Database},
};
use jiff::{SignedDuration, Timestamp};
use journal::Tail;
use tempfile::TempDir;
use tokio::sync::watch;
use uuid::Uuid;

use super::fixture::{Fixture, Script, replies, send, session};

async fn policies(folder: &TempDir) -> Database {
    let database = Database::sqlite(&folder.path().join("policies.db"), Access::Durable).await.unwrap();
    migrate_policy(&database).await.unwrap();
    database
}

/// Lets a node recover runs and make those that it is given; it stops when the sender is dropped.
async fn recover(fixture: &Fixture, database: &Database, name: &str) -> watch::Sender<bool> {
    let runner = fixture.node(name).await;
    let (stop, stopping) = watch::channel(false);
    let context = Context {
        store: ProcessStore::new(database.clone()),
        sessions: runner.sessions().clone(),
        accounts: Arc::new(Accounts::new(runner.sessions().log().clone(), runner.sessions().log_id())),
        tail: Tail::start(fixture.store.clone(), fixture.store.head().await.unwrap()),
        clock: SystemClock::shared(),
        node: runner.node().clone(),
    };
    let processes = Processes::start(context, vec![Arc::new(RunRecovery::new(&runner))], Vec::new()).await.unwrap();
    tokio::spawn(async move {
        tokio::select! {
            ended = processes.run(ASSISTANT_RUN, stopping) => ended,
            never = processes.beat() => match never {},
        }
    });
    stop
}

async fn begin_run(runner: &Runner, deadline: Timestamp) {
    let start = StartRun {
        run: RunId(Uuid::from_u128(5)),
        incarnation: runner.node().incarnation,
        assistant: "scripted".to_owned(),
        variant: None,
        deadline,
    };
    let metadata = CommandMetadata {
        actor: Actor::new("policy", "test"),
        correlation_id: Uuid::new_v4(),
        causation_id: Some(Uuid::new_v4()),
        id: CommandId::random(Uuid::from_u128(1)),
    };
    let executed = runner.sessions().execute(session(), &metadata, Command::StartRun(start)).await.unwrap();
    assert!(matches!(executed, Execution::Done(done) if done.events.len() == 1));
}

fn attempts(events: &[Event]) -> Vec<u32> {
    let attempt = |event: &Event| if let Event::AssistantRunStarted(s) = event { Some(s.attempt) } else { None };
    events.iter().filter_map(attempt).collect()
}

#[tokio::test]
async fn a_message_that_a_dead_life_took_is_answered_by_the_next_at_once() {
    let (fixture, folder) = (Fixture::new(vec![Script::Says("here")]), tempfile::tempdir().unwrap());
    let (dead, database) = (fixture.idle_node("a"), policies(&folder).await);
    ProcessStore::new(database.clone()).heartbeat(dead.node()).await.unwrap();
    let received = send(&dead, "hello").await;
    let _stop = recover(&fixture, &database, "a").await;
    let events = fixture.wait_for(session(), |events| !replies(events).is_empty()).await;
    assert_eq!(replies(&events)[0].answers, [received.message]);
}

#[tokio::test]
async fn a_run_of_a_dead_life_is_retaken_as_its_second_attempt() {
    let (fixture, folder) = (Fixture::new(vec![Script::Says("here")]), tempfile::tempdir().unwrap());
    let (dead, database) = (fixture.idle_node("a"), policies(&folder).await);
    send(&dead, "hello").await;
    begin_run(&dead, Timestamp::now() + SignedDuration::from_secs(120)).await;
    let _stop = recover(&fixture, &database, "a").await;
    let events = fixture.wait_for(session(), |events| !replies(events).is_empty()).await;
    assert_eq!(attempts(&events), [1, 2]);
    assert_eq!((replies(&events)[0].run, replies(&events)[0].attempt), (RunId(Uuid::from_u128(5)), 2));
}

#[tokio::test]
async fn a_run_of_a_living_node_is_left_alone_until_its_deadline() {
    let (fixture, folder) = (Fixture::new(vec![Script::Says("here")]), tempfile::tempdir().unwrap());
    let (other, database) = (fixture.idle_node("b"), policies(&folder).await);
    ProcessStore::new(database.clone()).heartbeat(other.node()).await.unwrap();
    send(&other, "hello").await;
    let deadline = Timestamp::now() + SignedDuration::from_secs(3);
    begin_run(&other, deadline).await;
    let _stop = recover(&fixture, &database, "a").await;
    let events = fixture.wait_for(session(), |events| attempts(events).len() > 1).await;
    assert_eq!(attempts(&events)[..2], [1, 2]);
    assert!(Timestamp::now() >= deadline, "it was retaken before its deadline");
}

/// A node that dies between a reply and the next run leaves a message that no run has taken up.
#[tokio::test]
async fn a_message_that_came_during_the_run_of_a_dead_life_is_answered_as_well() {
    let (fixture, folder) = (Fixture::new(vec![Script::Says("here")]), tempfile::tempdir().unwrap());
    let (dead, database) = (fixture.idle_node("a"), policies(&folder).await);
    let first = send(&dead, "first").await;
    begin_run(&dead, Timestamp::now() + SignedDuration::from_secs(120)).await;
    let second = send(&dead, "second").await;
    let _stop = recover(&fixture, &database, "a").await;
    let events = fixture.wait_for(session(), |events| replies(events).len() == 2).await;
    let answers: Vec<_> = replies(&events).iter().map(|reply| reply.answers.clone()).collect();
    assert_eq!(answers, [vec![first.message], vec![second.message]]);
}

/// The program before had one timer for each session, and its cursor is behind what is open.
#[tokio::test]
async fn open_runs_noted_by_the_earlier_program_version_are_finished() {
    let (fixture, folder) = (Fixture::new(vec![Script::Says("here")]), tempfile::tempdir().unwrap());
    let (dead, database) = (fixture.idle_node("a"), policies(&folder).await);
    let received = send(&dead, "hello").await;
    begin_run(&dead, Timestamp::now() + SignedDuration::from_secs(120)).await;
    let head = fixture.store.read_at(fixture.store.head().await.unwrap()).await.unwrap().unwrap();
    let mut tx = database.begin().await.unwrap();
    let cursor = "insert into checkpoint (policy, position, log_id, generation, hash) values ($1, $2, $3, 1, $4)";
    let log_id = fixture.store.identity().await.unwrap().log_id;
    let values = ["assistant_run".into(), head.position.0.into(), log_id.into(), head.hash.as_slice().into()];
    tx.execute(cursor, &values).await.unwrap();
    let timer = "insert into timer (policy, stream, key, due_at, payload, life) values ($1, $2, $1, 4e9, '{}', $3)";
    let life = dead.node().incarnation.0.into();
    tx.execute(timer, &["assistant_run".into(), head.stream.as_str().into(), life]).await.unwrap();
    tx.commit().await.unwrap();

    let _stop = recover(&fixture, &database, "a").await;
    let events = fixture.wait_for(session(), |events| !replies(events).is_empty()).await;
    assert_eq!(attempts(&events), [1, 2]);
    assert_eq!(replies(&events)[0].answers, [received.message]);
}
