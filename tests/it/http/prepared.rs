//! A server on a log written before its start, for events that no request causes yet.

mod choices;

use std::sync::Arc;

use api::auth::visitor::VisitorTokens;
use domain::{
    AgentId, ContextId, Incarnation, Language, MessageId, Personal, RunId, SessionId, VisitorId,
    session::{
        Event, encode,
        event::{
            AgentTookOver, AssistantFailed, AssistantReplyWithheld, AssistantRunStarted, CloseReason, Closed,
            CommandConfirmed, CustomerMessageSent, Escalated, EscalationReason, Evidence, FailureCode, FailureDetail,
            Named, Opened, Recipient, Severity, Withheld, WithheldReason, Words,
        },
        priority::PriorityClass,
    },
    text::{MessageText, SessionName},
};
use event_store::{
    Actor, Expected, NewEvent, StreamName,
    sql::{Access, Database},
    sqlite::SqliteStore,
};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::desk::{Desk, Frames, Setup, write_private};
use uuid::Uuid;

use super::{LIMIT, problem};

const VISITOR: VisitorId = VisitorId(Uuid::from_u128(0xa001));
const TOKEN_KEY: [u8; 32] = [5; 32];

/// A visitor's token as a server with this key signs it at this time.
pub(super) fn token_of(key: &[u8], visitor: Uuid, at: Timestamp) -> String {
    VisitorTokens::new(&[key.to_vec()]).issue(VisitorId(visitor), false, at).token
}

/// A server, and its customer's token.
struct Prepared {
    desk: Desk,
    _folder: TempDir,
}

