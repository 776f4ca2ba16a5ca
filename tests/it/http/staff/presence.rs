//! One's own presence, heartbeats, and who is available.

use domain::agent::Role;
use serde_json::{Value, json};

use super::{Member, desk, ok};
use crate::http::{events_of, problem};

async fn choose(member: &Member, status: &str) -> Value {
    ok(member.staff.put("/api/agent/status", &json!({"status": status})).await.unwrap()).await
}

/// Its row in the list, once the views have read to a position.
async fn row(member: &Member, position: &Value) -> Value {
    let listed = ok(desk().staff().get(&format!("/api/agents?min_position={position}")).await.unwrap()).await;
    listed["data"].as_array().unwrap().iter().find(|row| row["id"] == *member.id).unwrap().clone()
}

async fn presences(member: &Member) -> Vec<Value> {
    let events = events_of(&format!("agent-{}", member.id)).await;
    let changes = events.into_iter().filter(|event| event["type"] == "agent.presence_changed");
    changes.map(|event| event["data"].clone()).collect()
}

#[tokio::test]
async fn signing_in_makes_online_and_signing_out_offline() {
    let member = Member::with_role(Role::Agent).await;
    let shown = ok(member.staff.get("/api/agent/status").await.unwrap()).await;
    assert_eq!(shown["data"]["status"], "online");
    assert_eq!(member.profile().await["data"]["status"], "online");
    let left = ok(member.staff.post("/api/agent/logout", &json!({})).await.unwrap()).await;
    assert_eq!(row(&member, &left["position"]).await["status"], "offline");
    let expected =
        [json!({"presence": "online", "cause": "sign_in"}), json!({"presence": "offline", "cause": "sign_out"})];
    assert_eq!(presences(&member).await, expected);
}

#[tokio::test]
async fn status_has_the_fields_of_the_original() {
    let member = Member::with_role(Role::Agent).await;
    let data = ok(member.staff.get("/api/agent/status").await.unwrap()).await["data"].clone();
    let fields: Vec<&str> = data.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["current_sessions", "last_active_at", "max_sessions", "status", "status_note", "status_updated_at"];
    assert_eq!(fields, expected);
    assert_eq!((&data["current_sessions"], &data["max_sessions"]), (&json!(0), &json!(5)));
    assert!(data["status_updated_at"].as_f64().unwrap() <= data["last_active_at"].as_f64().unwrap(), "{data}");
}

#[tokio::test]
async fn chosen_status_is_shown_to_all_and_the_same_again_is_no_event() {
    let member = Member::with_role(Role::Agent).await;
    let mut expected = vec![json!({"presence": "online", "cause": "sign_in"})];
    for (sent, shown) in
        [("busy", "busy"), ("lunch", "break"), ("break", "break"), ("training", "training"), ("offline", "offline")]
    {
        let chosen = choose(&member, sent).await;
        assert_eq!(chosen["data"]["status"], shown, "{sent}");
        assert_eq!(row(&member, &chosen["position"]).await["status"], shown, "{sent}");
        if sent != "break" {
            expected.push(json!({"presence": shown, "cause": "chosen"}));
        }
    }
    assert_eq!(presences(&member).await, expected);
    for (bad, code) in [
        (json!({"status": "away"}), "INVALID_FIELD"),
        (json!({"status": ""}), "INVALID_FIELD"),
        (json!({"status": 1}), "BAD_REQUEST"),
        (json!({}), "INVALID_FIELD"),
    ] {
        let refused = problem(member.staff.put("/api/agent/status", &bad).await.unwrap(), 400, code).await;
        assert_eq!(refused["field"], "status", "{bad}");
    }
}

#[tokio::test]
async fn heartbeat_is_no_event_and_shows_when_the_agent_was_heard_of() {
    let member = Member::with_role(Role::Agent).await;
    let stream = format!("agent-{}", member.id);
    let before = events_of(&stream).await.len();
    for path in ["/api/agent/status/heartbeat", "/api/agent/heartbeat"] {
        let heard = ok(member.staff.post(path, &json!({})).await.unwrap()).await;
        assert_eq!((&heard["success"], &heard["status"]), (&json!(true), &json!("online")), "{path}");
        assert!(heard["last_active_at"].as_f64().unwrap() > 1e9, "{heard}");
        let seen = row(&member, &heard["position"]).await["last_seen_at"].clone();
        assert_eq!(
            seen.is_string(),
            path == "/api/agent/heartbeat",
            "{path}: the original's is too seldom to be watched by"
        );
    }
    assert_eq!(events_of(&stream).await.len(), before);
    choose(&member, "offline").await;
    let heard = ok(member.staff.post("/api/agent/heartbeat", &json!({})).await.unwrap()).await;
    assert_eq!(heard["status"], "offline", "who chose to be offline stays so");
}

#[tokio::test]
async fn agents_see_who_is_available() {
    let (asking, there) = (Member::with_role(Role::Agent).await, Member::with_role(Role::Supervisor).await);
    let auditor = Member::with_role(Role::Auditor).await;
    let available = async |position: &Value| {
        let path = format!("/api/agents/available?min_position={position}");
        ok(asking.staff.get(&path).await.unwrap()).await["data"].as_array().unwrap().clone()
    };
    let is = |who: &Member, rows: &[Value]| rows.iter().any(|row| row["id"] == *who.id);
    let rows = available(&choose(&auditor, "online").await["position"]).await;
    assert!(is(&asking, &rows) && is(&there, &rows) && !is(&auditor, &rows));
    let row = rows.iter().find(|row| row["id"] == *there.id).unwrap();
    let languages: Vec<&str> = domain::Language::ALL.into_iter().map(domain::Language::as_str).collect();
    let expected = json!({
        "id": there.id, "username": there.username, "name": "Anna Li", "role": "supervisor", "status": "online",
        "skills": [], "languages": languages, "current_sessions": 0, "max_sessions": 5,
    });
    assert_eq!(*row, expected);
    let rows = available(&choose(&there, "busy").await["position"]).await;
    assert!(is(&asking, &rows) && !is(&there, &rows));
}

#[tokio::test]
async fn deactivated_account_is_offline() {
    let member = Member::with_role(Role::Agent).await;
    let path = format!("/api/agents/{}", member.id);
    let closed = ok(desk().staff().request(reqwest::Method::DELETE, &path).send().await.unwrap()).await;
    assert_eq!(row(&member, &closed["position"]).await["status"], "offline");
    assert_eq!(presences(&member).await.last(), Some(&json!({"presence": "offline", "cause": "sign_out"})));
}
