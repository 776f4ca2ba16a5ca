//! A shop's floor: two agents and a supervisor at their workbenches, on a server that offers waiting sessions in turn.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::desk::{Customer, Desk, Frames, Setup, Staff, write_private};

use super::reader::{Reader, Received, Seen};
use crate::crash::Backend;

const FIRST_PASSWORD: &str = "set by the administrator";

/// The servers, and who works there. Customers come to the first server, staff to the last.
pub(crate) struct Floor {
    nodes: Vec<Desk>,
    agents: [Workplace; 2],
    supervisor: Workplace,
    _keys: TempDir,
}

/// Somebody of staff with an open stream.
struct Workplace {
    id: String,
    name: String,
    staff: Staff,
    reader: Reader,
}

/// What each side saw of one session, and how long after its commit each step was at the other side.
pub(crate) struct Run {
    pub(crate) session: String,
    pub(crate) customer: Seen,
    pub(crate) first: Seen,
    pub(crate) second: Seen,
    pub(crate) supervisor: Seen,
    /// The names of both agents.
    pub(crate) agents: [String; 2],
    pub(crate) delays: Vec<(&'static str, Duration)>,
}

impl Floor {
    pub(crate) async fn open(backend: &Backend, nodes: usize) -> Self {
        let keys = tempfile::tempdir().unwrap();
        let token_key = keys.path().join("token-key");
        write_private(&token_key, &"22".repeat(32));
        let environment = environment(&token_key.display().to_string());
        let start = |_| Desk::start(Setup { environment: environment.clone(), ..backend.setup() });
        let nodes: Vec<Desk> = tokio::task::block_in_place(|| (0..nodes).map(start).collect());
        let desk = nodes.last().unwrap();
        let agents = [sit_down(desk, "anna", "Anna Li", "agent").await, sit_down(desk, "bo", "Bo Chen", "agent").await];
        let supervisor = sit_down(desk, "mia", "Mia Sun", "supervisor").await;
        let names_are_known = format!("/api/agents?min_position={}", is_away(&desk.staff()).await);
        for node in &nodes {
            done(Staff::new(node.url(), desk.staff_token()).get(&names_are_known).await.unwrap()).await;
        }
        Self { nodes, agents, supervisor, _keys: keys }
    }

    /// One customer's session from the request for a person to its end.
    pub(crate) async fn run(&mut self, name: &str) -> Run {
        let customer = self.nodes[0].customer();
        customer.arrive(name).await.unwrap();
        let mut screen = Reader::of(customer.follow(name, None).await.unwrap());
        let (mut delays, [anna, bo]) = (Vec::new(), &mut self.agents);
        let mut note = |step: &'static str, received: &Received| delays.push((step, received.delay()));

        ask_for_person(&customer, name).await;
        let session = session_of(self.supervisor.reader.next("escalated").await);
        note("queue", anna.reader.next("escalated").await);
        note("queue", bo.reader.next("escalated").await);

        let offered_to = self.supervisor.reader.next("offer_made").await.data()["data"]["agent"].clone();
        let (first, second) = if offered_to == *anna.id { (anna, bo) } else { (bo, anna) };
        note("offer", first.reader.next("offer_made").await);
        first.act(&session, "takeover", json!({})).await;
        note("takeover", screen.next("agent_took_over").await);

        say(&customer, name, "Is it done?").await;
        note("customer's message", first.reader.next("customer_message_sent").await);
        first.answer(&session, "Nearly").await;
        note("agent's message", screen.next("agent_message_sent").await);

        first.act(&session, "transfer", json!({"to_agent_id": second.id})).await;
        note("transfer", screen.next("transferred").await);
        note("transfer", second.reader.next("transferred").await);
        say(&customer, name, "And now?").await;
        note("customer's message", second.reader.next("customer_message_sent").await);
        second.answer(&session, "It is").await;
        note("agent's message", screen.next("agent_message_sent").await);

        second.act(&session, "release", json!({"reason": "resolved"})).await;
        note("release", screen.next("released").await);
        second.act(&session, "close", json!({})).await;
        note("close", screen.next("closed").await);
        self.supervisor.reader.next("closed").await;
        // Nothing may be missing of what came before.
        first.reader.next("transferred").await;
        second.reader.next("released").await;
        Run {
            customer: screen.take(&session),
            first: first.reader.take(&session),
            second: second.reader.take(&session),
            supervisor: self.supervisor.reader.take(&session),
            agents: [first.name.clone(), second.name.clone()],
            delays,
            session,
        }
    }

