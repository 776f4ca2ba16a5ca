//! API keys: their permissions, expiry and revocation.

use domain::agent::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tests::desk::{Desk, Setup, Staff};

use super::{Member, desk, fresh, ok, streams::ends_with_a_word};
use crate::http::{eventually, problem, recorded};

async fn issue(body: &Value) -> Value {
    ok(desk().staff().post("/api/api-keys", body).await.unwrap()).await
}

/// A client with an API key, and the id of the key.
async fn program(permissions: &[&str]) -> (Staff, String) {
    let issued = issue(&json!({"name": "Nightly export", "permissions": permissions})).await;
    let key = issued["key"].as_str().unwrap().to_owned();
    (Staff::new(desk().url(), key), issued["data"]["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn api_key_has_only_its_permissions() {
    let (program, id) = program(&["statistics:read"]).await;
    ok(program.get("/api/sessions/stats").await.unwrap()).await;
    for (method, path) in [
        (Method::GET, "/api/sessions"),
        (Method::GET, "/api/events"),
        (Method::GET, "/api/audit"),
        (Method::GET, "/api/agents"),
        (Method::GET, "/api/agent/profile"),
        (Method::POST, "/api/agents"),
        (Method::POST, "/api/api-keys"),
        (Method::GET, "/api/agent/sign-ins"),
    ] {
        let answer = program.request(method, path).json(&json!({})).send().await.unwrap();
        let refused = problem(answer, 403, "PERMISSION_DENIED").await;
        assert!(refused["detail"].as_str().unwrap().ends_with("which this API key does not have"), "{refused}");
    }
    let revoke = format!("/api/api-keys/{id}");
    problem(program.request(Method::DELETE, &revoke).send().await.unwrap(), 403, "PERMISSION_DENIED").await;
}

#[tokio::test]
async fn api_key_is_shown_once_and_stored_as_a_digest() {
    let issued = issue(&json!({"name": "Shown once", "permissions": ["log:read", "log:read", "audit:read"]})).await;
    let (key, id) = (issued["key"].as_str().unwrap(), issued["data"]["id"].as_str().unwrap());
    assert_eq!(issued["data"]["permissions"], json!(["log:read", "audit:read"]));
    let path = format!("/api/api-keys?min_position={}", issued["position"]);
    let listed = ok(desk().staff().get(&path).await.unwrap()).await;
    let row = listed["data"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap();
    assert_eq!((&row["name"], &row["is_active"]), (&json!("Shown once"), &json!(true)));
    assert!(row["created_by"].as_str().unwrap().starts_with("agent:"));
    let secret = key.rsplit_once('_').unwrap().1;
    assert!(!listed.to_string().contains(secret));
    let tells_it = recorded(|event| event.to_string().contains(secret)).await;
    assert!(tells_it.is_empty(), "{tells_it:?}");
}

#[tokio::test]
async fn revoked_api_key_gets_401_and_its_streams_end() {
    let (program, id) = program(&["log:read"]).await;
    let stream = program.follow(None).await.unwrap();
    let path = format!("/api/api-keys/{id}");
    let revoked = ok(desk().staff().request(Method::DELETE, &path).send().await.unwrap()).await;
    assert_eq!(revoked["data"]["is_active"], false);
    ends_with_a_word(stream).await;
    problem(program.get("/api/events").await.unwrap(), 401, "API_KEY_INVALID").await;
    ok(desk().staff().request(Method::DELETE, &path).send().await.unwrap()).await;
}

#[tokio::test]
async fn expired_api_key_gets_401() {
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    let body = json!({"name": "Short", "permissions": ["statistics:read"], "expires_at": soon.to_string()});
    let issued = issue(&body).await;
    let program = Staff::new(desk().url(), issued["key"].as_str().unwrap().to_owned());
    let refused = eventually(
        || async { program.get("/api/sessions/stats").await.unwrap().status().as_u16() },
        |status| *status != 200,
    )
    .await;
    assert_eq!(refused, 401);
    assert!(jiff::Timestamp::now() >= soon, "not before its time");
}

#[tokio::test]
async fn altered_api_key_gets_401() {
    let (_, _) = program(&["statistics:read"]).await;
    let issued = issue(&json!({"name": "Changed", "permissions": ["statistics:read"]})).await;
    let key = issued["key"].as_str().unwrap();
    let last = if key.ends_with('A') { "B" } else { "A" };
    let changed = Staff::new(desk().url(), format!("{}{last}", &key[..key.len() - 1]));
    problem(changed.get("/api/sessions/stats").await.unwrap(), 401, "API_KEY_INVALID").await;
    let foreign = Staff::new(desk().url(), format!("fdk_{}_{}", "0".repeat(32), "A".repeat(43)));
    problem(foreign.get("/api/sessions/stats").await.unwrap(), 401, "API_KEY_INVALID").await;
}

#[tokio::test]
async fn api_key_reads_are_audited_and_personal_parts_need_permission() {
    let name = fresh("seen-by-a-program");
    let arrived = desk().customer().arrive(&name).await.unwrap();
    let (program, id) = program(&["session:read", "log:read"]).await;
    ok(program.get(&format!("/api/sessions/{name}?min_position={}", arrived["position"])).await.unwrap()).await;
    let looked = |event: &Value| event["type"] == "access.session_viewed" && event["actor"] == format!("agent:{id}");
    assert_eq!(recorded(looked).await.len(), 1);
    let opened_at = arrived["position"].as_u64().unwrap();
    let seen = program.log_after(opened_at - 1).await.unwrap();
    assert_eq!(seen[0]["type"], "session.opened", "an event with a personal part");
    assert!(seen.iter().all(|event| event.get("personal").is_none()), "sealed parts stay sealed");
}

#[tokio::test]
async fn only_administrators_issue_api_keys_and_none_for_accounts() {
    let body = json!({"name": "Mine", "permissions": ["statistics:read"]});
    for role in [Role::Agent, Role::Supervisor, Role::Auditor, Role::Analyst] {
        let member = Member::with_role(role).await;
        problem(member.staff.post("/api/api-keys", &body).await.unwrap(), 403, "PERMISSION_DENIED").await;
    }
    for (body, field) in [
        (json!({"permissions": ["statistics:read"]}), "name"),
        (json!({"name": "x"}), "permissions"),
        (json!({"name": "x", "permissions": ["agent:write"]}), "permissions"),
        (json!({"name": "x", "permissions": ["profile:write"]}), "permissions"),
        (json!({"name": "x", "permissions": ["everything"]}), "permissions"),
        (json!({"name": "x", "permissions": ["log:read"], "expires_at": "2020-01-01T00:00:00Z"}), "expires_at"),
        (json!({"name": "x", "permissions": ["log:read"], "expires_at": "soon"}), "expires_at"),
    ] {
        let refused = problem(desk().staff().post("/api/api-keys", &body).await.unwrap(), 400, "INVALID_FIELD").await;
        assert_eq!(refused["field"], field);
    }
    let revoke = |id: &str| desk().staff().request(Method::DELETE, &format!("/api/api-keys/{id}")).send();
    for id in ["nothing", "00000000-0000-4000-8000-000000000000"] {
        problem(revoke(id).await.unwrap(), 404, "NOT_FOUND").await;
    }
    let person = Member::with_role(Role::Agent).await;
    problem(revoke(&person.id).await.unwrap(), 404, "NOT_FOUND").await;
}

#[tokio::test]
async fn api_key_cannot_use_account_routes() {
    let (_, id) = program(&["statistics:read"]).await;
    let path = format!("/api/agents/{id}");
    problem(desk().staff().get(&path).await.unwrap(), 404, "NOT_FOUND").await;
    let reset = desk().staff().post(&format!("{path}/reset-password"), &json!({})).await.unwrap();
    problem(reset, 404, "NOT_FOUND").await;
}

#[tokio::test]
async fn valid_and_revoked_api_keys_keep_their_state_across_a_restart() {
    let mut desk = Desk::start(Setup::default());
    let body = json!({"name": "Nightly export", "permissions": ["statistics:read"]});
    let mut keys = Vec::new();
    for _ in 0..2 {
        let issued = ok(desk.staff().post("/api/api-keys", &body).await.unwrap()).await;
        let id = issued["data"]["id"].as_str().unwrap().to_owned();
        keys.push((issued["key"].as_str().unwrap().to_owned(), id));
    }
    let path = format!("/api/api-keys/{}", keys[1].1);
    let revoked = ok(desk.staff().request(Method::DELETE, &path).send().await.unwrap()).await;
    // The staff directory then starts from the views.
    ok(desk.staff().get(&format!("/api/sessions?min_position={}", revoked["position"])).await.unwrap()).await;
    desk.kill();
    desk.start_again();
    let come = async |key: &str| Staff::new(desk.url(), key.to_owned()).get("/api/sessions/stats").await.unwrap();
    ok(come(&keys[0].0).await).await;
    problem(come(&keys[1].0).await, 401, "API_KEY_INVALID").await;
}
