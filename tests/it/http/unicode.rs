//! One text in several Unicode forms is one password, one account and one session.

use domain::agent::Role;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::{customer_with, desk, fresh, ok, problem, staff::Member};

/// As one keyboard sends it, and as another does.
const COMPOSED: &str = "caf\u{e9}";
const DECOMPOSED: &str = "cafe\u{301}";

async fn login(username: &str, password: &str) -> reqwest::Response {
    let body = json!({"username": username, "password": password});
    desk().customer().post("/api/agent/login", &body).await.unwrap()
}

async fn make(username: &str, password: &str) -> reqwest::Response {
    desk().staff().post("/api/agents", &json!({"username": username, "password": password})).await.unwrap()
}

#[tokio::test]
async fn a_password_opens_in_each_form_of_its_letters() {
    let username = fresh("form");
    ok(make(&username, &format!("{DECOMPOSED} au lait")).await).await;
    for same in [format!("{COMPOSED} au lait"), format!("{DECOMPOSED} au lait"), "ｃａｆ\u{e9} au lait".to_owned()] {
        ok(login(&username, &same).await).await;
    }
    problem(login(&username, "cafe au lait").await, 401, "INVALID_CREDENTIALS").await;
}

#[tokio::test]
async fn a_password_with_the_accounts_name_is_refused_with_that_reason() {
    let username = fresh("owner");
    let refused = problem(make(&username, &format!("my {username}!")).await, 400, "INVALID_PASSWORD").await;
    assert!(refused["detail"].as_str().unwrap().contains("the account's own name"), "{refused}");
    let short = Uuid::new_v4().simple().to_string()[..3].to_owned();
    ok(make(&short, &format!("{short} is part of many words")).await).await;
}

#[tokio::test]
async fn an_account_is_one_in_each_form_of_its_name_and_marks_are_letters() {
    let sent = fresh(DECOMPOSED);
    let made = ok(make(&sent, "long enough words").await).await;
    let same = sent.replace(DECOMPOSED, COMPOSED);
    assert_eq!(made["data"]["username"], same, "new accounts have the composed form");
    for name in [&sent, &same] {
        ok(login(name, "long enough words").await).await;
        problem(make(name, "long enough words").await, 409, "AGENT_EXISTS").await;
        let shown = ok(desk().staff().get(&format!("/api/agents/{name}")).await.unwrap()).await;
        assert_eq!(shown["data"]["id"], made["data"]["id"]);
    }
    ok(make(&fresh("\u{939}\u{93f}\u{928}\u{94d}\u{926}\u{940}"), "long enough words").await).await;
}

#[tokio::test]
async fn a_session_is_one_in_each_form_of_its_name() {
    let sent = fresh(DECOMPOSED);
    let same = sent.replace(DECOMPOSED, COMPOSED);
    let customer = customer_with(&sent).await;
    let answer = customer.chat(&sent, "hello").await.unwrap();
    assert_eq!(answer["session_name"], same, "new sessions have the composed form");
    assert_eq!(customer.chat(&same, "hello again").await.unwrap()["session_id"], answer["session_id"]);
    for name in [&sent, &same] {
        let path = format!("/api/sessions/{name}?min_position={}", answer["position"]);
        assert_eq!(ok(customer.get(&path).await.unwrap()).await["data"]["session"]["session_name"], same);
        let staff = ok(desk().staff().get(&path).await.unwrap()).await;
        assert_eq!(staff["data"]["session"]["session_id"], answer["session_id"]);
        assert_eq!(customer.get(&format!("/api/sessions/{name}/events")).await.unwrap().status(), 200);
        let escalated = json!({"session_name": name});
        ok(customer.post("/api/manual/escalate", &escalated).await.unwrap()).await;
        let spoken = json!({"session_name": name, "role": "user", "content": "there?"});
        ok(customer.post("/api/manual/messages", &spoken).await.unwrap()).await;
    }
    ok(customer.post(&format!("/api/sessions/{sent}/close"), &json!({})).await.unwrap()).await;
    let fresh_start = ok(customer.post("/api/conversation/new", &json!({"session_id": sent})).await.unwrap()).await;
    assert!(fresh_start["conversation_id"].is_string());
}

#[tokio::test]
async fn a_one_time_code_is_good_in_any_digits() {
    let member = Member::with_role(Role::Agent).await;
    let body = json!({"password": member.password});
    let prepared = ok(member.staff.post("/api/agent/second-factor", &body).await.unwrap()).await;
    let now = u64::try_from(Timestamp::now().as_second()).unwrap();
    let code = tests::totp::code(prepared["secret"].as_str().unwrap(), now / 30);
    let typed: String = code.chars().map(|c| char::from_u32(0x660 + c.to_digit(10).unwrap()).unwrap()).collect();
    let typed = format!("{}–{}", typed.chars().take(3).collect::<String>(), typed.chars().skip(3).collect::<String>());
    let enable = member.staff.request(Method::POST, "/api/agent/second-factor/enable").json(&json!({"code": typed}));
    ok(enable.send().await.unwrap()).await;
}
