//! Agents of whom nothing is heard any more: when they count as lost, and that what follows is done once, whoever dies or is frozen
//! on the way.

use std::time::{Duration, Instant};

use domain::{
    AgentId, Language, MessageId, SessionId, SignInId,
    agent::{
        Command as AccountCommand, Presence, PresenceCause, Role,
        command::NewAccount,
        event::{PasswordHash, PasswordOrigin, Whereabouts},
    },
    session::{
        Command, Event,
        event::{CloseReason, ReturnReason, ReturnedToQueue},
    },
    text::{PersonName, Username},
};
use event_store::{Actor, Position};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    super::{ProcessError, worker::Worker},
    by_hand,
};
use crate::{
    accounts::SignInStart,
    process::{
        AgentLost, Context, StoreError,
        fixture::{Fixture, start, until},
    },
};

const AFTER: Duration = Duration::from_secs(60);
const AGENT_LOST: &str = "agent_lost";

fn manager() -> AgentLost {
    AgentLost::new(AFTER).expect("it is switched on")
}

/// An agent at work.
#[derive(Debug, Clone, Copy)]
struct Agent {
    id: AgentId,
    sign_in: SignInId,
}

fn hash() -> PasswordHash {
    PasswordHash("hash".to_owned())
}

async fn sign_in(context: &Context, agent: AgentId) -> Agent {
    let origin = Whereabouts { address: "192.0.2.1".to_owned(), user_agent: None };
    let correlation_id = Uuid::new_v4();
    let start = SignInStart { agent, device: None, origin, checked: hash(), proof: None, correlation_id };
    let renewed = context.accounts.sign_in(start, Timestamp::now()).await.expect("the password is right");
    Agent { id: agent, sign_in: renewed.sign_in }
}

/// Somebody who is signed in and whose workbench sends heartbeats.
async fn anna(context: &Context) -> Agent {
    let new = NewAccount {
        username: Username::parse("anna").expect("a name"),
        name: PersonName::parse("Anna").expect("a name"),
        email: None,
        role: Role::Agent,
        skills: Vec::new(),
        languages: Language::ALL.to_vec(),
        capacity: 5,
        hash: hash(),
        by: PasswordOrigin::Owner,
    };
    let made = context.accounts.create(Actor::new("system", "test"), new, Uuid::new_v4()).await.expect("it is new");
    let anna = sign_in(context, made.agent).await;
    beats(context, anna).await;
    anna
}

async fn beats(context: &Context, agent: Agent) {
    context.store.watch_sign_in(agent.id, agent.sign_in).await.expect("the store answers");
}

/// The n-th visitor's session, which the agent has.
async fn taken(fixture: &Fixture, context: &Context, agent: Agent, n: u128) -> SessionId {
    let session = fixture.message(context, n).await;
    take_over(context, agent, session).await;
    session
}

async fn take_over(context: &Context, agent: Agent, session: SessionId) {
    let command = Command::TakeOver { agent: agent.id, from_any: true, notice: MessageId(Uuid::new_v4()) };
    context.sessions.execute(session, &by_hand(), command).await.expect("it may");
}

/// Lets time pass for all that was heard.
async fn silent_for(fixture: &Fixture, seconds: u32) {
    fixture.execute(&format!("update sign_of_life set seen_at = seen_at - {seconds} * 1000")).await;
}

/// One that has read the whole log.
async fn worker<'a>(fixture: &Fixture, context: &'a Context, manager: &'a AgentLost) -> Worker<'a> {
    let lease = context.store.acquire(AGENT_LOST, &context.node).await.expect("answers").expect("it is free");
    let mut worker = Worker::begin(context, manager, lease).await.expect("begins");
    let cursor = context.store.cursor(AGENT_LOST, &fixture.memory).await.expect("answers").expect("it is there");
    worker.react_to(fixture.chunk(context, cursor.position).await).await.expect("it reacts");
    worker.flush().await.expect("it is committed");
    worker
}

async fn presence(context: &Context, agent: Agent) -> (Presence, PresenceCause) {
    let folded = context.accounts.current(agent.id).await.expect("the log answers");
    let account = folded.state.account().expect("it is there");
    (account.presence, account.presence_cause)
}

/// How often a session went back to the queue because its agent was lost.
async fn returned(fixture: &Fixture, session: SessionId) -> usize {
    let is_one = |event: &&Event| {
        matches!(event, Event::ReturnedToQueue(ReturnedToQueue { reason: ReturnReason::AgentLost, .. }))
    };
    fixture.events(session).await.iter().filter(is_one).count()
}

async fn watched(fixture: &Fixture) -> i64 {
    fixture.count("select count(*) from sign_of_life").await
}

const ONLINE: (Presence, PresenceCause) = (Presence::Online, PresenceCause::SignIn);
const LOST: (Presence, PresenceCause) = (Presence::Offline, PresenceCause::Lost);

