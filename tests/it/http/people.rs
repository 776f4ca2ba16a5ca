//! People take over: each command of customers and staff, by whom it is refused and how, and what streams say of it. The server
//! is one of this module's own, at which somebody works at any time.

mod asking;
mod closing;
mod drafts;
mod listing;
mod notes;
mod quick_replies;
mod race;
mod rating;
mod speaking;
mod streaming;
mod taking;
mod transferring;

use std::sync::OnceLock;

use domain::agent::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tests::desk::{Customer, Desk, Staff};
use tokio::sync::OnceCell;

use super::{Shared, fresh, ok, problem, staff::Member, start_shared};

/// The server of these tests.
pub(super) fn desk() -> &'static Desk {
    static OPEN: OnceLock<Shared> = OnceLock::new();
    &OPEN.get_or_init(|| start_shared(open_always())).desk
}

/// A customer with a session of this name.
async fn customer_with(session: &str) -> Customer {
    let customer = desk().customer();
    customer.arrive(session).await.unwrap();
    customer
}

/// Somebody of staff, for as many tests as like.
pub(super) struct Colleague {
    pub(super) id: String,
    username: String,
    token: String,
}

impl Colleague {
    pub(super) async fn with_role(role: Role) -> Self {
        let member = Member::at(desk(), role).await;
        Self { id: member.id, username: member.username, token: member.staff.token().to_owned() }
    }

    /// With a connection of the calling test's own.
    pub(super) fn staff(&self) -> Staff {
        Staff::new(desk().url(), self.token.clone())
    }
}

struct Team {
    agent: Colleague,
    other: Colleague,
    supervisor: Colleague,
    auditor: Colleague,
}

async fn team() -> &'static Team {
    static TEAM: OnceCell<Team> = OnceCell::const_new();
    TEAM.get_or_init(async || Team {
        agent: Colleague::with_role(Role::Agent).await,
        other: Colleague::with_role(Role::Agent).await,
        supervisor: Colleague::with_role(Role::Supervisor).await,
        auditor: Colleague::with_role(Role::Auditor).await,
    })
    .await
}

/// A customer's session, which staff addresses by its id.
pub(super) struct Thread {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) customer: Customer,
}

impl Thread {
    /// With the assistant.
    pub(super) async fn new() -> Self {
        let name = fresh("people");
        let customer = customer_with(&name).await;
        let answer = customer.chat(&name, "hello").await.unwrap();
        Self { name, id: answer["session_id"].as_str().unwrap().to_owned(), customer }
    }

    /// Waits for a person.
    pub(super) async fn waiting() -> Self {
        let thread = Self::new().await;
        ok(thread.escalate().await).await;
        thread
    }

    /// This agent has it.
    pub(super) async fn with(agent: &Colleague) -> Self {
        let thread = Self::waiting().await;
        ok(thread.act(agent, "takeover", json!({})).await).await;
        thread
    }

    pub(super) async fn escalate(&self) -> Response {
        self.customer.post("/api/manual/escalate", &json!({"session_name": self.name})).await.unwrap()
    }

    /// A command of staff.
    pub(super) async fn act(&self, agent: &Colleague, command: &str, body: Value) -> Response {
        agent.staff().post(&format!("/api/sessions/{}/{command}", self.id), &body).await.unwrap()
    }

    async fn act_keyed(&self, agent: &Colleague, command: &str, key: &str, body: Value) -> Response {
        let path = format!("/api/sessions/{}/{command}", self.id);
        let request = agent.staff().request(Method::POST, &path).header("Idempotency-Key", key).json(&body);
        request.send().await.unwrap()
    }

    /// A command of its customer.
    pub(super) async fn own(&self, command: &str) -> Response {
        self.customer.post(&format!("/api/sessions/{}/{command}", self.name), &json!({})).await.unwrap()
    }

    pub(super) async fn say(&self, text: &str) -> Response {
        let body = json!({"session_name": self.name, "role": "user", "content": text});
        self.customer.post("/api/manual/messages", &body).await.unwrap()
    }

    pub(super) async fn answer(&self, agent: &Colleague, text: &str) -> Response {
        let body = json!({"session_name": self.id, "role": "agent", "content": text});
        agent.staff().post("/api/manual/messages", &body).await.unwrap()
    }

    async fn events(&self) -> Vec<Value> {
        let stream = format!("session-{}", self.id);
        let log = desk().staff().log().await.unwrap();
        log.into_iter().filter(|event| event["stream"] == stream).collect()
    }

    async fn count(&self, event_type: &str) -> usize {
        self.events().await.iter().filter(|event| event["type"] == event_type).count()
    }
}

/// Settings under which somebody works at any time.
pub(super) fn open_always() -> Vec<(&'static str, String)> {
    [("HUMAN_SHIFT_START", "00:00"), ("HUMAN_SHIFT_END", "24:00"), ("WEEKENDS_DISABLED", "false")]
        .map(|(name, value)| (name, value.to_owned()))
        .to_vec()
}

/// What a refusal says.
async fn detail(response: Response, status: u16, code: &str) -> String {
    problem(response, status, code).await["detail"].as_str().unwrap().to_owned()
}

/// The text of the newest message in a session's state.
fn newest(data: &Value) -> &str {
    data["history"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap()
}
