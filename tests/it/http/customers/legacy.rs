//! `compat_legacy_sessions`: clients of the original system, which have only a session name.

use super::*;

const ON: &[(&str, &str)] = &[("DESK_COMPAT_LEGACY_SESSIONS", "true")];
const NAME: &str = "session_176389920042";
const SHORT: &str = "session_17638992004";

/// A request as clients of the original send it, without a token.
async fn plainly(desk: &Desk, path: &str, session: &str) -> Response {
    let body = json!({"message": "hello", "user_id": session, "session_id": session});
    desk.customer().post(path, &body).await.unwrap()
}

fn has_token(response: &Response) -> bool {
    response.headers().get("x-visitor-token").is_some() || response.headers().get("set-cookie").is_some()
}

#[tokio::test]
async fn legacy_session_name_opens_its_session_where_allowed() {
    let Own { desk, _folder } = Own::start(ON);
    let mut ids = Vec::new();
    for path in ["/api/chat", "/api/chat/stream", "/api/conversation/create", "/api/conversation/new", "/api/chat"] {
        let response = plainly(&desk, path, NAME).await;
        assert!(response.status() == 200 && !has_token(&response), "{path}");
        let text = response.text().await.unwrap();
        ids.extend(serde_json::from_str::<Value>(&text).ok().and_then(|answer| answer.get("session_id").cloned()));
    }
    assert_eq!(ids[0], ids[1], "always the same session");
    let visitors: Vec<Value> = desk
        .staff()
        .log()
        .await
        .unwrap()
        .iter()
        .filter(|event| event["type"] == "session.opened")
        .map(|event| event["data"]["visitor"].clone())
        .collect();
    assert_eq!(visitors.len(), 1, "{visitors:?}");
    let head = desk.staff().head().await.unwrap();
    let shown = ok(desk.customer().get(&format!("/api/sessions/{NAME}?min_position={head}")).await.unwrap()).await;
    assert_eq!(shown["data"]["session"]["session_name"], NAME);
    let mut frames = desk.customer().follow(NAME, None).await.unwrap();
    assert_eq!(frames.next().await.unwrap().event.as_deref(), Some("session.opened"));
    let cleared = plainly(&desk, "/api/conversation/clear", NAME).await;
    assert!(cleared.status() == 200 && !has_token(&cleared));
}

#[tokio::test]
async fn legacy_names_and_visitor_tokens_reach_separate_sessions() {
    let Own { desk, _folder } = Own::start(ON);
    let visitor = desk.customer();
    visitor.arrive("first").await.unwrap();
    let secret = visitor.chat(NAME, "of a visitor with a token").await.unwrap();
    let position = secret["position"].as_u64().unwrap();
    assert_eq!(looking(&desk.customer(), NAME, position).await, 404, "the name does not open a visitor's session");
    let legacy = ok(plainly(&desk, "/api/chat", NAME).await).await;
    assert_ne!(legacy["session_id"], secret["session_id"]);
    let shown = super::super::session_at(&visitor, NAME, legacy["position"].as_u64().unwrap()).await;
    assert_eq!(shown["data"]["session"]["session_id"], secret["session_id"], "a token wins over a name");
    let other_name = format!("{NAME}x");
    assert_eq!(looking(&desk.customer(), &other_name, position).await, 404);
    let identified = desk.customer();
    ok(identify(&identified, &token_for("4711")).await).await;
    assert_eq!(looking(&identified, NAME, position).await, 404);
    assert_eq!(who(&desk.customer()).await["is_identified"], false);
}

#[tokio::test]
async fn short_or_missing_legacy_name_creates_a_visitor() {
    let Own { desk, _folder } = Own::start(ON);
    assert_eq!((NAME.len(), SHORT.len()), (20, 19));
    for _twice in 0..2 {
        let response = plainly(&desk, "/api/chat", SHORT).await;
        assert!(response.status() == 200 && has_token(&response));
    }
    assert_eq!(looking(&desk.customer(), SHORT, 1).await, 404);
    let unnamed = desk.customer().post("/api/chat", &json!({"message": "hello"})).await.unwrap();
    assert!(has_token(&unnamed), "a name that the server made is nobody's secret");
    let answer = ok(unnamed).await;
    let made_up = answer["session_name"].as_str().unwrap();
    assert_eq!(looking(&desk.customer(), made_up, answer["position"].as_u64().unwrap()).await, 404);
}

#[tokio::test]
async fn bad_token_is_rejected_even_with_legacy_sessions() {
    let Own { desk, _folder } = Own::start(ON);
    ok(plainly(&desk, "/api/chat", NAME).await).await;
    let request = tests::http_client::client().get(format!("{}/api/sessions/{NAME}", desk.url())).bearer_auth("x.y.z");
    problem(request.send().await.unwrap(), 401, "UNAUTHORIZED").await;
}

#[tokio::test]
async fn legacy_session_name_opens_nothing_where_not_allowed() {
    let name = fresh("session_of_the_original");
    let response = plainly(desk(), "/api/chat", &name).await;
    assert!(has_token(&response));
    let position = ok(response).await["position"].as_u64().unwrap();
    assert_eq!(looking(&desk().customer(), &name, position).await, 404);
    let again = ok(plainly(desk(), "/api/chat", &name).await).await;
    let shown = desk().customer().get(&format!("/api/sessions/{name}?min_position={}", again["position"])).await;
    problem(shown.unwrap(), 404, "NOT_FOUND").await;
}
