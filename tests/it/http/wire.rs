//! Every route has the shapes of the original system.

mod figures;

use reqwest::Method;
use serde_json::{Value, json};

use super::{customer_with, desk, fresh, ok, patient, problem, session_at};

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn has_all(value: &Value, names: &[&str]) {
    for name in names {
        assert!(value.get(name).is_some(), "{name} is missing in {value}");
    }
}

fn is_uuid(value: &Value) -> bool {
    value.as_str().is_some_and(|text| uuid::Uuid::parse_str(text).is_ok())
}

/// Seconds since 1970 as a float, near now.
fn is_now(value: &Value) -> bool {
    let now = jiff::Timestamp::now().as_second();
    value.as_f64().is_some_and(|seconds| (seconds - f64::from(i32::try_from(now).unwrap())).abs() < 600.0)
}

#[tokio::test]
async fn chat_answers_with_the_original_fields_and_ours() {
    let (customer, session) = (desk().customer(), fresh("chat"));
    let answer = customer.chat(&session, "How long does it take to charge the battery?").await.unwrap();
    assert_eq!(keys(&answer), ["error", "message", "position", "session_id", "session_name", "success"]);
    assert_eq!((&answer["success"], &answer["error"]), (&json!(true), &Value::Null));
    assert_eq!(answer["session_name"], session);
    assert!(is_uuid(&answer["session_id"]));
    assert!(answer["message"].as_str().is_some_and(|text| text.contains("charg")), "{answer}");
}

#[tokio::test]
async fn chat_without_a_user_id_generates_one() {
    let customer = desk().customer();
    for body in [json!({"message": "hello"}), json!({"message": "hello", "user_id": null, "parameters": null})] {
        let answer = ok(customer.post("/api/chat", &body).await.unwrap()).await;
        let name = answer["session_name"].as_str().unwrap();
        let digits = name.strip_prefix("user_").unwrap();
        assert!(
            digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
            "{name}"
        );
        assert_eq!(session_at(&customer, name, answer["position"].as_u64().unwrap()).await["success"], true);
    }
}

#[tokio::test]
async fn chat_ignores_unknown_fields() {
    let body = json!({"message": "hello", "user_id": fresh("x"), "conversation_id": "7", "bot_id": {"a": [1]}, "stream": true});
    assert_eq!(ok(desk().customer().post("/api/chat", &body).await.unwrap()).await["success"], true);
}

#[tokio::test]
async fn chat_stream_sends_the_original_frames_in_order() {
    let (customer, session) = (desk().customer(), fresh("stream"));
    let body = json!({"message": "电池充满要多久？", "user_id": session});
    let response = customer.post("/api/chat/stream", &body).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(response.headers()["cache-control"], "no-cache");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let text = response.text().await.unwrap();
    let frames: Vec<Value> = text.split_terminator("\n\n").map(only_data).collect();
    let kinds: Vec<&str> = frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], kinds[kinds.len() - 1]), ("accepted", "done"), "{kinds:?}");
    assert!(kinds.len() >= 3 && kinds[1..kinds.len() - 1].iter().all(|kind| *kind == "message"), "{kinds:?}");
    assert_eq!(keys(&frames[0]), ["position", "session_id", "session_name", "type"]);
    assert_eq!(frames[0]["session_name"], session);
    let done = &frames[frames.len() - 1];
    assert_eq!((&done["content"], keys(done)), (&json!(""), vec!["content", "position", "type"]));
    assert!(done["position"].as_u64() > frames[0]["position"].as_u64(), "{done}");
    let said: String = frames[1..].iter().map(|frame| frame["content"].as_str().unwrap()).collect();
    assert!(text.contains(&said.chars().next().unwrap().to_string()), "the text is not escaped");
    assert_eq!(said, last_reply(&customer, &session).await);
}

/// A frame of the original is a single `data:` line.
fn only_data(frame: &str) -> Value {
    assert!(!frame.contains('\n'), "{frame}");
    serde_json::from_str(frame.strip_prefix("data: ").unwrap()).unwrap()
}

