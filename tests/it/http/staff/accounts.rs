//! Accounts: creating, changing and deactivating them, and their events.

use domain::agent::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::{FIRST, Member, desk, fresh, login, make, ok};
use crate::http::{assert_log_lacks, events_of, problem};

async fn agents() -> Vec<Value> {
    let listed = ok(desk().staff().get("/api/agents").await.unwrap()).await;
    listed["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn created_account_is_listed_with_its_fields() {
    let username = fresh("made");
    let new = json!({
        "username": username, "password": FIRST, "name": "李小明", "email": "li@example.com", "role": "supervisor",
        "skills": ["batteries", "returns", "batteries"], "languages": ["en"], "max_sessions": 3,
    });
    let made = ok(desk().staff().post("/api/agents", &new).await.unwrap()).await;
    let path = format!("/api/agents?min_position={}", made["position"]);
    let listed = ok(desk().staff().get(&path).await.unwrap()).await;
    let rows = listed["data"].as_array().unwrap();
    let row = rows.iter().find(|row| row["username"] == username).unwrap();
    for (field, value) in [
        ("name", json!("李小明")),
        ("email", json!("li@example.com")),
        ("role", json!("supervisor")),
        ("skills", json!(["batteries", "returns"])),
        ("languages", json!(["en"])),
        ("max_sessions", json!(3)),
        ("is_active", json!(true)),
        ("status", json!("offline")),
    ] {
        assert_eq!((&row[field], &made["data"][field]), (&value, &value), "{field}");
    }
    problem(desk().staff().post("/api/agents", &new).await.unwrap(), 409, "AGENT_EXISTS").await;
}

#[tokio::test]
async fn invalid_account_fields_are_named() {
    let base = || json!({"username": fresh("bad"), "password": FIRST});
    for (field, value, code) in [
        ("username", json!("a b"), "INVALID_FIELD"),
        ("username", json!(""), "INVALID_FIELD"),
        ("password", json!("short"), "INVALID_PASSWORD"),
        ("name", json!("x".repeat(101)), "INVALID_FIELD"),
        ("name", json!("a\r\nb"), "INVALID_FIELD"),
        ("email", json!("no address"), "INVALID_FIELD"),
        ("role", json!("root"), "INVALID_FIELD"),
        ("languages", json!(["nl"]), "INVALID_FIELD"),
        ("skills", json!([""]), "INVALID_FIELD"),
        ("max_sessions", json!(0), "INVALID_FIELD"),
    ] {
        let mut body = base();
        body[field] = value;
        let refused = problem(desk().staff().post("/api/agents", &body).await.unwrap(), 400, code).await;
        assert_eq!(refused["field"], field, "{refused}");
    }
}

#[tokio::test]
async fn role_change_takes_effect_at_once() {
    let member = Member::with_role(Role::Admin).await;
    ok(member.staff.get("/api/agents").await.unwrap()).await;
    let path = format!("/api/agents/{}", member.id);
    ok(desk().staff().put(&path, &json!({"role": "agent"})).await.unwrap()).await;
    super::super::eventually(
        || async { member.staff.get("/api/agents").await.unwrap().status().as_u16() },
        |status| *status == 403,
    )
    .await;
    ok(member.staff.get("/api/sessions").await.unwrap()).await;
}

#[tokio::test]
async fn changing_ones_own_role_is_refused() {
    let member = Member::with_role(Role::Agent).await;
    let wished =
        json!({"name": "Anna Wang", "role": "admin", "permissions": ["agent:write"], "is_active": true, "id": "x"});
    let profile = ok(member.staff.put("/api/agent/profile", &wished).await.unwrap()).await;
    assert_eq!((&profile["data"]["name"], &profile["data"]["role"]), (&json!("Anna Wang"), &json!("agent")));
    problem(member.staff.get("/api/agents").await.unwrap(), 403, "PERMISSION_DENIED").await;
    problem(member.staff.put(&format!("/api/agents/{}", member.id), &wished).await.unwrap(), 403, "PERMISSION_DENIED")
        .await;
}

#[tokio::test]
async fn deactivated_account_is_signed_out_and_returns_when_reactivated() {
    let member = Member::with_role(Role::Agent).await;
    let path = format!("/api/agents/{}", member.username);
    ok(desk().staff().request(Method::DELETE, &path).send().await.unwrap()).await;
    super::super::eventually(
        || async { member.staff.get("/api/sessions").await.unwrap().status().as_u16() },
        |status| *status == 401,
    )
    .await;
    problem(super::refresh(&member.refresh_token).await, 401, "SIGNED_OUT").await;
    ok(desk().staff().post(&format!("{path}/reactivate"), &json!({})).await.unwrap()).await;
    problem(member.staff.get("/api/sessions").await.unwrap(), 401, "SIGNED_OUT").await;
    member.again().await;
}

#[tokio::test]
async fn generated_password_is_shown_once_and_must_be_changed() {
    let member = Member::with_role(Role::Agent).await;
    let path = format!("/api/agents/{}/reset-password", member.id);
    let reset = ok(desk().staff().post(&path, &json!({})).await.unwrap()).await;
    let made_up = reset["new_password"].as_str().unwrap();
    problem(login(&member.credentials()).await, 401, "INVALID_CREDENTIALS").await;
    let answer = ok(login(&json!({"username": member.username, "password": made_up})).await).await;
    assert_eq!(answer["must_change_password"], true);
    assert!(!agents().await.iter().any(|row| row.to_string().contains(made_up)));
    assert_log_lacks(made_up);
}

#[tokio::test]
async fn last_administrator_cannot_be_removed() {
    let desk = tests::desk::Desk::start(tests::desk::Setup::default());
    let admin = desk.staff();
    let refused = admin.request(Method::DELETE, "/api/agents/admin").send().await.unwrap();
    problem(refused, 409, "LAST_ADMINISTRATOR").await;
    problem(admin.put("/api/agents/admin", &json!({"role": "agent"})).await.unwrap(), 409, "LAST_ADMINISTRATOR").await;
    problem(admin.post("/api/agents/admin/reset-password", &json!({})).await.unwrap(), 409, "OWN_PASSWORD").await;
    ok(admin.post("/api/agents", &json!({"username": "second", "password": FIRST, "role": "admin"})).await.unwrap())
        .await;
    ok(super::super::eventually(
        || async { admin.put("/api/agents/admin", &json!({"role": "agent"})).await.unwrap() },
        |answer| answer.status().is_success(),
    )
    .await)
    .await;
}

#[tokio::test]
async fn account_events_name_their_actor_and_no_secret() {
    let member = Member::with_role(Role::Agent).await;
    let admin = desk().staff();
    ok(admin.put(&format!("/api/agents/{}/skills", member.id), &json!({"skills": ["brakes"]})).await.unwrap()).await;
    let of_member = events_of(&format!("agent-{}", member.id)).await;
    let types: Vec<&str> = of_member.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let expected = [
        "agent.created",
        "agent.password_set",
        "agent.signed_in",
        "agent.presence_changed",
        "agent.password_set",
        "agent.skills_changed",
    ];
    assert_eq!(types, expected);
    let actors: Vec<&str> = of_member.iter().map(|event| event["actor"].as_str().unwrap()).collect();
    assert!(actors[0].starts_with("agent:") && actors[0] == actors[5] && actors[0] != actors[4], "{actors:?}");
    assert_eq!(actors[4], format!("agent:{}", member.id));
    let text = serde_json::to_string(&of_member).unwrap();
    assert!(text.contains("Anna Li"), "whoever may see personal parts sees them: {text}");
    assert!(!text.contains("argon2"), "{text}");
    for secret in [&*member.password, FIRST, &member.refresh_token] {
        assert!(!text.contains(secret));
        assert_log_lacks(secret);
    }
}

#[tokio::test]
async fn concurrent_accounts_of_one_name_yield_one() {
    let username = fresh("race");
    let new = json!({"username": username, "password": FIRST});
    let admin = desk().staff();
    let answers = futures::future::join_all((0..4).map(|_| admin.post("/api/agents", &new))).await;
    let made = answers.into_iter().filter(|answer| answer.as_ref().unwrap().status().is_success()).count();
    assert_eq!(made, 1);
    make(&fresh("other"), Role::Agent).await;
}

/// Fields that no one may set on the own account.
fn wishes() -> Value {
    json!({
        "role": "admin", "roles": ["admin"], "permissions": ["agent:write"], "is_active": true, "is_admin": true,
        "must_change_password": false, "max_sessions": 100, "skills": ["everything"], "data": {"role": "admin"},
        "agent": {"role": "admin"}, "sub": "admin", "aud": "desk-staff",
    })
}

#[tokio::test]
async fn own_profile_routes_cannot_change_a_role() {
    let member = Member::with_role(Role::Agent).await;
    let (other, before) = (Member::with_role(Role::Agent).await, member.profile().await);
    let and_wishes = |body: Value| tests::identity::with(wishes(), &body);
    ok(login(&and_wishes(member.credentials())).await).await;
    let refreshed =
        super::post("/api/agent/refresh", &and_wishes(json!({"refresh_token": member.refresh_token}))).await;
    let refreshed = ok(refreshed).await;
    assert_eq!(refreshed["agent"]["role"], "agent");
    let renamed = and_wishes(json!({"name": "Anna", "id": other.id, "agent_id": other.id, "username": other.username}));
    ok(member.staff.put("/api/agent/profile", &renamed).await.unwrap()).await;
    let changed =
        and_wishes(json!({"old_password": member.password, "new_password": "yet another four", "agent_id": other.id}));
    ok(member.staff.post("/api/agent/change-password", &changed).await.unwrap()).await;
    let after = member.profile().await;
    for field in ["id", "username", "role", "max_sessions", "skills", "is_active"] {
        assert_eq!(after["data"][field], before["data"][field], "{field}");
    }
    assert_eq!(after["permissions"], before["permissions"]);
    assert_eq!(other.profile().await["data"]["name"], "Anna Li", "another's account is not one's own");
    other.again().await;
    problem(member.staff.get("/api/agents").await.unwrap(), 403, "PERMISSION_DENIED").await;
}

#[tokio::test]
async fn new_account_ignores_unlisted_fields() {
    let username = fresh("wished");
    let new = json!({
        "username": username, "password": FIRST, "id": "00000000-0000-4000-8000-000000000000", "is_active": false,
        "must_change_password": false, "created_at": "2000-01-01T00:00:00Z", "status": "online", "permissions": ["agent:write"],
    });
    let made = ok(desk().staff().post("/api/agents", &new).await.unwrap()).await["data"].clone();
    assert_ne!(made["id"], new["id"]);
    let said = [&made["role"], &made["is_active"], &made["must_change_password"], &made["status"]];
    assert_eq!(said, [&json!("agent"), &json!(true), &json!(true), &json!("offline")]);
}
