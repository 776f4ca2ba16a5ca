//! Agents of whom nothing is heard any more, on started servers: who is lost, who is not, and that two nodes on PostgreSQL do it
//! once, also when one is killed on the way.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use commands::{CommandId, Sessions, executor::CommandMetadata};
use domain::{AgentId, MessageId, SessionId, session::Command};
use event_store::Actor;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::desk::{Desk, Setup, Staff, write_private};
use uuid::Uuid;

use crate::crash::Backend;

/// After so long agents are lost on these servers.
const LOST_AFTER: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(60);
const PASSWORD: &str = "another four words";

fn setup(base: Setup) -> Setup {
    let mut environment = base.environment.clone();
    environment.push(("DESK_AGENT_LOST_AFTER", format!("{}s", LOST_AFTER.as_secs())));
    Setup { environment, ..base }
}

fn start(base: Setup) -> Desk {
    tokio::task::block_in_place(|| Desk::start(setup(base)))
}

/// Somebody of staff who is signed in.
struct Agent {
    id: String,
    staff: Staff,
}

impl Agent {
    async fn sign_in(desk: &Desk, name: &str) -> Self {
        let new = json!({"username": name, "password": PASSWORD, "role": "agent"});
        let made: Value = desk.staff().post("/api/agents", &new).await.unwrap().json().await.unwrap();
        let id = made["data"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        let credentials = json!({"username": name, "password": PASSWORD});
        let login = tests::http_client::client().post(format!("{}/api/agent/login", desk.url())).json(&credentials);
        let tokens: Value = login.send().await.unwrap().json().await.unwrap();
        assert_eq!(tokens["agent"]["status"], "online", "{tokens}");
        Self { id, staff: Staff::new(desk.url(), tokens["access_token"].as_str().unwrap().to_owned()) }
    }

    async fn beat(&self) -> Value {
        let response = self.staff.post("/api/agent/heartbeat", &json!({})).await.unwrap();
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    /// Its presences with their causes, as the log has them.
    async fn presences(&self, desk: &Desk) -> Vec<(String, String)> {
        let stream = format!("agent-{}", self.id);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let log = desk.staff().log().await.unwrap();
        let changes = log.iter().filter(|event| event["stream"] == stream && event["type"] == "agent.presence_changed");
        changes.map(|event| (text(&event["data"]["presence"]), text(&event["data"]["cause"]))).collect()
    }
}

fn presences(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(presence, cause)| ((*presence).to_owned(), (*cause).to_owned())).collect()
}

/// The presence that others see.
async fn status(desk: &Desk, agent: &Agent) -> String {
    let listed: Value = desk.staff().get("/api/agents").await.unwrap().json().await.unwrap();
    let row = listed["data"].as_array().unwrap().iter().find(|row| row["id"] == *agent.id).unwrap();
    row["status"].as_str().unwrap().to_owned()
}

async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_agent_is_offline_and_its_next_heartbeat_makes_it_online() {
    let mut desk = start(Setup::default());
    let silent = Agent::sign_in(&desk, "silent").await;
    let busy = Agent::sign_in(&desk, "busy").await;
    let unwatched = Agent::sign_in(&desk, "unwatched").await;
    silent.beat().await;
    busy.beat().await;
    until("the silent one is offline", || async {
        busy.staff.get("/api/agent/profile").await.unwrap();
        status(&desk, &silent).await == "offline"
    })
    .await;
    assert_eq!((&*status(&desk, &busy).await, &*status(&desk, &unwatched).await), ("online", "online"));
    let lost = [("online", "sign_in"), ("offline", "lost")];
    assert_eq!(silent.presences(&desk).await, presences(&lost));

    silent.staff.get("/api/agent/profile").await.unwrap();
    assert_eq!(status(&desk, &silent).await, "offline", "only a heartbeat brings it back");
    assert_eq!(silent.beat().await["status"], "online");
    let back = [lost[0], lost[1], ("online", "sign_in")];
    assert_eq!(silent.presences(&desk).await, presences(&back));

    tokio::task::block_in_place(|| {
        desk.kill();
        std::thread::sleep(LOST_AFTER + Duration::from_secs(1));
        desk.start_again();
    });
    assert_eq!(silent.beat().await["status"], "online", "the restart lost it");
    assert_eq!(silent.presences(&desk).await, presences(&back));
}

/// Takes a session over, as another node would.
async fn take_over(sessions: &Sessions, session: SessionId, agent: &Agent) {
    let agent = AgentId(agent.id.parse().unwrap());
    let metadata = CommandMetadata {
        actor: Actor::new("agent", &agent.to_string()),
        correlation_id: Uuid::new_v4(),
        causation_id: None,
        id: CommandId::random(sessions.log_id()),
    };
    let command = Command::TakeOver { agent, from_any: true, notice: MessageId(Uuid::new_v4()) };
    sessions.execute(session, &metadata, command).await.unwrap();
}

/// How often each session went back to the queue.
async fn returns(desk: &Desk, sessions: &[SessionId]) -> Vec<usize> {
    let log = desk.staff().log().await.unwrap();
    let of = |session: &SessionId| {
        let stream = format!("session-{session}");
        let is_one = |event: &&Value| event["stream"] == *stream && event["type"] == "session.returned_to_queue";
        log.iter().filter(is_one).count()
    };
    sessions.iter().map(of).collect()
}

const AGENTS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_return_the_sessions_of_lost_agents_once_though_one_is_killed() {
    let backend = Backend::postgres().await;
    let keys = tempfile::tempdir().unwrap();
    let token_key = keys.path().join("token-key");
    write_private(&token_key, &"22".repeat(32));
    let setup =
        || Setup { environment: vec![("DESK_TOKEN_KEY_FILE", token_key.display().to_string())], ..backend.setup() };
    let mut nodes = [start(setup()), start(setup())];
    let (store, vault) = backend.open(&nodes[0]).await;
    let log_id = store.identity().await.unwrap().log_id;
    let log = testkit::log_over(store, &vault, &nodes[0].master_key_file()).await;
    let as_another_node = Sessions::new(log, log_id);
    let (mut agents, mut sessions) = (Vec::new(), Vec::new());
    for n in 0..AGENTS {
        let agent = Agent::sign_in(&nodes[n % 2], &format!("agent-{n}")).await;
        let answer = nodes[0].customer().chat(&format!("session-{n}"), "hello").await.unwrap();
        let session = SessionId(answer["session_id"].as_str().unwrap().parse().unwrap());
        take_over(&as_another_node, session, &agent).await;
        agents.push(agent);
        sessions.push(session);
    }
    join_all(agents.iter().map(Agent::beat)).await;

    // The first node has the leases of those who were alone when it started.
    let silent_since = Instant::now();
    until("somebody is lost", || async { returns(&nodes[1], &sessions).await.contains(&1) }).await;
    assert!(silent_since.elapsed() >= LOST_AFTER, "lost after {:?}", silent_since.elapsed());
    nodes[0].kill();
    until("all are", || async { returns(&nodes[1], &sessions).await.iter().all(|times| *times > 0) }).await;
    for agent in &agents {
        let online_and_lost = presences(&[("online", "sign_in"), ("offline", "lost")]);
        until("it is offline", || async { agent.presences(&nodes[1]).await.len() > 1 }).await;
        assert_eq!(agent.presences(&nodes[1]).await, online_and_lost);
    }
    // The other node has the lease after at most 15 s, and watches for the whole time then.
    tokio::time::sleep(Duration::from_secs(15) + LOST_AFTER + Duration::from_secs(2)).await;
    assert_eq!(returns(&nodes[1], &sessions).await, [1; AGENTS]);
    for agent in &agents {
        assert_eq!(agent.presences(&nodes[1]).await.len(), 2);
    }
}
