//! 200 agents take over one session at the same instant over two servers, while the assistant's answer streams at both.

use api::auth::staff_tokens::StaffTokens;
use domain::{
    AgentId, Language, Personal, SignInId,
    agent::{
        Event as AccountEvent, Role, encode,
        event::{Created, Person, SignedIn, Whereabouts},
    },
    text::{PersonName, Username},
};
use event_store::{Actor, Expected, NewEvent, StreamName};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tests::test_scale::count;
use uuid::Uuid;

use super::{answers::assert_silent_after_takeover, *};

/// Who is called so, with a token.
struct Agent {
    name: String,
    token: String,
}

/// So many accounts that are signed in, as a third server would record them.
async fn signed_in(nodes: &Nodes, agents: u128) -> Vec<Agent> {
    let (store, vault) = nodes.backend.open(&nodes.here).await;
    let log_id = store.identity().await.unwrap().log_id;
    let log = testkit::log_over(store, &vault, &nodes.here.master_key_file()).await;
    let tokens = StaffTokens::new(&[TOKEN_KEY.to_vec()]);
    let mut signed_in = Vec::new();
    for number in 1..=agents {
        let username = Username::parse(&format!("agent-{number}")).unwrap();
        let (agent, sign_in) = (AgentId::of(log_id, &username), SignInId(Uuid::from_u128(number)));
        let events = [created(username, number), opened(sign_in)].map(|event| new_event(&event, agent));
        log.append(&StreamName::of("agent", agent.0), Expected::NoStream, &events).await.unwrap();
        let token = tokens.access(agent, sign_in, Timestamp::now());
        signed_in.push(Agent { name: format!("Agent {number}"), token });
    }
    // Both servers know the last of them, and all names.
    let head = nodes.here.staff().head().await.unwrap();
    for desk in [&nodes.here, &nodes.there] {
        let known = desk.staff().get(&format!("/api/agents?min_position={head}")).await.unwrap();
        assert_eq!(known.status(), 200, "{}", known.text().await.unwrap());
    }
    signed_in
}

fn created(username: Username, number: u128) -> AccountEvent {
    let name = PersonName::parse(&format!("Agent {number}")).unwrap();
    AccountEvent::Created(Created {
        role: Role::Agent,
        skills: Vec::new(),
        languages: Language::ALL.to_vec(),
        capacity: 5,
        person: Personal::Known(Person { username, name, email: None }),
    })
}

fn opened(sign_in: SignInId) -> AccountEvent {
    let at = Timestamp::now();
    let origin = Personal::Known(Whereabouts { address: "127.0.0.1".to_owned(), user_agent: None });
    AccountEvent::SignedIn(SignedIn { sign_in, device: None, at, expires_at: at + SignedDuration::from_hours(24), origin })
}

fn new_event(event: &AccountEvent, agent: AgentId) -> NewEvent {
    testkit::new_event(encode(event), agent.0, Actor::new("agent", &agent.to_string()))
}

async fn one_takes_over_and_the_others_are_told_who(backend: Backend, agents: usize) {
    let nodes = Nodes::start(backend).await;
    let crowd = signed_in(&nodes, agents as u128).await;
    let session = nodes.customer().await;
    let mut here = session.ask(&session.here).await;
    let mut there = session.ask(&session.there).await;
    let mut shown = [until_shown(&mut here, 100).await, until_shown(&mut there, 100).await];
    let path = format!("/api/sessions/{}/takeover", session.id);
    let takeovers = crowd.iter().enumerate().map(async |(number, agent)| {
        let desk = if number % 2 == 0 { &nodes.here } else { &nodes.there };
        let staff = Staff::new(desk.url(), agent.token.clone());
        let response = staff.post(&path, &json!({"from": "any"})).await.unwrap();
        let status = response.status().as_u16();
        (&agent.name, status, response.json::<Value>().await.unwrap())
    });
    let (rest_here, rest_there, answers) = tokio::join!(rest(&mut here), rest(&mut there), join_all(takeovers));
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, status, _)| *status == 200);
    let [(winner, ..)] = won.as_slice() else { panic!("{} have the session", won.len()) };
    assert_eq!(lost.len(), agents - 1);
    for (loser, status, refused) in lost {
        assert_eq!((status, &refused["code"]), (409, &json!("ALREADY_TAKEN")), "{loser}: {refused}");
        assert_eq!(refused["detail"], format!("ALREADY_TAKEN: 会话已被坐席【{winner}】接入"));
    }
    shown[0].extend(rest_here);
    shown[1].extend(rest_there);
    shown.iter().for_each(|frames| assert_silent_after_takeover(frames));
    let log = nodes.there.staff().log().await.unwrap();
    let taken = log.iter().filter(|event| event["type"] == "session.agent_took_over").count();
    assert_eq!(taken, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_agents_at_two_servers_one_takes_over_and_199_are_told_who() {
    one_takes_over_and_the_others_are_told_who(Backend::postgres().await, 200).await;
}

/// Fewer agents in every run: each append is read back, and the test server is slow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_agents_at_two_servers_one_takes_over_with_the_log_on_kurrentdb() {
    one_takes_over_and_the_others_are_told_who(Backend::kurrent().await, count(12, 200)).await;
}