#[tokio::test]
async fn after_60_seconds_of_silence_an_agent_is_offline_and_its_sessions_wait_again() {
    let fixture = Fixture::new().await;
    let (context, manager) = (fixture.node("a").await, manager());
    let anna = anna(&context).await;
    let sessions = [taken(&fixture, &context, anna, 1).await, taken(&fixture, &context, anna, 2).await];
    let closed = taken(&fixture, &context, anna, 3).await;
    let notice = MessageId(Uuid::new_v4());
    let close =
        Command::Close { reason: CloseReason::Resolved, notice, by: None, at: testkit::session::circumstances().at };
    context.sessions.execute(closed, &by_hand(), close).await.expect("it may");
    let mut worker = worker(&fixture, &context, &manager).await;
    assert_eq!(fixture.count("select count(*) from state").await, 2, "of a session that is over nothing is kept");

    silent_for(&fixture, 59).await;
    worker.on_lost_agents(AFTER).await.expect("it looks");
    assert_eq!(presence(&context, anna).await, ONLINE);

    silent_for(&fixture, 2).await;
    worker.on_lost_agents(AFTER).await.expect("it looks");
    assert_eq!(presence(&context, anna).await, LOST);
    for session in sessions {
        assert_eq!(returned(&fixture, session).await, 1);
    }
    assert_eq!((returned(&fixture, closed).await, watched(&fixture).await), (0, 0));
    let head = fixture.head().await;
    worker.on_lost_agents(AFTER).await.expect("it looks");
    assert_eq!(fixture.head().await, head, "it was done twice");
}

#[tokio::test]
async fn one_sign_in_that_is_heard_of_is_enough() {
    let fixture = Fixture::new().await;
    let (context, manager) = (fixture.node("a").await, manager());
    let first = anna(&context).await;
    let session = taken(&fixture, &context, first, 1).await;
    silent_for(&fixture, 61).await;
    let second = sign_in(&context, first.id).await;
    beats(&context, second).await;
    let mut worker = worker(&fixture, &context, &manager).await;
    worker.on_lost_agents(AFTER).await.expect("it looks");
    assert_eq!(presence(&context, first).await, ONLINE);

    let out = AccountCommand::SignOut { sign_in: second.sign_in };
    context.accounts.execute(first.id, &by_hand(), out).await.expect("it may");
    let behind = context.store.cursor(AGENT_LOST, &fixture.memory).await.expect("answers").expect("it is there");
    worker.take_due().await.expect("history is over");
    worker.flush().await.expect("it is committed");
    worker.react_to(fixture.chunk(&context, behind.position).await).await.expect("it reacts");
    worker.flush().await.expect("it is committed");
    assert_eq!(watched(&fixture).await, 1, "a sign-in that ended is not watched");
    worker.on_lost_agents(AFTER).await.expect("it looks");
    assert_eq!((presence(&context, first).await, returned(&fixture, session).await), (LOST, 1));
}

#[tokio::test]
async fn who_never_sent_a_heartbeat_is_not_lost() {
    let fixture = Fixture::new().await;
    let (context, manager) = (fixture.node("a").await, manager());
    let anna = anna(&context).await;
    let session = taken(&fixture, &context, anna, 1).await;
    fixture.execute("delete from sign_of_life").await;
    context.store.touch_sign_in(anna.sign_in).await.expect("the store answers");
    assert_eq!(watched(&fixture).await, 0, "a request made a row");
    let mut worker = worker(&fixture, &context, &manager).await;
    silent_for(&fixture, 3600).await;
    worker.on_lost_agents(AFTER).await.expect("it looks");
    assert_eq!((presence(&context, anna).await, returned(&fixture, session).await), (ONLINE, 0));
}

#[tokio::test]
async fn requests_keep_alive_who_has_sent_a_heartbeat() {
    let fixture = Fixture::new().await;
    let (context, manager) = (fixture.node("a").await, manager());
    let anna = anna(&context).await;
    silent_for(&fixture, 61).await;
    context.store.touch_sign_in(anna.sign_in).await.expect("the store answers");
    let mut worker = worker(&fixture, &context, &manager).await;
    worker.on_lost_agents(AFTER).await.expect("it looks");
    assert_eq!((presence(&context, anna).await, watched(&fixture).await), (ONLINE, 1));
}

#[tokio::test]
async fn a_heartbeat_that_comes_while_the_loss_is_recorded_is_kept_and_the_next_brings_the_agent_back() {
    let fixture = Fixture::new().await;
    let (context, manager) = (fixture.node("a").await, manager());
    let anna = anna(&context).await;
    silent_for(&fixture, 61).await;
    let mut worker = worker(&fixture, &context, &manager).await;
    let lost = context.store.lost_agents(AFTER, 10).await.expect("answers")[0];
    worker.take_lost(&lost).await.expect("it asks");
    beats(&context, anna).await;
    worker.flush().await.expect("it is committed");
    assert_eq!((presence(&context, anna).await, watched(&fixture).await), (LOST, 1));
    context.accounts.come_back(anna.id, anna.sign_in, Uuid::new_v4()).await.expect("it may");
    assert_eq!(presence(&context, anna).await, ONLINE);
}

