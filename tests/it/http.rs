//! HTTP tests against one started `desk` that all tests of this module share. Each test has visitors of its own, so none sees the
//! sessions of another.
//!
//! With `DESK_TEST_LOG=kurrentdb` in the environment that server has its log on the protocol test server for KurrentDB (which
//! is not KurrentDB) and the rest on PostgreSQL; `elsewhere` runs some of the tests again so, in a process of its own.
//!
//! Invariant: the shared server and its folder never outlive the test process, however that ends: a guard process reads from
//! a pipe whose other end only the test process holds.

mod agent_events;
mod assistants;
mod bodies;
mod contention;
mod customers;
mod defects;
mod docs;
mod doors;
mod elsewhere;
mod faq;
mod flags;
mod head;
mod hours;
mod idempotency;
mod input;
mod lenient;
mod live;
mod moment;
mod pages;
mod patient;
mod people;
mod policies;
mod prepared;
mod proofs;
mod quick_replies;
mod raw;
mod resuming;
mod roles;
mod staff;
mod texts;
mod unicode;
mod wire;

use std::{
    future::Future,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use reqwest::Response;
use serde_json::Value;
use tests::{
    desk::{Customer, Desk, Setup},
    identity::write_keys,
};
use uuid::Uuid;

/// Timeout on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// `$1` is the server's process, `$2` its folder.
const GUARD: &str = "trap '' INT TERM HUP; cat >/dev/null; kill -KILL \"$1\" 2>/dev/null; rm -rf \"$2\"";

struct Shared {
    desk: Desk,
    _guard: Child,
}

/// The server that all tests share.
fn desk() -> &'static Desk {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    &SHARED.get_or_init(|| start_shared(Vec::new())).desk
}

fn start_shared(mut environment: Vec<(&'static str, String)>) -> Shared {
    let folder = tempfile::Builder::new().prefix("desk-http-").tempdir().expect("a temporary folder").keep();
    let keys = folder.join("identity-keys");
    write_keys(&keys);
    environment.push(("DESK_IDENTITY_KEYS_FILE", keys.display().to_string()));
    let backend = if elsewhere::is_wanted() { elsewhere::backend(&folder) } else { Setup::default() };
    let desk = Desk::start(Setup { data_dir: Some(folder.join("data")), environment, ..backend });
    let mut guard = Command::new("sh");
    guard.args(["-c", GUARD, "guard", &desk.process_id().to_string()]).arg(&folder);
    guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    Shared { desk, _guard: guard.spawn().expect("a shell can be started") }
}

/// The OpenAPI document.
pub(crate) async fn document() -> Value {
    ok(desk().customer().get("/openapi.json").await.unwrap()).await
}

/// A name that no other test uses.
fn fresh(what: &str) -> String {
    format!("{what}-{}", Uuid::new_v4().simple())
}

/// A customer with a session of this name.
async fn customer_with(session: &str) -> Customer {
    let customer = desk().customer();
    customer.arrive(session).await.unwrap();
    customer
}

/// The JSON of a successful answer.
async fn ok(response: Response) -> Value {
    let status = response.status();
    let text = response.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// The answer must be a complete problem with this status and code; returns its JSON.
async fn problem(response: Response, status: u16, code: &str) -> Value {
    let (got, header) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    assert_eq!(got, status, "{text}");
    let content_type = header.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!(content_type, "application/problem+json", "{text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    assert_whole_problem(&body, status, code);
    assert_eq!(header["x-request-id"].to_str().unwrap(), body["request_id"], "{text}");
    body
}

fn assert_whole_problem(body: &Value, status: u16, code: &str) {
    assert_eq!(body["code"], code, "{body}");
    assert_eq!(body["status"], status, "{body}");
    assert_eq!(body["success"], false, "{body}");
    assert_eq!(body["error"], body["detail"], "{body}");
    assert!(body["type"].is_string() && body["title"].is_string(), "{body}");
    assert!(body["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{body}");
}

/// Repeats a request until the answer satisfies the condition.
async fn eventually<T, Answer: Future<Output = T>>(mut ask: impl FnMut() -> Answer, good: impl Fn(&T) -> bool) -> T {
    let started = Instant::now();
    loop {
        let answer = ask().await;
        if good(&answer) {
            return answer;
        }
        assert!(started.elapsed() < LIMIT, "it did not come about in {LIMIT:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The events of the shared server's log that match. Only events after the last call are read.
async fn recorded(is_wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    static READ: tokio::sync::Mutex<Vec<Value>> = tokio::sync::Mutex::const_new(Vec::new());
    let mut read = READ.lock().await;
    let after = read.last().map_or(0, |event| event["position"].as_u64().unwrap());
    read.extend(desk().staff().log_after(after).await.unwrap());
    read.iter().filter(|event| is_wanted(event)).cloned().collect()
}

/// The events of a stream in the shared server's log.
async fn events_of(stream: &str) -> Vec<Value> {
    recorded(|event| event["stream"] == stream).await
}

/// The events of a session, by the id that an answer has.
async fn events_of_session(session_id: &Value) -> Vec<Value> {
    events_of(&format!("session-{}", session_id.as_str().unwrap())).await
}

/// A session as its customer sees it, once the views have read to a position.
async fn session_at(customer: &Customer, session: &str, position: u64) -> Value {
    ok(customer.get(&format!("/api/sessions/{session}?min_position={position}")).await.unwrap()).await
}

/// The log of the server has no panic and no such text.
fn assert_log_lacks(marker: &str) {
    let log = desk().log();
    assert!(!log.contains("panicked"), "{log}");
    if let Some(line) = log.lines().find(|line| line.contains(marker)) {
        panic!("personal text in the log: {line}");
    }
}
