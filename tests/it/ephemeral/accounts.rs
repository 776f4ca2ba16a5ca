//! Agents who are signed in at both servers.

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
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::*;

/// An agent.
pub(super) struct Agent {
    pub(super) id: String,
    pub(super) name: String,
    token: String,
}

impl Agent {
    pub(super) fn at(&self, desk: &Desk) -> Staff {
        Staff::new(desk.url(), self.token.clone())
    }
}

/// So many accounts that are signed in, as a third server would record them.
pub(super) async fn signed_in(nodes: &Nodes, agents: u128) -> Vec<Agent> {
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
        signed_in.push(Agent { id: agent.to_string(), name: format!("Agent {number}"), token });
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
    AccountEvent::SignedIn(SignedIn {
        sign_in,
        device: None,
        at,
        expires_at: at + SignedDuration::from_hours(24),
        origin,
    })
}

fn new_event(event: &AccountEvent, agent: AgentId) -> NewEvent {
    testkit::new_event(encode(event), agent.0, Actor::new("agent", &agent.to_string()))
}