#[tokio::test]
async fn a_holder_that_dies_on_the_way_leaves_the_rest_to_the_next_which_does_nothing_twice() {
    for commands_sent in 0..=3 {
        let fixture = Fixture::new().await;
        let (context, manager) = (fixture.node("a").await, manager());
        let anna = anna(&context).await;
        let sessions = [taken(&fixture, &context, anna, 1).await, taken(&fixture, &context, anna, 2).await];
        silent_for(&fixture, 61).await;
        let mut dying = worker(&fixture, &context, &manager).await;
        let lost = context.store.lost_agents(AFTER, 10).await.expect("answers")[0];
        dying.take_lost(&lost).await.expect("it asks");
        for _ in 0..commands_sent {
            assert!(dying.send_next().await.expect("it is sent"));
        }
        drop(dying);

        let next = fixture.node("a").await;
        let mut worker = worker(&fixture, &next, &manager).await;
        worker.on_lost_agents(AFTER).await.expect("it looks");
        assert_eq!(presence(&next, anna).await, LOST, "{commands_sent}");
        for session in sessions {
            assert_eq!(returned(&fixture, session).await, 1, "{commands_sent}");
        }
        assert_eq!(watched(&fixture).await, 0, "{commands_sent}");
    }
}

/// The agent came back and has the session again before the first holder goes on.
#[tokio::test]
async fn a_frozen_holder_takes_nothing_from_an_agent_who_came_back() {
    let fixture = Fixture::new().await;
    let (frozen_node, other_node, manager) = (fixture.node("a").await, fixture.node("b").await, manager());
    let anna = anna(&frozen_node).await;
    let session = taken(&fixture, &frozen_node, anna, 1).await;
    silent_for(&fixture, 61).await;
    let mut frozen = worker(&fixture, &frozen_node, &manager).await;
    let lost = frozen_node.store.lost_agents(AFTER, 10).await.expect("answers")[0];
    frozen.take_lost(&lost).await.expect("it asks");

    fixture.expire_leases().await;
    let mut other = worker(&fixture, &other_node, &manager).await;
    other.on_lost_agents(AFTER).await.expect("it looks");
    assert_eq!(returned(&fixture, session).await, 1);
    beats(&other_node, anna).await;
    other_node.accounts.come_back(anna.id, anna.sign_in, Uuid::new_v4()).await.expect("it may");
    take_over(&other_node, anna, session).await;
    let head = fixture.head().await;

    frozen.send().await.expect("its commands are answered as the first time");
    assert_eq!(fixture.head().await, head, "a late command changed something");
    let late = frozen.commit().await;
    assert!(matches!(late, Err(ProcessError::Store(StoreError::Fenced { .. }))), "{late:?}");
    assert_eq!((presence(&other_node, anna).await, watched(&fixture).await), (ONLINE, 1));
}

/// Whoever was silent for an hour because no node was there has its whole time from the start on.
#[tokio::test]
async fn a_restart_loses_nobody_before_the_time_is_over_again() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let anna = anna(&context).await;
    let session = taken(&fixture, &context, anna, 1).await;
    silent_for(&fixture, 3600).await;
    let after = Duration::from_secs(2);
    let began = Instant::now();
    let running = start(&context, AgentLost::new(after).expect("it is switched on"));
    until("the agent is lost", async || presence(&context, anna).await == LOST).await;
    assert!(began.elapsed() >= after, "lost after {:?}", began.elapsed());
    until("the session waits", async || returned(&fixture, session).await == 1).await;
    running.stop.send_replace(true);
    running.task.await.expect("it does not panic").expect("it was told to stop");
}

#[tokio::test]
async fn what_happened_before_the_store_was_new_is_known_and_begins_no_loss() {
    let fixture = Fixture::new().await;
    let (context, manager) = (fixture.node("a").await, manager());
    let anna = anna(&context).await;
    let session = taken(&fixture, &context, anna, 1).await;
    for table in ["checkpoint", "state", "sign_of_life"] {
        fixture.execute(&format!("delete from {table}")).await;
    }
    let mut worker = worker(&fixture, &context, &manager).await;
    worker.on_lost_agents(AFTER).await.expect("it looks");
    assert_eq!(presence(&context, anna).await, ONLINE);
    beats(&context, anna).await;
    silent_for(&fixture, 61).await;
    worker.on_lost_agents(AFTER).await.expect("it looks");
    assert_eq!((presence(&context, anna).await, returned(&fixture, session).await), (LOST, 1));
    assert!(fixture.head().await > Position::START);
}
