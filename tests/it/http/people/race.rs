//! 200 agents take over one session at the same instant, while an answer streams.

use std::sync::Arc;

use api::auth::staff_tokens::StaffTokens;
use domain::{
    AgentId, Language, Personal, SignInId,
    agent::{
        Event as AccountEvent, encode,
        event::{Created, Person, SignedIn, Whereabouts},
    },
    text::{PersonName, Username},
};
use event_store::{
    Actor, EventReader as _, Expected, NewEvent, StreamName,
    sql::{Access, Database},
    sqlite::SqliteStore,
};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tests::desk::{Desk, Frames, Setup, write_private};
use uuid::Uuid;

use super::*;

const AGENTS: u128 = 200;
const ROUNDS: usize = 5;
const TOKEN_KEY: [u8; 32] = [6; 32];

/// A server on whose log as many agents are signed in.
struct Crowd {
    desk: Desk,
    agents: Vec<(String, String)>,
    _folder: TempDir,
}

impl Crowd {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        std::fs::create_dir(&data_dir).unwrap();
        write_private(data_dir.join("token-key"), &hex::encode(TOKEN_KEY));
        write_private(folder.path().join("test-master-key"), &"11".repeat(32));
        let keys = Database::sqlite(&data_dir.join("keys.db"), Access::Durable).await.unwrap();
        let store = Arc::new(SqliteStore::open(&data_dir.join("events.db")).await.unwrap());
        let log_id = store.identity().await.unwrap().log_id;
        let log = testkit::log_over(store, &keys, &folder.path().join("test-master-key")).await;
        let mut agents = Vec::new();
        for number in 1..=AGENTS {
            let username = Username::parse(&format!("agent-{number}")).unwrap();
            let (agent, sign_in) = (AgentId::of(log_id, &username), SignInId(Uuid::from_u128(number)));
            let events = [created(username, number), signed_in(sign_in)].map(|event| new_event(&event, agent));
            log.append(&StreamName::of("agent", agent.0), Expected::NoStream, &events).await.unwrap();
            let token = StaffTokens::new(&[TOKEN_KEY.to_vec()]).access(agent, sign_in, Timestamp::now());
            agents.push((format!("Agent {number}"), token));
        }
        drop(log);
        keys.close().await;
        let desk = Desk::start(Setup { data_dir: Some(data_dir), environment: open_always(), ..Setup::default() });
        Self { desk, agents, _folder: folder }
    }
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

fn signed_in(sign_in: SignInId) -> AccountEvent {
    let at = Timestamp::now();
    let origin = Personal::Known(Whereabouts { address: "127.0.0.1".to_owned(), user_agent: None });
    let expires_at = at + SignedDuration::from_hours(24);
    AccountEvent::SignedIn(SignedIn { sign_in, device: None, at, expires_at, origin })
}

fn new_event(event: &AccountEvent, agent: AgentId) -> NewEvent {
    testkit::new_event(encode(event), agent.0, Actor::new("agent", &agent.to_string()))
}

/// One stream's frames, from the message on.
async fn stream(customer: &Customer, session: &str) -> Vec<Value> {
    let body =
        json!({"user_id": session, "message": "How far does the X goes on one charge, and how long does it take?"});
    let mut frames = Frames::of(customer.post("/api/chat/stream", &body).await.unwrap());
    frames.until(|_| false).await.into_iter().map(|frame| frame.data).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_200_agents_one_takes_over_and_199_are_told_who() {
    let crowd = Crowd::new().await;
    for round in 0..ROUNDS {
        let (session, customer) = (format!("race-{round}"), crowd.desk.customer());
        let first = customer.chat(&session, "hello").await.unwrap();
        let path = format!("/api/sessions/{}/takeover", first["session_id"].as_str().unwrap());
        let takeovers = crowd.agents.iter().map(async |(name, token)| {
            let staff = Staff::new(crowd.desk.url(), token.clone());
            (name, staff.post(&path, &json!({"from": "any"})).await.unwrap())
        });
        let (frames, answers) = tokio::join!(stream(&customer, &session), join_all(takeovers));
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, answer)| answer.status() == 200);
        let [(winner, _)] = won.as_slice() else { panic!("{} have the session", won.len()) };
        assert_eq!(lost.len(), 199);
        for (_, refused) in lost {
            let expected = format!("ALREADY_TAKEN: 会话已被坐席【{winner}】接入");
            assert_eq!(detail(refused, 409, "ALREADY_TAKEN").await, expected);
        }
        assert_silent_after_takeover(&frames);
    }
}

/// The stream ends with the answer, with the takeover, or with the refusal of a message that came after it.
fn assert_silent_after_takeover(frames: &[Value]) {
    let kinds: Vec<&str> = frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    match kinds.iter().position(|kind| *kind == "status_change") {
        Some(taken) => {
            assert_eq!(kinds[taken + 1..], ["manual_message"], "{kinds:?}");
            assert_eq!(frames[taken]["status"], "manual_live");
            let was_shown = kinds[..taken].contains(&"message");
            assert_eq!(kinds[taken - 1] == "withdrawn", was_shown, "{kinds:?}");
        }
        None => assert!(matches!(kinds.last(), Some(&"done" | &"error")), "{kinds:?}"),
    }
}
