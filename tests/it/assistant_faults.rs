//! What customers get while the assistant elsewhere fails: an answer or a person, each message once. The assistant is a stand-in
//! for Coze or for a model's server, a process of its own; the program is started, and set up as a shop would.

use std::{
    collections::BTreeMap,
    fs::Permissions,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    time::{Duration, Instant},
};

use futures::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{
    contract_server::ContractServer,
    desk::{Customer, Desk, Frames, Setup},
    test_scale::is_long,
};

use crate::crash::until;

const PATIENCE: Duration = Duration::from_secs(40);
const QUESTION: &str = "How do I return my bike?";

fn key(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../integrations/src/coze/tests");
    folder.join(name).to_str().unwrap().to_owned()
}

fn coze() -> ContractServer {
    let public_key = key("public_key.pem");
    let arguments = ["--public-key", &public_key, "--key-id", "kid-1", "--app-id", "310000000002"];
    ContractServer::start("coze_server.py", &arguments)
}

/// A program with the original's variables, and nothing else but the address of the stand-in.
fn with_the_originals_variables(coze: &ContractServer) -> (Desk, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    // Secrets that everybody on the machine may read are refused.
    let private_key = folder.path().join("private_key.pem");
    std::fs::copy(key("private_key.pem"), &private_key).unwrap();
    std::fs::set_permissions(&private_key, Permissions::from_mode(0o600)).unwrap();
    let environment = vec![
        ("COZE_API_BASE", coze.url().to_owned()),
        ("COZE_WORKFLOW_ID", "7442300000000000001".to_owned()),
        ("COZE_APP_ID", "7439828073000000001".to_owned()),
        ("COZE_OAUTH_CLIENT_ID", "310000000002".to_owned()),
        ("COZE_OAUTH_PUBLIC_KEY_ID", "kid-1".to_owned()),
        ("COZE_OAUTH_PRIVATE_KEY_FILE", private_key.display().to_string()),
    ];
    (Desk::start(Setup { environment, ..Setup::default() }), folder)
}

fn model(port: u16) -> ContractServer {
    ContractServer::start(
        "openai_server.py",
        &["--dialect", "openai", "--key", "sk-key-of-the-shop", "--port", &port.to_string()],
    )
}

