//! Offers to agents: made once, whoever dies or is frozen on the way, never for more than there is room, and never to whoever is
//! not online.

use std::time::Duration;

use domain::{
    AgentId, SessionId,
    agent::{
        Command as AccountCommand, Presence, Role,
        command::NewAccount,
        event::{PasswordHash, PasswordOrigin, Whereabouts},
    },
    routing::Strategy,
    session::{
        Event,
        event::{EscalationReason, OfferEnd},
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
        Context, Expiry, Routing, StoreError,
        fixture::{Fixture, Running, start, until},
    },
};

fn manager() -> Routing {
    Routing::new(Strategy::RoundRobin, Duration::from_secs(15)).expect("it is switched on")
}

/// Somebody who is online and has room for so many.
async fn agent(context: &Context, name: &str, capacity: u32) -> AgentId {
    let hash = PasswordHash("hash".to_owned());
    let new = NewAccount {
        username: Username::parse(name).expect("a name"),
        name: PersonName::parse(name).expect("a name"),
        email: None,
        role: Role::Agent,
        skills: Vec::new(),
        languages: Vec::new(),
        capacity,
        hash: hash.clone(),
        by: PasswordOrigin::Owner,
    };
    let made = context.accounts.create(Actor::new("system", "test"), new, Uuid::new_v4()).await.expect("it is new");
    let origin = Whereabouts { address: "192.0.2.1".to_owned(), user_agent: None };
    let (agent, correlation_id) = (made.agent, Uuid::new_v4());
    let start = SignInStart { agent, device: None, origin, checked: hash, proof: None, correlation_id };
    context.accounts.sign_in(start, Timestamp::now()).await.expect("the password is right");
    agent
}

async fn is(context: &Context, agent: AgentId, presence: Presence) {
    let folded = context.accounts.current(agent).await.expect("the log answers");
    let sign_in = *folded.state.account().expect("it is there").sign_ins.keys().next().expect("it is signed in");
    let command = AccountCommand::ChoosePresence { sign_in, presence };
    context.accounts.execute(agent, &by_hand(), command).await.expect("it may");
}

/// The n-th visitor's session, which waits.
async fn waits(fixture: &Fixture, context: &Context, n: u128) -> SessionId {
    let session = fixture.message(context, n).await;
    let command = testkit::session::escalate(EscalationReason::Manual, "");
    context.sessions.execute(session, &by_hand(), command).await.expect("it may");
    session
}

/// To whom a session was offered, and how that ended.
async fn offers(fixture: &Fixture, session: SessionId) -> Vec<(AgentId, Option<OfferEnd>)> {
    let mut offers = Vec::new();
    for event in fixture.events(session).await {
        match event {
            Event::OfferMade(made) => offers.push((made.agent, None)),
            Event::OfferExpired(expired) => offers.last_mut().expect("it was made").1 = Some(expired.reason),
            _other => {}
        }
    }
    offers
}

async fn worker<'a>(fixture: &Fixture, context: &'a Context, manager: &'a Routing) -> Worker<'a> {
    let lease = context.store.acquire("routing", &context.node).await.expect("answers").expect("it is free");
    let mut worker = Worker::begin(context, manager, lease).await.expect("begins");
    let cursor = context.store.cursor("routing", &fixture.memory).await.expect("answers").expect("it is there");
    worker.react_to(fixture.chunk(context, cursor.position).await).await.expect("it reacts");
    worker
}

async fn decided(fixture: &Fixture, context: &Context) {
    let manager = manager();
    let mut worker = worker(fixture, context, &manager).await;
    worker.decide();
    worker.flush().await.expect("it is committed");
}

async fn stop(running: Running) {
    running.stop.send_replace(true);
    running.task.await.expect("it does not panic").expect("it was told to stop");
}

fn is_offer(event: &Event) -> bool {
    matches!(event, Event::OfferMade(_))
}

#[tokio::test]
async fn whatever_step_it_dies_after_each_session_is_offered_once_and_each_agent_asked_once() {
    for steps in 0..=4 {
        let fixture = Fixture::new().await;
        let (context, manager) = (fixture.node("a").await, manager());
        decided(&fixture, &context).await;
        let agents = [agent(&context, "anna", 1).await, agent(&context, "ben", 1).await];
        let sessions = [waits(&fixture, &context, 1).await, waits(&fixture, &context, 2).await];
        let waiting = waits(&fixture, &context, 3).await;
        let mut dying = worker(&fixture, &context, &manager).await;
        dying.decide();
        match steps {
            0..=2 => {
                for _ in 0..steps {
                    assert!(dying.send_next().await.expect("it is sent"));
                }
            }
            3 => dying.send().await.expect("they are sent"),
            _ => dying.flush().await.expect("it is committed"),
        }
        drop(dying);

        decided(&fixture, &fixture.node("a").await).await;
        decided(&fixture, &fixture.node("a").await).await;
        let mut asked = Vec::new();
        for session in sessions {
            let offers = offers(&fixture, session).await;
            assert_eq!(offers.len(), 1, "{steps}");
            asked.push(offers[0].0);
        }
        asked.sort();
        let mut agents = agents.to_vec();
        agents.sort();
        assert_eq!((asked, offers(&fixture, waiting).await), (agents, Vec::new()), "{steps}");
    }
}

