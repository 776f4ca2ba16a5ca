//! The second factor over HTTP: setup, sign-in, recovery, and attacks with the password alone.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::agent::Role;
use reqwest::Response;
use serde_json::{Value, json};
use tests::{
    desk::{ADMIN_PASSWORD, Desk, Setup, Staff},
    totp,
};

use super::{FIRST, Member, OWN, desk, fresh, login, ok, token};
use crate::http::{events_of, problem};

/// A member whose second factor is set up.
struct Protected {
    member: Member,
    secret: String,
    recovery: Vec<String>,
    /// The time step of the last used code.
    used: u64,
}

fn now_step() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 30
}

impl Protected {
    async fn new(role: Role) -> Self {
        let member = Member::with_role(role).await;
        let prepared = ok(prepare(&member, OWN).await).await;
        let secret = prepared["secret"].as_str().unwrap().to_owned();
        assert!(prepared["uri"].as_str().unwrap().contains(&format!("secret={secret}")));
        // The code of the step before is still valid, so that a newer one exists at once.
        let used = now_step() - 1;
        let enabled = ok(enable(&member, &totp::code(&secret, used)).await).await;
        let recovery = enabled["recovery_codes"].as_array().unwrap();
        let recovery = recovery.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        Self { member, secret, recovery, used }
    }

