//! `desk reset-admin`: restoring access for administrators.

use std::{
    os::unix::fs::PermissionsExt as _,
    process::{Command, Output},
};

use domain::agent::Role;
use reqwest::Method;
use serde_json::json;
use tests::{
    desk::{ADMIN_PASSWORD, Desk, Setup, Staff, program},
    totp,
};

use super::{FIRST, OWN, ok, token};
use crate::http::problem;

fn reset_admin(desk: &Desk) -> Output {
    let mut command = Command::new(program("desk"));
    command.env_clear().env("DESK_MASTER_KEY_FILE", desk.master_key_file());
    command.arg("reset-admin").arg("--data-dir").arg(desk.data_dir()).output().unwrap()
}

async fn sign_in(desk: &Desk, username: &str, password: &str) -> reqwest::Response {
    let body = json!({"username": username, "password": password});
    tests::http_client::client().post(format!("{}/api/agent/login", desk.url())).json(&body).send().await.unwrap()
}

/// A second administrator demotes, protects and deactivates the first; then its own password is lost.
async fn locked_out(desk: &Desk) {
    let admin = desk.staff();
    let prepared = admin.post("/api/agent/second-factor", &json!({"password": ADMIN_PASSWORD})).await.unwrap();
    let secret = ok(prepared).await["secret"].as_str().unwrap().to_owned();
    let step = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() / 30;
    let code = json!({"code": totp::code(&secret, step)});
    ok(admin.post("/api/agent/second-factor/enable", &code).await.unwrap()).await;
    let new = json!({"username": "second", "password": FIRST, "role": Role::Admin.as_str()});
    ok(admin.post("/api/agents", &new).await.unwrap()).await;
    let second = Staff::new(desk.url(), token(&ok(sign_in(desk, "second", FIRST).await).await));
    let change = json!({"old_password": FIRST, "new_password": OWN});
    ok(second.post("/api/agent/change-password", &change).await.unwrap()).await;
    ok(second.put("/api/agents/admin", &json!({"role": "analyst"})).await.unwrap()).await;
    ok(second.request(Method::DELETE, "/api/agents/admin").send().await.unwrap()).await;
}

#[tokio::test]
async fn reset_admin_restores_access_without_an_administrator() {
    let mut desk = Desk::start(Setup::default());
    locked_out(&desk).await;
    let refused = reset_admin(&desk);
    assert_eq!(refused.status.code(), Some(2), "desk runs on this folder");
    desk.terminate();
    let file = desk.data_dir().join("admin-password");
    let mut passwords = Vec::new();
    // Running it again, as after a kill, has the same result, but for the password.
    for _ in 0..2 {
        let done = reset_admin(&desk);
        assert_eq!(done.status.code(), Some(0), "{done:?}");
        assert!(String::from_utf8(done.stdout).unwrap().contains("admin-password"));
        passwords.push(std::fs::read_to_string(&file).unwrap());
    }
    assert_ne!(passwords[0], passwords[1], "a new one each time");
    desk.start_again();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let password = std::fs::read_to_string(&file).unwrap().trim().to_owned();
    problem(sign_in(&desk, "admin", ADMIN_PASSWORD).await, 401, "INVALID_CREDENTIALS").await;
    let answer = ok(sign_in(&desk, "admin", &password).await).await;
    assert_eq!((&answer["agent"]["role"], &answer["must_change_password"]), (&json!("admin"), &json!(true)));
    let admin = Staff::new(desk.url(), token(&answer));
    let change = json!({"old_password": password, "new_password": ADMIN_PASSWORD});
    ok(admin.post("/api/agent/change-password", &change).await.unwrap()).await;
    let audit = ok(admin.get("/api/audit?actor=system:reset-admin").await.unwrap()).await;
    let actions: Vec<&str> =
        audit["data"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    for action in ["agent.role_changed", "agent.reactivated", "agent.second_factor_disabled", "agent.password_set"] {
        assert!(actions.contains(&action), "{action} is in {actions:?}");
    }
}

#[test]
fn reset_admin_before_the_first_start_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(program("desk"));
    let output =
        command.env_clear().arg("reset-admin").arg("--data-dir").arg(folder.path().join("data")).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the first start of desk makes it"), "{said}");
}