/// `done` is sent once the reply is on disk: the views have it as soon as they have read to the head.
async fn last_reply(customer: &tests::desk::Customer, session: &str) -> String {
    let head = desk().staff().head().await.unwrap();
    let shown = session_at(customer, session, head).await;
    let history = shown["data"]["session"]["history"].as_array().unwrap();
    assert_eq!(history[history.len() - 1]["role"], "assistant");
    history[history.len() - 1]["content"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn create_opens_a_session_once() {
    let (customer, session) = (desk().customer(), fresh("create"));
    let first = customer.arrive(&session).await.unwrap();
    assert_eq!(keys(&first), ["conversation_id", "error", "position", "success"]);
    assert_eq!((&first["success"], &first["error"]), (&json!(true), &Value::Null));
    assert!(is_uuid(&first["conversation_id"]));
    let second = customer.arrive(&session).await.unwrap();
    assert_eq!(second["conversation_id"], first["conversation_id"]);
    let shown = session_at(&customer, &session, second["position"].as_u64().unwrap()).await;
    assert_eq!(shown["data"]["session"]["conversation_id"], first["conversation_id"]);
}

#[tokio::test]
async fn new_starts_a_context_only_after_a_message() {
    let (session, path) = (fresh("new"), "/api/conversation/new");
    let customer = customer_with(&session).await;
    let body = json!({"session_id": session});
    let idle = ok(customer.post(path, &body).await.unwrap()).await;
    assert_eq!(idle["conversation_id"], customer.arrive(&session).await.unwrap()["conversation_id"]);
    customer.chat(&session, "hello").await.unwrap();
    let used = ok(customer.post(path, &body).await.unwrap()).await;
    assert_ne!(used["conversation_id"], idle["conversation_id"]);
    let again = ok(customer.post(path, &body).await.unwrap()).await;
    assert_eq!(again["conversation_id"], used["conversation_id"]);
    let shown = session_at(&customer, &session, again["position"].as_u64().unwrap()).await;
    assert_eq!(shown["data"]["session"]["history"].as_array().unwrap().len(), 2, "new hides nothing");
}

#[tokio::test]
async fn clear_hides_messages_and_answers_in_the_original_words() {
    let (session, path) = (fresh("clear"), "/api/conversation/clear");
    let customer = customer_with(&session).await;
    let body = json!({"session_id": session});
    customer.chat(&session, "hello").await.unwrap();
    let cleared = ok(customer.post(path, &body).await.unwrap()).await;
    assert_eq!(keys(&cleared), ["conversation_id", "error", "message", "position", "success"]);
    assert_eq!(cleared["message"], "历史会话已清除，新对话已创建");
    let shown = session_at(&customer, &session, cleared["position"].as_u64().unwrap()).await;
    assert_eq!(shown["data"]["session"]["history"], json!([]));
    assert_eq!(shown["data"]["session"]["conversation_id"], cleared["conversation_id"]);
    let again = ok(customer.post(path, &body).await.unwrap()).await;
    assert_eq!(again["conversation_id"], cleared["conversation_id"], "an empty screen is kept");
}

#[tokio::test]
async fn clear_after_new_still_hides_messages() {
    let session = fresh("clear-after-new");
    let customer = customer_with(&session).await;
    let body = json!({"session_id": session});
    customer.chat(&session, "hello").await.unwrap();
    ok(customer.post("/api/conversation/new", &body).await.unwrap()).await;
    let cleared = ok(customer.post("/api/conversation/clear", &body).await.unwrap()).await;
    let shown = session_at(&customer, &session, cleared["position"].as_u64().unwrap()).await;
    assert_eq!(shown["data"]["session"]["history"], json!([]));
}

#[tokio::test]
async fn new_and_clear_open_an_unknown_session() {
    for path in ["/api/conversation/new", "/api/conversation/clear"] {
        let (customer, session) = (desk().customer(), fresh("unknown"));
        let answer = ok(customer.post(path, &json!({"session_id": session})).await.unwrap()).await;
        assert_eq!(answer["success"], true);
        let shown = session_at(&customer, &session, answer["position"].as_u64().unwrap()).await;
        assert_eq!(shown["data"]["session"]["conversation_id"], answer["conversation_id"]);
    }
}

#[tokio::test]
async fn a_session_has_the_original_state() {
    let session = fresh("state");
    let customer = customer_with(&session).await;
    let answer = customer.chat(&session, "hello").await.unwrap();
    let shown = session_at(&customer, &session, answer["position"].as_u64().unwrap()).await;
    assert_eq!(keys(&shown), ["data", "position", "success"]);
    assert_eq!(shown["data"]["audit_trail"], json!([]), "the audit trail is for staff");
    let state = &shown["data"]["session"];
    has_all(state, &["escalation", "assigned_agent", "last_manual_end_at", "conversation_id", "updated_at"]);
    assert_eq!((&state["session_name"], &state["status"]), (&json!(session), &json!("bot_active")));
    assert_eq!(state["session_id"], answer["session_id"]);
    assert_eq!(state["user_profile"], json!({"nickname": "访客", "email": null, "vip": false, "metadata": {}}));
    let mail = json!({"sent": false, "email_to": [], "message_id": null, "error": null, "status": null, "at": null});
    assert_eq!(state["mail"], mail);
    assert_eq!(state["ai_fail_count"], 0);
    assert!(is_now(&state["created_at"]) && is_now(&state["updated_at"]), "{state}");
    let history = state["history"].as_array().unwrap();
    let roles: Vec<&Value> = history.iter().map(|message| &message["role"]).collect();
    assert_eq!(roles, ["user", "assistant"]);
    assert_eq!((&history[0]["content"], &history[1]["content"]), (&json!("hello"), &answer["message"]));
    assert!(is_now(&history[0]["timestamp"]));
    assert_eq!((&history[0]["agent_id"], &history[0]["agent_name"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn history_has_the_last_fifty_and_before_gives_the_rest() {
    let (customer, session) = (patient::desk().customer(), fresh("paging"));
    let mut position = 0;
    for number in 0..40 {
        let answer = customer.chat(&session, &format!("question {number}")).await.unwrap();
        position = answer["position"].as_u64().unwrap();
    }
    let newest = session_at(&customer, &session, position).await["data"]["session"]["history"].clone();
    let newest = newest.as_array().unwrap();
    assert_eq!(newest.len(), 50);
    let path = format!("/api/sessions/{session}?before={}", newest[0]["position"]);
    let older = ok(customer.get(&path).await.unwrap()).await["data"]["session"]["history"].clone();
    let older = older.as_array().unwrap();
    assert_eq!(older.len(), 30);
    let asked = older.iter().chain(newest).filter(|message| message["role"] == "user");
    let asked: Vec<String> = asked.map(|message| message["content"].as_str().unwrap().to_owned()).collect();
    assert_eq!(asked, (0..40).map(|number| format!("question {number}")).collect::<Vec<_>>());
    let none = ok(customer.get(&format!("/api/sessions/{session}?before=0")).await.unwrap()).await;
    assert_eq!(none["data"]["session"]["history"], json!([]));
}

#[tokio::test]
async fn the_list_has_the_original_rows_newest_first() {
    let (customer, session) = (desk().customer(), fresh("list"));
    let answer = customer.chat(&session, &"long ".repeat(30)).await.unwrap();
    let path = format!("/api/sessions?limit=200&min_position={}", answer["position"]);
    let list = ok(desk().staff().get(&path).await.unwrap()).await;
    assert_eq!(keys(&list), ["data", "position", "success"]);
    let mut data = keys(&list["data"]);
    // Beside the original's, where more follows.
    data.retain(|key| *key != "next_cursor");
    assert_eq!(data, ["has_more", "limit", "offset", "sessions", "total"]);
    let rows = list["data"]["sessions"].as_array().unwrap();
    let times: Vec<f64> = rows.iter().map(|row| row["updated_at"].as_f64().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b));
    let row = rows.iter().find(|row| row["session_name"] == session).unwrap();
    has_all(row, &["session_id", "status", "updated_at"]);
    assert_eq!(row["user_profile"], json!({"nickname": "访客", "vip": false}));
    let preview = &row["last_message_preview"];
    assert_eq!(preview["role"], "assistant");
    let said: String = answer["message"].as_str().unwrap().chars().take(50).collect();
    assert_eq!(preview["content"], format!("{said}..."));
    assert!(row.get("escalation").is_none() && row.get("assigned_agent").is_none(), "{row}");
}

#[tokio::test]
async fn bot_config_and_health_answer_as_the_original_did() {
    let customer = desk().customer();
    let bot = ok(customer.get("/api/bot/info").await.unwrap()).await;
    assert_eq!((keys(&bot), &bot["success"]), (vec!["bot", "success"], &json!(true)));
    assert_eq!(
        keys(&bot["bot"]),
        ["description", "icon_url", "language", "name", "suggestions", "welcome", "workflow_id"]
    );
    let config = ok(customer.get("/api/config").await.unwrap()).await;
    assert_eq!(keys(&config), ["appId", "authMode", "sessionIsolation", "workflowId"]);
    assert_eq!((&config["authMode"], &config["sessionIsolation"]), (&json!("OAUTH_JWT"), &json!(true)));
    let health = ok(customer.get("/api/health").await.unwrap()).await;
    has_all(&health, &["workflow_id", "app_id"]);
    assert_eq!((&health["status"], &health["coze_connected"]), (&json!("healthy"), &json!(true)));
    assert_eq!((&health["auth_mode"], &health["session_isolation"]), (&json!("OAUTH_JWT"), &json!(true)));
    assert_eq!(health["token_info"]["sessions"], json!({}));
    assert!(health["token_info"]["total_sessions"].is_u64());
}

#[tokio::test]
async fn the_root_is_json_for_programs_and_a_page_for_browsers() {
    let customer = desk().customer();
    let json = ok(customer.get("/").await.unwrap()).await;
    has_all(&json, &["service", "version", "auth_mode", "frontend", "frontend_url", "endpoints"]);
    assert_eq!(json["status"], "running");
    has_all(&json["docs"], &["swagger", "redoc"]);
    let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = customer.request(Method::GET, "/").header("Accept", accept).send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert!(varies(&page, "accept"));
    let html = page.text().await.unwrap();
    assert!(html.starts_with("<!doctype html>") || html.starts_with("<!DOCTYPE html>"), "{html}");
    let own = html.split('"').filter(|text| text.starts_with("/page/"));
    for path in own {
        assert_eq!(customer.get(path).await.unwrap().status(), 200, "{path}");
    }
}

#[tokio::test]
async fn every_route_is_served_under_v1() {
    let (customer, session) = (desk().customer(), fresh("v1"));
    let body = json!({"message": "hello", "user_id": session, "session_id": session});
    for path in ["chat", "conversation/create", "conversation/new", "conversation/clear"] {
        let answer = ok(customer.post(&format!("/api/v1/{path}"), &body).await.unwrap()).await;
        assert_eq!(answer["success"], true, "{path}");
    }
    let stream = customer.post("/api/v1/chat/stream", &body).await.unwrap().text().await.unwrap();
    assert!(stream.ends_with("\"type\":\"done\"}\n\n"), "{stream}");
    for path in ["bot/info", "config", "health", &format!("sessions/{session}")] {
        ok(customer.get(&format!("/api/v1/{path}")).await.unwrap()).await;
    }
    for path in ["sessions", "sessions/stats"] {
        ok(desk().staff().get(&format!("/api/v1/{path}")).await.unwrap()).await;
    }
    let mut frames =
        tests::desk::Frames::of(customer.get(&format!("/api/v1/sessions/{session}/events")).await.unwrap());
    assert_eq!(frames.next().await.unwrap().event.as_deref(), Some("session.opened"));
    problem(customer.get("/api/v1/nothing").await.unwrap(), 404, "NOT_FOUND").await;
}

#[tokio::test]
async fn uuid_request_id_is_echoed_and_recorded_as_correlation_id() {
    let (customer, session) = (desk().customer(), fresh("request"));
    let id = uuid::Uuid::new_v4().to_string();
    let request = customer.request(Method::POST, "/api/chat").header("X-Request-Id", &id);
    let response = customer.send(request.json(&json!({"message": "hello", "user_id": session}))).await.unwrap();
    assert_eq!(response.headers()["x-request-id"], *id);
    let caused = super::recorded(|event| event["correlation_id"] == id.as_str()).await;
    assert!(caused.iter().any(|event| event["type"] == "session.customer_message_sent"), "{caused:?}");
    for strange in ["", "not a uuid", "<script>", &"x".repeat(500)] {
        let response =
            customer.request(Method::GET, "/api/config").header("X-Request-Id", strange).send().await.unwrap();
        let given = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(uuid::Uuid::parse_str(&given).is_ok() && given != strange, "{given}");
    }
}

#[tokio::test]
async fn json_and_pages_are_compressed_and_streams_never_are() {
    let session = fresh("compressed");
    let customer = customer_with(&session).await;
    for encoding in ["gzip", "br"] {
        for (path, accept) in [("/openapi.json", "*/*"), ("/", "text/html"), ("/page/shop.css", "*/*")] {
            let request =
                customer.request(Method::GET, path).header("Accept-Encoding", encoding).header("Accept", accept);
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["content-encoding"], encoding, "{path}");
            assert!(varies(&response, "accept-encoding"), "{path}");
        }
        let request = customer.request(Method::POST, "/api/chat/stream").header("Accept-Encoding", encoding);
        let body = json!({"message": "hello", "user_id": session});
        assert_plain(&request.json(&body).send().await.unwrap());
        let path = format!("/api/sessions/{session}/events");
        assert_plain(&customer.request(Method::GET, &path).header("Accept-Encoding", encoding).send().await.unwrap());
        let request = desk().staff().request(Method::GET, "/api/events").header("Accept-Encoding", encoding);
        assert_plain(&request.send().await.unwrap());
    }
}

fn varies(response: &reqwest::Response, by: &str) -> bool {
    let all = response.headers().get_all("vary").iter().map(|value| value.to_str().unwrap().to_lowercase());
    all.flat_map(|value| value.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>()).any(|name| name == by)
}

fn assert_plain(response: &reqwest::Response) {
    let encoding = response.headers().get("content-encoding").map(|value| value.to_str().unwrap());
    assert!(response.status().is_success() && matches!(encoding, None | Some("identity")), "{encoding:?}");
}

#[tokio::test]
async fn visitor_is_recognised_by_cookie_or_bearer_token() {
    let (session, client) = (fresh("cookie"), tests::http_client::client());
    let url = desk().url();
    let create = client.post(format!("{url}/api/conversation/create")).json(&json!({"user_id": session}));
    let response = create.send().await.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["desk_visitor_", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=15552000"] {
        assert!(cookie.contains(part), "{part} is missing in {cookie}");
    }
    assert!(!cookie.contains("Secure"), "over plain HTTP a secure cookie would never come back");
    let token = response.headers()["x-visitor-token"].to_str().unwrap().to_owned();
    let path = format!("{url}/api/sessions/{session}/events");
    let pair = cookie.split(';').next().unwrap();
    assert!(pair.ends_with(&token), "{cookie}");
    let by_cookie = client.get(&path).header("Cookie", pair).send().await.unwrap();
    assert_eq!(by_cookie.status(), 200);
    assert!(by_cookie.headers().get("set-cookie").is_none(), "a fresh cookie is not renewed");
    let bearer_wins =
        client.get(&path).bearer_auth(&token).header("Cookie", "desk_visitor=rubbish").send().await.unwrap();
    assert_eq!(bearer_wins.status(), 200);
    assert!(bearer_wins.headers().get("set-cookie").is_none(), "a fresh token is not renewed");
    let rubbish = client.get(&path).header("Cookie", "desk_visitor=rubbish").send().await.unwrap();
    problem(rubbish, 404, "NOT_FOUND").await;
}
