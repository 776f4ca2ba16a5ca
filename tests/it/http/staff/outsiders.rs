//! Attacks without an account: forged, expired and foreign tokens, and guessed passwords.

use api::auth::staff_tokens::StaffTokens;
use domain::{AgentId, SignInId, agent::Role};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tests::desk::{ADMIN_PASSWORD, Desk, Setup, Staff};
use uuid::Uuid;

use super::{Member, desk, fresh, login, ok, token};
use crate::http::{customer_with, problem};

fn with(token: &str) -> Staff {
    Staff::new(desk().url(), token.to_owned())
}

fn key() -> Vec<u8> {
    hex::decode(std::fs::read_to_string(desk().data_dir().join("token-key")).unwrap().trim()).unwrap()
}

/// Agent and sign-in of a valid token.
fn ids(good: &str) -> (AgentId, SignInId) {
    let said = StaffTokens::new(&[key()]).check_access(good, jiff::Timestamp::now()).unwrap();
    (said.agent, said.sign_in)
}

#[tokio::test]
async fn forged_foreign_and_malformed_staff_tokens_get_401() {
    let member = Member::with_role(Role::Admin).await;
    let good = token(&ok(login(&member.credentials()).await).await);
    let (agent, sign_in) = ids(&good);
    let foreign = StaffTokens::new(&[vec![9; 32]]).access(agent, sign_in, Timestamp::now());
    let parts: Vec<&str> = good.split('.').collect();
    let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", parts[1]);
    let unsigned = format!("{}.{}.", parts[0], parts[1]);
    let long = format!("{good}{}", "A".repeat(6_000));
    for token in ["", "x", "a.b.c", &foreign, &none, &unsigned, &long, &good[..good.len() - 2]] {
        let refused = with(token).get("/api/agents").await.unwrap();
        problem(refused, 401, "UNAUTHORIZED").await;
    }
    ok(with(&good).get("/api/agents").await.unwrap()).await;
}

#[tokio::test]
async fn expired_token_and_token_of_an_unknown_sign_in_get_401() {
    let member = Member::with_role(Role::Admin).await;
    let good = token(&ok(login(&member.credentials()).await).await);
    let (agent, sign_in) = ids(&good);
    let tokens = StaffTokens::new(&[key()]);
    let expired = tokens.access(agent, sign_in, Timestamp::now() - SignedDuration::from_mins(16));
    problem(with(&expired).get("/api/agents").await.unwrap(), 401, "TOKEN_EXPIRED").await;
    let never = tokens.access(agent, SignInId(Uuid::new_v4()), Timestamp::now());
    problem(with(&never).get("/api/agents").await.unwrap(), 401, "SIGNED_OUT").await;
    let nobody = tokens.access(AgentId(Uuid::new_v4()), sign_in, Timestamp::now());
    problem(with(&nobody).get("/api/agents").await.unwrap(), 401, "SIGNED_OUT").await;
}

#[tokio::test]
async fn visitor_token_opens_no_staff_route() {
    let customer = customer_with(&fresh("customer")).await;
    let token = customer.token().unwrap();
    for path in ["/api/sessions", "/api/agents", "/api/events", "/api/agent/profile"] {
        problem(with(&token).get(path).await.unwrap(), 401, "UNAUTHORIZED").await;
    }
}

#[tokio::test]
async fn staff_token_opens_no_customer_session() {
    let member = Member::with_role(Role::Admin).await;
    let body = json!({"message": "hello", "user_id": fresh("as-customer")});
    problem(member.staff.post("/api/chat", &body).await.unwrap(), 401, "UNAUTHORIZED").await;
}

#[tokio::test]
async fn admin_token_file_of_the_first_version_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().join("data");
    std::fs::create_dir_all(&data_dir).unwrap();
    let old = "ab".repeat(32);
    std::fs::write(data_dir.join("admin-token"), &old).unwrap();
    let desk = Desk::start(Setup { data_dir: Some(data_dir), ..Setup::default() });
    let staff = Staff::new(desk.url(), old);
    problem(staff.get("/api/sessions").await.unwrap(), 401, "UNAUTHORIZED").await;
    problem(staff.get("/api/events").await.unwrap(), 401, "UNAUTHORIZED").await;
}