    /// A session as it stood at a position, as the supervisor sees it.
    pub(crate) async fn moment(&self, session: &str, at: u64) -> Value {
        let path = format!("/api/sessions/{session}?at={at}");
        done(self.supervisor.staff.get(&path).await.unwrap()).await["data"].clone()
    }
}

impl Workplace {
    async fn act(&self, session: &str, command: &str, body: Value) {
        done(self.staff.post(&format!("/api/sessions/{session}/{command}"), &body).await.unwrap()).await;
    }

    async fn answer(&self, session: &str, text: &str) {
        let body = json!({"session_name": session, "role": "agent", "content": text});
        done(self.staff.post("/api/manual/messages", &body).await.unwrap()).await;
    }
}

/// Somebody works at any time, and sessions are offered.
fn environment(token_key: &str) -> Vec<(&'static str, String)> {
    [
        ("HUMAN_SHIFT_START", "00:00"),
        ("HUMAN_SHIFT_END", "24:00"),
        ("WEEKENDS_DISABLED", "false"),
        ("DESK_ROUTING", "round_robin"),
        ("DESK_TOKEN_KEY_FILE", token_key),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

/// A new account signs in and opens its stream; a supervisor sees all sessions and is offered none.
async fn sit_down(desk: &Desk, username: &str, name: &str, role: &str) -> Workplace {
    let new = json!({"username": username, "password": FIRST_PASSWORD, "name": name, "role": role});
    let made = done(desk.staff().post("/api/agents", &new).await.unwrap()).await;
    let credentials = json!({"username": username, "password": FIRST_PASSWORD});
    let tokens = done(desk.customer().post("/api/agent/login", &credentials).await.unwrap()).await;
    let staff = Staff::new(desk.url(), tokens["access_token"].as_str().unwrap().to_owned());
    let change = json!({"old_password": FIRST_PASSWORD, "new_password": "chosen by its owner"});
    done(staff.post("/api/agent/change-password", &change).await.unwrap()).await;
    let sees_all = role == "supervisor";
    if sees_all {
        is_away(&staff).await;
    }
    let path = if sees_all { "/api/agent/events?scope=all" } else { "/api/agent/events" };
    let frames = Frames::of(staff.get(path).await.unwrap().error_for_status().unwrap());
    let id = made["data"]["id"].as_str().unwrap().to_owned();
    Workplace { id, name: name.to_owned(), staff, reader: Reader::of(frames) }
}

/// Is offered nothing from now on; answers the position.
async fn is_away(staff: &Staff) -> Value {
    done(staff.put("/api/agent/status", &json!({"status": "break"})).await.unwrap()).await["position"].clone()
}

async fn ask_for_person(customer: &Customer, session: &str) {
    let request = customer.request(Method::POST, "/api/manual/escalate").header("Accept-Language", "en");
    done(customer.send(request.json(&json!({"session_name": session}))).await.unwrap()).await;
}

async fn say(customer: &Customer, session: &str, text: &str) {
    let body = json!({"session_name": session, "role": "user", "content": text});
    done(customer.post("/api/manual/messages", &body).await.unwrap()).await;
}

fn session_of(received: &Received) -> String {
    received.data()["stream"].as_str().unwrap().trim_start_matches("session-").to_owned()
}

/// The command was carried out.
async fn done(response: Response) -> Value {
    let status = response.status();
    let text = response.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap()
}
