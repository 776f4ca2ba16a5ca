//! Who types, who looks, and an answer's pieces, between two started servers on one PostgreSQL; and that a takeover at one of them
//! silences the answer that the other streams. With the log on the protocol test server for KurrentDB (which is not KurrentDB)
//! as well.

mod accounts;
mod activities;
mod answers;
mod crowd;
mod relay;

use std::{path::Path, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{
    contract_server::ContractServer,
    desk::{Customer, Desk, EventFrame, Frames, Setup, Staff, write_private},
    postgres::FreshDatabase,
};
use tokio::sync::OnceCell;

use crate::crash::Backend;

/// How long anything may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);
const TOKEN_KEY: [u8; 32] = [0x22; 32];
/// What the long answer is to.
const QUESTION: &str = "Tell me the whole story of the bicycle";
/// By which the question may be asked again.
const KEY: &str = "the story";
/// Before each piece of it: the whole answer takes about six seconds.
const PIECE_DELAY_MS: u64 = 20;
const MODEL_KEY: &str = "sk-key-of-the-shop";

/// Two servers that share everything.
struct Nodes {
    here: Desk,
    there: Desk,
    backend: Backend,
    _folder: TempDir,
}

impl Nodes {
    async fn start(backend: Backend) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let setup = setup(&backend, folder.path()).await;
        let start = || tokio::task::block_in_place(|| Desk::start(setup.clone()));
        Self { here: start(), there: start(), backend, _folder: folder }
    }

    async fn on_postgres() -> Self {
        Self::start(Backend::postgres().await).await
    }

    fn database(&self) -> &FreshDatabase {
        self.backend.database().expect("they share one")
    }

    /// The session of a customer who has written once here.
    async fn session(&self, name: &str) -> Session {
        let (here, name) = (self.here.customer(), name.to_owned());
        let answer = here.chat(&name, "hello").await.unwrap();
        let id = answer["session_id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        let there = here.at(self.there.url());
        Session { name, id, here, there }
    }
}

/// A customer's session, seen from both servers.
struct Session {
    name: String,
    id: String,
    here: Customer,
    there: Customer,
}

impl Session {
    /// Asks for the long answer, or re-attaches to it.
    async fn ask(&self, customer: &Customer) -> Frames {
        let response = customer.post_keyed("/api/chat/stream", KEY, &self.question()).await.unwrap();
        assert_eq!(response.status(), 200);
        Frames::of(response)
    }

    async fn ask_without_waiting(&self, customer: &Customer) {
        let request = customer.request(Method::POST, "/api/chat").json(&self.question());
        let request = request.header("Idempotency-Key", KEY).header("Prefer", "respond-async");
        assert_eq!(customer.send(request).await.unwrap().status(), 202);
    }

    fn question(&self) -> Value {
        json!({"user_id": self.name, "message": QUESTION})
    }

    async fn take_over(&self, staff: &Staff) {
        let path = format!("/api/sessions/{}/takeover", self.id);
        let response = staff.post(&path, &json!({"from": "any"})).await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    }
}

async fn setup(backend: &Backend, folder: &Path) -> Setup {
    let token_key = folder.join("token-key");
    write_private(&token_key, &hex::encode(TOKEN_KEY));
    let settings = [
        ("DESK_TOKEN_KEY_FILE", token_key.display().to_string()),
        ("DESK_OPENAI_BASE_URL", format!("{}/v1", model().await.url())),
        ("DESK_OPENAI_MODEL", "test-model".to_owned()),
        ("DESK_OPENAI_API_KEY", MODEL_KEY.to_owned()),
        ("HUMAN_SHIFT_START", "00:00".to_owned()),
        ("HUMAN_SHIFT_END", "24:00".to_owned()),
        ("WEEKENDS_DISABLED", "false".to_owned()),
    ];
    Setup { environment: settings.to_vec(), ..backend.setup() }.with_patient_rules()
}

/// A model that writes slowly, as models do; it ends with this process.
async fn model() -> &'static ContractServer {
    static MODEL: OnceCell<ContractServer> = OnceCell::const_new();
    let start = || async {
        let model = ContractServer::start("openai_server.py", &["--dialect", "openai", "--key", MODEL_KEY]);
        let story = json!({"pieces": pieces(), "piece_delay_ms": PIECE_DELAY_MS});
        model.tell(json!({"marked": {QUESTION: story}, "default": {"pieces": ["Hello."]}})).await;
        model
    };
    MODEL.get_or_init(start).await
}

/// 12,000 characters together: far more than a notification takes.
fn story() -> String {
    pieces().concat()
}

fn pieces() -> Vec<String> {
    let space = |number| if number == 0 { "" } else { " " };
    (0..300).map(|number| format!("{}Wheel number {number:03} turned round and round.", space(number))).collect()
}

fn kind(frame: &EventFrame) -> &str {
    frame.data["type"].as_str().unwrap_or_default()
}

/// What a chat stream's frames say of the answer, together.
fn text_of(frames: &[EventFrame]) -> String {
    let pieces = frames.iter().filter(|frame| kind(frame) == "message");
    pieces.map(|frame| frame.data["content"].as_str().unwrap()).collect()
}

/// The frames of a chat stream up to and with the piece with which so many bytes of the answer are there.
async fn until_shown(frames: &mut Frames, bytes: usize) -> Vec<EventFrame> {
    let mut read = Vec::new();
    while text_of(&read).len() < bytes {
        let next = frames.next_within(LIMIT).await;
        read.push(next.unwrap_or_else(|| panic!("the stream ended after {} bytes", text_of(&read).len())));
        assert_ne!(kind(read.last().unwrap()), "done", "the answer was over before");
    }
    read
}

/// The rest of a stream that ends.
async fn rest(frames: &mut Frames) -> Vec<EventFrame> {
    tokio::time::timeout(LIMIT, frames.until(|_| false)).await.expect("the stream ends")
}

/// The next frame with this name.
async fn next_called(frames: &mut Frames, name: &str) -> Value {
    let named = frames.until(|frame| frame.event.as_deref() == Some(name));
    let read = tokio::time::timeout(LIMIT, named).await.unwrap_or_else(|_| panic!("no {name} came"));
    let last = read.into_iter().last().filter(|frame| frame.event.as_deref() == Some(name));
    let last = last.unwrap_or_else(|| panic!("the stream ended without {name}"));
    assert_eq!(last.id, None, "it moves no cursor");
    last.data
}