    /// An unused code; waits for the next step if necessary.
    async fn next_code(&mut self) -> String {
        while now_step() < self.used {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        self.used = (self.used + 1).max(now_step());
        totp::code(&self.secret, self.used)
    }

    async fn enter(&self, code: &str) -> Response {
        let mut body = self.member.credentials();
        body["code"] = json!(code);
        login(&body).await
    }

    async fn change(&self, what: &str, body: &Value) -> Response {
        self.member.staff.post(&format!("/api/agent/second-factor/{what}"), body).await.unwrap()
    }
}

async fn prepare(member: &Member, password: &str) -> Response {
    member.staff.post("/api/agent/second-factor", &json!({"password": password})).await.unwrap()
}

async fn enable(member: &Member, code: &str) -> Response {
    member.staff.post("/api/agent/second-factor/enable", &json!({"code": code})).await.unwrap()
}

#[tokio::test]
async fn second_factor_is_required_once_the_first_code_was_confirmed() {
    let member = Member::with_role(Role::Agent).await;
    problem(prepare(&member, "not the password").await, 400, "PASSWORD_INCORRECT").await;
    problem(enable(&member, "123456").await, 409, "SECOND_FACTOR_NOT_OFFERED").await;
    ok(prepare(&member, OWN).await).await;
    member.again().await;
    let mut protected = Protected::new(Role::Agent).await;
    problem(login(&protected.member.credentials()).await, 401, "SECOND_FACTOR_REQUIRED").await;
    let code = protected.next_code().await;
    let answer = ok(protected.enter(&code).await).await;
    assert_eq!(answer["agent"]["has_second_factor"], true);
    problem(prepare(&protected.member, OWN).await, 409, "SECOND_FACTOR_ENABLED").await;
}

#[tokio::test]
async fn wrong_password_with_a_valid_code_is_refused_and_keeps_the_code() {
    let mut protected = Protected::new(Role::Agent).await;
    let code = protected.next_code().await;
    let body = json!({"username": protected.member.username, "password": "not the right one", "code": code});
    problem(login(&body).await, 401, "INVALID_CREDENTIALS").await;
    ok(protected.enter(&code).await).await;
}

#[tokio::test]
async fn concurrent_uses_of_a_code_sign_in_once() {
    let mut protected = Protected::new(Role::Agent).await;
    let code = protected.next_code().await;
    let statuses = futures::future::join_all((0..3).map(|_| protected.enter(&code))).await;
    let opened = statuses.iter().filter(|answer| answer.status() == 200).count();
    assert_eq!(opened, 1, "{statuses:?}");
}

#[tokio::test]
async fn recovery_code_works_once_and_the_others_stay_valid() {
    let protected = Protected::new(Role::Agent).await;
    assert_eq!(protected.recovery.len(), 10);
    ok(protected.enter(&protected.recovery[0].to_uppercase()).await).await;
    problem(protected.enter(&protected.recovery[0]).await, 401, "SECOND_FACTOR_WRONG").await;
    ok(protected.enter(&protected.recovery[9]).await).await;
}

#[tokio::test]
async fn wrong_codes_are_throttled_from_every_device() {
    let protected = Protected::new(Role::Agent).await;
    let device = fresh("a device that is known");
    let mut body = protected.member.credentials();
    body["device_id"] = json!(device);
    body["code"] = json!(protected.recovery[0]);
    ok(login(&body).await).await;
    let mut statuses = Vec::new();
    for guess in 0..6 {
        body["code"] = json!(format!("{guess:06}"));
        statuses.push(login(&body).await.status().as_u16());
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    assert!(statuses.iter().all(|status| [401, 429].contains(status)), "{statuses:?}");
}

#[tokio::test]
async fn new_recovery_codes_replace_the_old_ones() {
    let protected = Protected::new(Role::Agent).await;
    let body = json!({"password": OWN, "code": protected.recovery[0]});
    let fresh = ok(protected.change("recovery-codes", &body).await).await;
    problem(protected.enter(&protected.recovery[1]).await, 401, "SECOND_FACTOR_WRONG").await;
    ok(protected.enter(fresh["recovery_codes"][0].as_str().unwrap()).await).await;
    let without = Member::with_role(Role::Agent).await;
    let path = "/api/agent/second-factor/recovery-codes";
    let refused = without.staff.post(path, &json!({"password": OWN, "code": "123456"})).await.unwrap();
    problem(refused, 409, "SECOND_FACTOR_NOT_OFFERED").await;
}

#[tokio::test]
async fn disabling_the_second_factor_needs_password_and_code() {
    let mut protected = Protected::new(Role::Agent).await;
    problem(protected.change("disable", &json!({"code": "123456"})).await, 400, "INVALID_FIELD").await;
    let wrong = json!({"password": "not the password", "code": protected.recovery[0]});
    problem(protected.change("disable", &wrong).await, 400, "PASSWORD_INCORRECT").await;
    let refused = problem(protected.change("disable", &json!({"password": OWN})).await, 400, "INVALID_FIELD").await;
    assert_eq!(refused["field"], "code");
    let wrong = json!({"password": OWN, "code": "not a code"});
    problem(protected.change("disable", &wrong).await, 400, "SECOND_FACTOR_WRONG").await;
    let code = protected.next_code().await;
    ok(protected.change("disable", &json!({"password": OWN, "code": code})).await).await;
    protected.member.again().await;
}

#[tokio::test]
async fn administrator_resets_the_second_factor() {
    let protected = Protected::new(Role::Supervisor).await;
    let path = format!("/api/agents/{}/reset-second-factor", protected.member.id);
    let own = protected.member.staff.post(&path, &json!({})).await.unwrap();
    problem(own, 403, "PERMISSION_DENIED").await;
    let reset = ok(desk().staff().post(&path, &json!({})).await.unwrap()).await;
    assert_eq!(reset["data"]["has_second_factor"], false);
    protected.member.again().await;
}

/// Who has got hold of an access token does not get rid of the factor that it lacks.
#[tokio::test]
async fn administrator_cannot_reset_its_own_second_factor() {
    let protected = Protected::new(Role::Admin).await;
    let path = format!("/api/agents/{}/reset-second-factor", protected.member.id);
    problem(protected.member.staff.post(&path, &json!({})).await.unwrap(), 409, "OWN_SECOND_FACTOR").await;
    assert_eq!(protected.member.profile().await["data"]["has_second_factor"], true);
}

#[tokio::test]
async fn second_factor_secrets_are_hidden_from_log_readers() {
    let protected = Protected::new(Role::Agent).await;
    let its = events_of(&format!("agent-{}", protected.member.id)).await;
    let types: Vec<&str> = its.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert!(types.ends_with(&["agent.second_factor_offered", "agent.second_factor_enabled"]), "{types:?}");
    let text = format!("{its:?}");
    assert!(!text.contains(&protected.secret));
    for event in &its[its.len() - 2..] {
        assert!(event.get("personal").is_none(), "{event}");
    }
}

#[tokio::test]
async fn roles_requiring_a_second_factor_are_blocked_until_it_is_set_up() {
    let environment = vec![("DESK_SECOND_FACTOR_ROLES", "admin, auditor".to_owned())];
    let desk = Desk::start(Setup { environment, ..Setup::default() });
    let (staff, url) = (desk.staff(), desk.url());
    problem(staff.get("/api/sessions").await.unwrap(), 403, "SECOND_FACTOR_SETUP_REQUIRED").await;
    ok(staff.get("/api/agent/profile").await.unwrap()).await;
    let password = json!({"password": ADMIN_PASSWORD});
    let prepared = ok(staff.post("/api/agent/second-factor", &password).await.unwrap()).await;
    let code = totp::code(prepared["secret"].as_str().unwrap(), now_step());
    ok(staff.post("/api/agent/second-factor/enable", &json!({"code": code})).await.unwrap()).await;
    ok(staff.get("/api/sessions").await.unwrap()).await;
    let new = json!({"username": "anna", "password": FIRST, "role": "agent"});
    ok(staff.post("/api/agents", &new).await.unwrap()).await;
    let client = tests::http_client::client();
    let credentials = json!({"username": "anna", "password": FIRST});
    let answer = ok(client.post(format!("{url}/api/agent/login")).json(&credentials).send().await.unwrap()).await;
    let anna = Staff::new(url, token(&answer));
    let change = json!({"old_password": FIRST, "new_password": OWN});
    ok(anna.post("/api/agent/change-password", &change).await.unwrap()).await;
    ok(anna.get("/api/sessions").await.unwrap()).await;
}

#[tokio::test]
async fn code_used_before_a_crash_is_rejected_after_restart() {
    let mut desk = Desk::start(Setup::default());
    let staff = desk.staff();
    let prepare = json!({"password": ADMIN_PASSWORD});
    let prepared = ok(staff.post("/api/agent/second-factor", &prepare).await.unwrap()).await;
    let (secret, step) = (prepared["secret"].as_str().unwrap(), now_step());
    let first = json!({"code": totp::code(secret, step - 1)});
    let enabled = ok(staff.post("/api/agent/second-factor/enable", &first).await.unwrap()).await;
    let recovery = enabled["recovery_codes"][0].as_str().unwrap();
    let enter = async |url: String, code: &str| {
        let body = json!({"username": "admin", "password": ADMIN_PASSWORD, "code": code});
        tests::http_client::client().post(format!("{url}/api/agent/login")).json(&body).send().await.unwrap()
    };
    let code = totp::code(secret, step);
    ok(enter(desk.url(), &code).await).await;
    ok(enter(desk.url(), recovery).await).await;
    desk.kill();
    desk.start_again();
    problem(enter(desk.url(), &code).await, 401, "SECOND_FACTOR_WRONG").await;
    problem(enter(desk.url(), recovery).await, 401, "SECOND_FACTOR_WRONG").await;
}