#[tokio::test]
async fn a_frozen_holder_makes_no_second_offer_and_writes_nothing() {
    let fixture = Fixture::new().await;
    let (frozen_node, other_node, manager) = (fixture.node("a").await, fixture.node("b").await, manager());
    decided(&fixture, &frozen_node).await;
    fixture.expire_leases().await;
    let anna = agent(&frozen_node, "anna", 5).await;
    let session = waits(&fixture, &frozen_node, 1).await;
    let mut frozen = worker(&fixture, &frozen_node, &manager).await;
    frozen.decide();

    fixture.expire_leases().await;
    decided(&fixture, &other_node).await;
    assert_eq!(offers(&fixture, session).await, [(anna, None)]);
    is(&other_node, anna, Presence::Break).await;
    fixture.expire_leases().await;
    decided(&fixture, &other_node).await;
    assert_eq!(offers(&fixture, session).await, [(anna, Some(OfferEnd::Withdrawn))]);
    let head = fixture.head().await;

    frozen.send().await.expect("its commands are answered as the first time");
    assert_eq!(fixture.head().await, head, "a late command changed something");
    let late = frozen.commit().await;
    assert!(matches!(late, Err(ProcessError::Store(StoreError::Fenced { .. }))), "{late:?}");
}

#[tokio::test]
async fn what_an_earlier_holder_knew_is_known_to_the_next_from_its_rows() {
    let fixture = Fixture::new().await;
    let (first, second) = (fixture.node("a").await, fixture.node("b").await);
    let anna = agent(&first, "anna", 1).await;
    let served = waits(&fixture, &first, 1).await;
    decided(&fixture, &first).await;
    fixture.expire_leases().await;
    assert_eq!(offers(&fixture, served).await, [(anna, None)], "what was open when it was new is acted on");
    let waiting = waits(&fixture, &second, 2).await;
    decided(&fixture, &second).await;
    assert_eq!(offers(&fixture, waiting).await, [], "there is no more room");
    fixture.expire_leases().await;
    let ben = agent(&second, "ben", 1).await;
    decided(&fixture, &first).await;
    assert_eq!(offers(&fixture, waiting).await, [(ben, None)]);
}

/// Before it has read what was in the log when it took the lease it cannot count.
#[tokio::test]
async fn it_decides_nothing_before_it_has_read_all() {
    let fixture = Fixture::new().await;
    let (context, manager) = (fixture.node("a").await, manager());
    decided(&fixture, &context).await;
    agent(&context, "anna", 1).await;
    let session = waits(&fixture, &context, 1).await;
    let lease = context.store.acquire("routing", &context.node).await.expect("answers").expect("it is free");
    let mut worker = Worker::begin(&context, &manager, lease).await.expect("begins");
    let mut chunk = fixture.chunk(&context, Position::START).await;
    waits(&fixture, &context, 2).await;
    let last = chunk.pop().expect("there are some");
    worker.react_to(chunk).await.expect("it reacts");
    worker.decide();
    worker.flush().await.expect("it is committed");
    assert_eq!(offers(&fixture, session).await.len(), 0);
    worker.react_to(vec![last]).await.expect("it reacts");
    until("the tail has been read", async || {
        let chunk = fixture
            .chunk(
                &context,
                context
                    .store
                    .cursor("routing", &fixture.memory)
                    .await
                    .expect("it answers")
                    .expect("it has one")
                    .position,
            )
            .await;
        worker.react_to(chunk).await.expect("it reacts");
        worker.decide();
        worker.flush().await.expect("it is committed");
        fixture.events_like(is_offer).await == 1
    })
    .await;
}

#[tokio::test]
async fn an_offer_that_nobody_accepts_in_time_goes_to_the_next_agent() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let agents = [agent(&context, "anna", 1).await, agent(&context, "ben", 1).await];
    let (routing, expiry) = (start(&context, manager()), start(&context, Expiry));
    let session = waits(&fixture, &context, 1).await;
    until("it is offered", async || offers(&fixture, session).await.len() == 1).await;
    fixture.advance(16);
    until("it is offered to the next", async || offers(&fixture, session).await.len() == 2).await;
    let made = offers(&fixture, session).await;
    assert_eq!(made[0].1, Some(OfferEnd::Expired));
    assert!(made[0].0 != made[1].0 && agents.contains(&made[0].0) && agents.contains(&made[1].0));
    fixture.advance(16);
    until("nobody is left", async || offers(&fixture, session).await[1].1 == Some(OfferEnd::Expired)).await;
    fixture.advance(60);
    until("the first is asked again after a rest", async || offers(&fixture, session).await.len() == 3).await;
    stop(routing).await;
    stop(expiry).await;
}

#[tokio::test]
async fn the_offer_of_an_agent_who_goes_away_is_withdrawn_and_goes_on() {
    let fixture = Fixture::new().await;
    let context = fixture.node("a").await;
    let anna = agent(&context, "anna", 1).await;
    let routing = start(&context, manager());
    let session = waits(&fixture, &context, 1).await;
    until("it is offered", async || offers(&fixture, session).await == [(anna, None)]).await;
    let ben = agent(&context, "ben", 1).await;
    is(&context, anna, Presence::Busy).await;
    let withdrawn = (anna, Some(OfferEnd::Withdrawn));
    until("it is offered to the other", async || offers(&fixture, session).await == [withdrawn, (ben, None)]).await;
    stop(routing).await;
}