/// A program that asks a model and then the FAQ, without limits on those who chat.
fn with_a_model(model: &ContractServer, more: &[(&'static str, &str)]) -> Desk {
    let mut environment = vec![
        ("DESK_OPENAI_BASE_URL", format!("{}/v1", model.url())),
        ("DESK_OPENAI_MODEL", "test-model".to_owned()),
        ("DESK_OPENAI_API_KEY", "sk-key-of-the-shop".to_owned()),
        ("DESK_CHAT_RATE_PER_MINUTE", "0".to_owned()),
        ("DESK_RATE_PER_SECOND", "0".to_owned()),
    ];
    environment.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    Desk::start(Setup { environment, ..Setup::default() }.with_patient_rules())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn arrived(desk: &Desk, session: &str) -> Customer {
    let customer = desk.customer();
    customer.arrive(session).await.unwrap();
    customer
}

/// The assistants that a session's attempts asked, in order.
async fn asked(desk: &Desk, answer: &Value) -> Vec<String> {
    let stream = format!("session-{}", answer["session_id"].as_str().unwrap());
    let log = desk.staff().log().await.unwrap();
    let started = log
        .iter()
        .filter(|event| event["stream"] == stream.as_str() && event["type"] == "session.assistant_run_started");
    started.map(|event| event["data"]["assistant"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_originals_variables_alone_coze_answers_and_the_faq_when_it_fails() {
    let coze = coze();
    let (desk, _folder) = with_the_originals_variables(&coze);
    let customer = arrived(&desk, "drop-in").await;
    coze.tell(json!({"default": {"pieces": ["Coze", " says", " hello"]}})).await;
    let answer = customer.chat("drop-in", "hello").await.unwrap();
    assert_eq!((&answer["success"], &answer["message"]), (&json!(true), &json!("Coze says hello")), "{answer}");
    assert_eq!(asked(&desk, &answer).await, ["coze"]);
    let state = coze.state().await;
    let claims = &state["tokens"][0]["claims"];
    assert_eq!(claims["session_name"], answer["session_id"], "our id, never what the client calls it: {state}");

    coze.tell(json!({"default": {"behaviour": "error", "code": 4101}})).await;
    let answer = customer.chat("drop-in", QUESTION).await.unwrap();
    assert_eq!(answer["success"], true, "{answer}");
    assert_eq!(asked(&desk, &answer).await, ["coze", "coze", "faq"], "no permission: it is not asked again");
    let path = format!("/api/sessions/drop-in?min_position={}", answer["position"]);
    let session = customer.get(&path).await.unwrap().json::<Value>().await.unwrap();
    let said = session["data"]["session"]["history"].to_string();
    assert!(said.contains(QUESTION), "the message is kept: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_shown_to_administrators_without_anything_of_them() {
    let coze = coze();
    let (desk, _folder) = with_the_originals_variables(&coze);
    let answer = arrived(&desk, "tokens").await.chat("tokens", "hello").await.unwrap();
    let show = async || desk.staff().get("/api/token/info").await.unwrap().json::<Value>().await.unwrap();
    let info = show().await;
    let token = &info["sessions"][answer["session_id"].as_str().unwrap()];
    assert_eq!(
        (&info["total_sessions"], &token["is_valid"], &token["token_preview"]),
        (&json!(1), &json!(true), &json!("***"))
    );
    let refreshed = desk.staff().post("/api/token/refresh", &json!({})).await.unwrap();
    let refreshed: Value = refreshed.error_for_status().unwrap().json().await.unwrap();
    assert_eq!((&refreshed["success"], &refreshed["message"]), (&json!(true), &json!("Token 刷新成功")));
    assert_eq!(coze.state().await["tokens"].as_array().unwrap().len(), 2, "one more was asked for");
}

/// Every customer has an answer within the time-outs, other routes answer, and memory does not grow with what hangs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_assistant_stalls_every_customer_is_answered() {
    let customers = if is_long() { 500 } else { 150 };
    let model = model(free_port());
    model.tell(json!({"default": "stall_before_head"})).await;
    let limits = [("DESK_ASSISTANT_SILENCE_SECONDS", "3"), ("DESK_ASSISTANT_QUEUE_SECONDS", "2")];
    let desk = with_a_model(&model, &limits);
    let began = Instant::now();
    let ask = async |n: usize| {
        let session = format!("stalled-{n}");
        arrived(&desk, &session).await.chat(&session, QUESTION).await.unwrap()
    };
    let answers = join_all((0..customers).map(ask));
    let looks = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..20 {
            let asked = Instant::now();
            let status = desk.customer().get("/api/bot/info").await.unwrap().status();
            assert_eq!(status, StatusCode::OK);
            slowest = slowest.max(asked.elapsed());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        slowest
    };
    let (answers, slowest) = tokio::join!(answers, looks);
    for answer in &answers {
        assert_eq!(answer["success"], true, "{answer}");
        assert!(!answer["message"].as_str().unwrap().is_empty());
    }
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    assert!(slowest < Duration::from_secs(5), "another route took {slowest:?}");
    let megabytes = resident_megabytes(desk.process_id());
    assert!(megabytes < 600, "{megabytes} MB");
}

fn resident_megabytes(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// The breaker as operators see it.
async fn breaker(desk: &Desk) -> Value {
    let shown = desk.staff().get("/api/assistants").await.unwrap().json::<Value>().await.unwrap();
    let all = shown["data"].as_array().unwrap();
    all.iter().find(|one| one["name"] == "openai").unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_assistant_that_is_killed_is_left_alone_and_asked_again_once_it_is_back() {
    let port = free_port();
    let first = model(port);
    let desk = with_a_model(&first, &[]);
    let customer = arrived(&desk, "killed").await;
    let ask = async |n: u32| customer.chat("killed", &format!("How do I return bike number {n}?")).await.unwrap();
    let answer = ask(0).await;
    assert_eq!(asked(&desk, &answer).await, ["openai"]);
    drop(first);
    let mut answers = vec![answer];
    for n in 1..=10 {
        answers.push(ask(n).await);
    }
    assert!(answers.iter().all(|answer| answer["success"] == true), "{answers:?}");
    let open = breaker(&desk).await;
    assert_ne!(open["breaker"], "closed", "{open}");
    assert!(open["failures"].as_u64().unwrap() <= 10, "{open}");

    let _second = model(port);
    let mut n = 100;
    until("the assistant is asked again", Duration::from_secs(30), async || {
        n += 1;
        answers.push(ask(n).await);
        breaker(&desk).await["breaker"] == "closed"
    })
    .await;
    let answered = answered_once(&desk, &answers[0]).await;
    assert_eq!(answered.len(), answers.len(), "every message is answered");
    assert!(answered.values().all(|times| *times == 1), "each once: {answered:?}");
}

/// How often each message of a session is in the list of a reply or of an escalation.
async fn answered_once(desk: &Desk, answer: &Value) -> BTreeMap<String, u32> {
    let stream = format!("session-{}", answer["session_id"].as_str().unwrap());
    let log = desk.staff().log().await.unwrap();
    let mut times = BTreeMap::new();
    for event in log.iter().filter(|event| event["stream"] == stream.as_str()) {
        let data = &event["data"];
        if event["type"] == "session.customer_message_sent" {
            times.entry(data["message"].as_str().unwrap().to_owned()).or_default();
        }
        for message in data["answers"].as_array().into_iter().flatten() {
            *times.entry(message.as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    times
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_streamed_answer_goes_on_after_kill_9_and_ends_whole() {
    let model = model(free_port());
    let mut desk = with_a_model(&model, &[]);
    let customer = arrived(&desk, "killed-us").await;
    model.tell(json!({"next": ["stall_midway"], "default": {"pieces": ["One", " whole", " answer"]}})).await;
    let request = |customer: &Customer| {
        let body = json!({"user_id": "killed-us", "message": QUESTION});
        customer.request(Method::POST, "/api/chat/stream").header("Idempotency-Key", "the-question").json(&body)
    };
    let response = customer.send(request(&customer)).await.unwrap();
    let mut frames = Frames::of(response);
    let seen = frames.until(|frame| frame.data["type"] == "message").await;
    assert_eq!(seen[0].data["type"], "accepted", "{seen:?}");
    tokio::task::block_in_place(|| {
        desk.kill();
        desk.start_again();
    });
    let customer = customer.at(desk.url());
    let response = customer.send(request(&customer)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let mut again = Frames::of(response);
    let frames = tokio::time::timeout(PATIENCE, again.until(|frame| frame.data["type"] == "done")).await.unwrap();
    let types: Vec<&str> = frames.iter().filter_map(|frame| frame.data["type"].as_str()).collect();
    let last_start = types.iter().rposition(|kind| *kind == "restart").map_or(0, |place| place + 1);
    let text: String = frames[last_start..]
        .iter()
        .filter(|frame| frame.data["type"] == "message")
        .filter_map(|frame| frame.data["content"].as_str())
        .collect();
    assert_eq!(text, "One whole answer", "{frames:?}");
    let path = format!("/api/sessions/killed-us?min_position={}", frames[frames.len() - 1].data["position"]);
    let session = customer.get(&path).await.unwrap().json::<Value>().await.unwrap();
    let history = session["data"]["session"]["history"].as_array().unwrap();
    let replies: Vec<&Value> = history.iter().filter(|message| message["role"] == "assistant").collect();
    assert_eq!(replies.len(), 1, "{history:?}");
}