impl Prepared {
    async fn with(sessions: &[(&str, Vec<Event>)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        std::fs::create_dir(&data_dir).unwrap();
        write_private(data_dir.join("token-key"), &hex::encode(TOKEN_KEY));
        write_private(folder.path().join("test-master-key"), &"11".repeat(32));
        write(&data_dir, &folder.path().join("test-master-key"), sessions).await;
        let desk = Desk::start(Setup { data_dir: Some(data_dir), ..Setup::default() });
        Self { desk, _folder: folder }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let token = token_of(&TOKEN_KEY, VISITOR.0, Timestamp::now());
        tests::http_client::client().request(method, format!("{}{path}", self.desk.url())).bearer_auth(token)
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    async fn session(&self, name: &str) -> Value {
        super::ok(self.get(&format!("/api/sessions/{name}?min_position=1")).await).await["data"]["session"].clone()
    }
}

async fn write(data_dir: &std::path::Path, master_key: &std::path::Path, sessions: &[(&str, Vec<Event>)]) {
    let keys = Database::sqlite(&data_dir.join("keys.db"), Access::Durable).await.unwrap();
    let store = SqliteStore::open(&data_dir.join("events.db")).await.unwrap();
    let log = testkit::log_over(Arc::new(store), &keys, master_key).await;
    for (name, events) in sessions {
        let stream = StreamName::of("session", SessionId::of(VISITOR, name).0);
        let events: Vec<NewEvent> = std::iter::once(&opened(name)).chain(events).map(new_event).collect();
        log.append(&stream, Expected::NoStream, &events).await.unwrap();
    }
    drop(log);
    keys.close().await;
}

fn opened(name: &str) -> Event {
    let session_name = SessionName::parse(name.to_owned()).unwrap();
    Event::Opened(Opened {
        visitor: VISITOR,
        context: ContextId(Uuid::nil()),
        name: Personal::Known(Named { session_name }),
    })
}

fn new_event(event: &Event) -> NewEvent {
    testkit::new_event(encode(event), VISITOR.0, Actor::new("customer", &VISITOR.to_string()))
}

const MESSAGE: MessageId = MessageId(Uuid::from_u128(1));
const RUN: RunId = RunId(Uuid::from_u128(2));
const AGENT: AgentId = AgentId(Uuid::from_u128(3));

fn text(text: &str) -> MessageText {
    MessageText::parse(text.to_owned()).unwrap()
}

fn asked() -> Event {
    Event::CustomerMessageSent(CustomerMessageSent {
        message: MESSAGE,
        episode: 1,
        language: Language::En,
        incarnation: Incarnation(Uuid::nil()),
        recipient: Recipient::Assistant,
        rule_signals: Vec::new(),
        words: Personal::Known(Words { text: text("may I ask?"), parameters: serde_json::Map::new() }),
    })
}

fn run_started() -> Event {
    Event::AssistantRunStarted(AssistantRunStarted {
        run: RUN,
        attempt: 1,
        incarnation: Incarnation(Uuid::nil()),
        assistant: "faq".to_owned(),
        variant: None,
        deadline: Timestamp::now(),
        messages: vec![MESSAGE],
    })
}

fn failed() -> Event {
    let detail = Personal::Known(FailureDetail { text: "it said no to: may I ask?".to_owned() });
    Event::AssistantFailed(AssistantFailed {
        run: RUN,
        attempt: 1,
        code: FailureCode::Unavailable,
        error_code: None,
        retries: true,
        tokens: None,
        cost: None,
        detail,
    })
}

fn escalated() -> Event {
    Event::Escalated(Escalated {
        reason: EscalationReason::Keyword,
        rule: "R1".to_owned(),
        severity: Severity::High,
        policy_version: 1,
        class: PriorityClass::Normal,
        group: None,
        language: Language::En,
        messages: vec![MESSAGE],
        evidence: Personal::Known(Evidence { details: "命中关键词: 人工".to_owned() }),
    })
}

fn withheld() -> Event {
    let withheld = Withheld { text: text("too late"), shown: "too".to_owned() };
    let withheld = Personal::Known(withheld);
    Event::AssistantReplyWithheld(AssistantReplyWithheld {
        run: RUN,
        attempt: 1,
        reason: WithheldReason::HandedOver,
        tokens: None,
        cost: None,
        withheld,
    })
}

fn handed_over() -> Vec<Event> {
    let confirmed = Event::CommandConfirmed(CommandConfirmed { command: "open".to_owned() });
    vec![asked(), run_started(), failed(), escalated(), withheld(), confirmed]
}

fn taken_over() -> Vec<Event> {
    [handed_over(), vec![Event::AgentTookOver(AgentTookOver { agent: AGENT, messages: Vec::new() })]].concat()
}

fn closed() -> Vec<Event> {
    vec![asked(), escalated(), Event::Closed(Closed { reason: CloseReason::Resolved, messages: Vec::new() })]
}

async fn first_events(mut frames: Frames, count: usize) -> Vec<Value> {
    let mut events = Vec::new();
    while events.len() < count {
        events.push(frames.next_within(LIMIT).await.unwrap().data);
    }
    events
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap().strip_prefix("session.").unwrap()).collect()
}

#[tokio::test]
async fn customer_stream_and_view_hide_staff_only_events() {
    let prepared = Prepared::with(&[("s", taken_over())]).await;
    let shown = first_events(Frames::of(prepared.get("/api/sessions/s/events").await), 5).await;
    let expected = ["opened", "customer_message_sent", "assistant_run_started", "escalated", "agent_took_over"];
    assert_eq!(types(&shown), expected);
    assert!(shown.iter().all(|event| event.get("subject").is_none()), "{shown:?}");
    assert_eq!(shown[3].get("personal"), None, "what a rule saw is not for the customer");
    let state = prepared.session("s").await;
    assert_eq!(state["history"].as_array().unwrap().len(), 1, "what was withheld is no message: {state}");
    assert_eq!(state["escalation"].get("details"), None);
    let mut all = prepared.desk.staff().log().await.unwrap();
    all.retain(|event| event["stream"].as_str().unwrap().starts_with("session-"));
    assert_eq!(all.len(), 8);
    assert_eq!(all[5]["personal"], json!({"text": "too late", "shown": "too"}));
    let path = format!("/api/sessions/{}", SessionId::of(VISITOR, "s"));
    let staff = super::ok(prepared.desk.staff().get(&path).await.unwrap()).await["data"]["session"].clone();
    assert_eq!((&staff["history"][1]["withheld"], &staff["history"][1]["shown"]), (&json!(true), &json!("too")));
    assert_eq!(staff["escalation"]["details"], "命中关键词: 人工");
}

#[tokio::test]
async fn chat_in_pending_manual_or_manual_live_gets_409() {
    let prepared = Prepared::with(&[("waits", handed_over()), ("lives", taken_over())]).await;
    for (name, status) in [("waits", "pending_manual"), ("lives", "manual_live")] {
        assert_eq!(prepared.session(name).await["status"], status);
        let head = prepared.desk.staff().head().await.unwrap();
        let body = json!({"message": "hello", "user_id": name});
        let detail = format!("SESSION_IN_MANUAL_MODE: {status}");
        let refused = prepared.request(Method::POST, "/api/chat").json(&body).send().await.unwrap();
        assert_eq!(problem(refused, 409, "SESSION_IN_MANUAL_MODE").await["detail"], detail);
        let stream = prepared.request(Method::POST, "/api/chat/stream").json(&body).send().await.unwrap();
        let expected = json!({"type": "error", "content": detail});
        assert_eq!(stream.text().await.unwrap(), format!("data: {expected}\n\n"), "after an error there is no done");
        assert_eq!(prepared.desk.staff().head().await.unwrap(), head, "nothing was recorded");
    }
}

#[tokio::test]
async fn list_and_statistics_have_the_original_shapes() {
    let prepared = Prepared::with(&[("waits", handed_over()), ("lives", taken_over()), ("over", closed())]).await;
    let staff = prepared.desk.staff();
    let list = super::ok(staff.get("/api/sessions?min_position=19").await.unwrap()).await["data"]["sessions"].clone();
    let row = |name: &str| list.as_array().unwrap().iter().find(|row| row["session_name"] == name).unwrap().clone();
    assert_eq!(row("waits")["escalation"]["reason"], "keyword");
    assert!(row("waits")["escalation"]["waiting_seconds"].as_f64().unwrap() >= 0.0);
    let agent = AGENT.to_string();
    assert_eq!(row("lives")["assigned_agent"], json!({"id": agent, "name": null, "agent_uuid": agent}));
    assert_eq!(row("lives")["escalation"].get("waiting_seconds"), None, "who is served does not wait");
    assert_eq!(row("over").get("escalation"), None, "an escalation ends with its session");
    let stats = super::ok(staff.get("/api/sessions/stats").await.unwrap()).await["data"].clone();
    assert_eq!(stats["by_status"], json!({"pending_manual": 1, "manual_live": 1, "closed": 1}));
    assert_eq!((&stats["total_sessions"], &stats["active_sessions"]), (&json!(3), &json!(2)));
    assert_eq!((&stats["active_agents"], &stats["by_escalation_reason"]), (&json!(1), &json!({"keyword": 2})));
    for (status, total) in [("pending_manual", 1), ("closed", 1), ("bot_active", 0)] {
        let page = super::ok(staff.get(&format!("/api/sessions?status={status}")).await.unwrap()).await["data"].clone();
        assert_eq!(page["total"], total, "{status}");
    }
}

#[tokio::test]
async fn message_after_close_starts_a_new_episode() {
    let prepared = Prepared::with(&[("over", closed())]).await;
    let body = json!({"message": "hello", "user_id": "over"});
    let request = prepared.request(Method::POST, "/api/chat").header("Idempotency-Key", "again").json(&body);
    let answer = super::ok(request.send().await.unwrap()).await;
    let request = prepared.request(Method::POST, "/api/chat").header("Idempotency-Key", "again").json(&body);
    assert_eq!(super::ok(request.send().await.unwrap()).await, answer);
    let path = format!("/api/sessions/over?min_position={}", answer["position"]);
    let state = super::ok(prepared.get(&path).await).await["data"]["session"].clone();
    assert_eq!((&state["status"], &state["episode"]), (&json!("bot_active"), &json!(2)));
}