#[tokio::test]
async fn generated_admin_password_is_in_a_private_file_until_changed() {
    use std::os::unix::fs::PermissionsExt as _;
    let unset = vec![("DESK_ADMIN_PASSWORD", String::new())];
    let mut desk = Desk::start(Setup { environment: unset, ..Setup::default() });
    let file = desk.data_dir().join("admin-password");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let password = std::fs::read_to_string(&file).unwrap().trim().to_owned();
    assert!(!desk.log().contains(&password), "it is in the file alone");
    let sign_in = |password: &str| {
        let body = json!({"username": "admin", "password": password});
        tests::http_client::client().post(format!("{}/api/agent/login", desk.url())).json(&body).send()
    };
    let answer = ok(sign_in(&password).await.unwrap()).await;
    let staff = Staff::new(desk.url(), token(&answer));
    problem(staff.get("/api/sessions").await.unwrap(), 403, "PASSWORD_CHANGE_REQUIRED").await;
    let change = json!({"old_password": password, "new_password": ADMIN_PASSWORD});
    ok(staff.post("/api/agent/change-password", &change).await.unwrap()).await;
    desk.kill();
    desk.start_again();
    assert!(!file.exists(), "nobody needs it any more");
    // Connections from before the restart are closed.
    let staff = Staff::new(desk.url(), token(&answer));
    ok(staff.get("/api/sessions").await.unwrap()).await;
}

#[tokio::test]
async fn many_wrong_passwords_are_throttled_and_the_owners_device_still_signs_in() {
    let desk = Desk::start(Setup::default());
    let client = tests::http_client::client();
    let url = format!("{}/api/agent/login", desk.url());
    let device = "a browser's own random name";
    let sign_in = |password: &str, device: Option<&str>| {
        let mut body = json!({"username": "admin", "password": password});
        if let Some(device) = device {
            body["device_id"] = json!(device);
        }
        client.post(&url).json(&body).send()
    };
    ok(sign_in(ADMIN_PASSWORD, Some(device)).await.unwrap()).await;
    let (mut checked, mut waiting) = (0, 0);
    for n in 0..tests::test_scale::count(100, 1_000) {
        let answer = sign_in(&format!("wrong password {n}"), None).await.unwrap();
        match answer.status().as_u16() {
            401 => checked += 1,
            429 => {
                let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
                assert!((1..=901).contains(&wait), "{wait}");
                waiting += 1;
            }
            other => panic!("answered {other}"),
        }
    }
    assert!(checked < 12 && waiting > checked, "{checked} were checked, {waiting} had to wait");
    let refused = sign_in(ADMIN_PASSWORD, None).await.unwrap();
    problem(refused, 429, "TOO_MANY_FAILURES").await;
    ok(sign_in(ADMIN_PASSWORD, Some(device)).await.unwrap()).await;
    let log = desk.staff().log().await.unwrap();
    let noted = log.iter().filter(|event| event["type"] == "agent.sign_ins_failed").count();
    assert!((1..=2).contains(&noted), "one an hour, not {noted}");
}

#[tokio::test]
async fn concurrent_wrong_passwords_are_throttled() {
    let desk = Desk::start(Setup::default());
    let client = tests::http_client::client();
    let url = format!("{}/api/agent/login", desk.url());
    let tries = (0..40).map(|n| {
        let body = json!({"username": "admin", "password": format!("wrong password {n}")});
        client.post(&url).json(&body).send()
    });
    let answers = futures::future::join_all(tries).await;
    let checked = answers.into_iter().filter(|answer| answer.as_ref().unwrap().status().as_u16() == 401).count();
    assert!(checked <= 6, "{checked} were checked");
}

#[tokio::test]
async fn wrong_passwords_from_many_addresses_throttle_only_that_account() {
    let environment = vec![("DESK_TRUSTED_PROXIES", "127.0.0.1".to_owned())];
    let desk = Desk::start(Setup { environment, ..Setup::default() });
    let client = tests::http_client::client();
    let sign_in = |address: usize, body: &serde_json::Value| {
        let from = format!("198.51.{}.{}", address / 250, address % 250 + 1);
        let request = client.post(format!("{}/api/agent/login", desk.url())).header("X-Forwarded-For", from);
        request.json(body).send()
    };
    let owner = json!({"username": "admin", "password": ADMIN_PASSWORD, "device_id": "a browser's own random name"});
    let admin = Staff::new(desk.url(), token(&ok(sign_in(0, &owner).await.unwrap()).await));
    let second = json!({"username": "second", "password": "another four words"});
    ok(admin.post("/api/agents", &second).await.unwrap()).await;
    let mut checked = 0;
    for n in 0..tests::test_scale::count(100, 1_000) {
        let wrong = json!({"username": "admin", "password": format!("wrong password {n}")});
        let answer = sign_in(n + 1, &wrong).await.unwrap().status().as_u16();
        assert!(matches!(answer, 401 | 429), "{answer}");
        checked += usize::from(answer == 401);
    }
    assert!(checked < 12, "{checked} were checked");
    let elsewhere = json!({"username": "admin", "password": ADMIN_PASSWORD});
    problem(sign_in(5_000, &elsewhere).await.unwrap(), 429, "TOO_MANY_FAILURES").await;
    ok(sign_in(5_001, &owner).await.unwrap()).await;
    ok(sign_in(5_002, &second).await.unwrap()).await;
}
