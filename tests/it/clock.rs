//! A started program whose clock is moved by days: what it records, and what it believes no longer, follow.

use std::{fs, path::Path, time::Duration};

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::desk::{ADMIN_PASSWORD, Desk, Setup, Staff};

use crate::crash::until;

const PATIENCE: Duration = Duration::from_secs(20);
const TWO_DAYS: SignedDuration = SignedDuration::from_hours(48);
const TEN_DAYS: SignedDuration = SignedDuration::from_hours(240);

fn setup(clock_file: &Path, dev: bool) -> Setup {
    let environment = vec![("DESK_CLOCK_FILE", clock_file.display().to_string()), ("DESK_DEV", dev.to_string())];
    Setup { environment, ..Setup::default() }
}

fn clock_file(folder: &TempDir) -> std::path::PathBuf {
    let path = folder.path().join("clock");
    fs::write(&path, "0").unwrap();
    path
}

async fn sign_in(desk: &Desk) -> Value {
    let body = json!({"username": "admin", "password": ADMIN_PASSWORD});
    let response = desk.customer().post("/api/agent/login", &body).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

fn staff(desk: &Desk, signed_in: &Value) -> Staff {
    Staff::new(desk.url(), signed_in["access_token"].as_str().unwrap().to_owned())
}

async fn refresh(desk: &Desk, signed_in: &Value) -> StatusCode {
    let body = json!({"refresh_token": signed_in["refresh_token"]});
    desk.customer().post("/api/agent/refresh", &body).await.unwrap().status()
}

/// How far the newest event's time is from the machine's.
async fn recorded_ahead(staff: &Staff, position: &Value) -> SignedDuration {
    let events = staff.log_after(position.as_u64().unwrap() - 1).await.unwrap();
    let recorded_at: Timestamp = events[0]["recorded_at"].as_str().unwrap().parse().unwrap();
    recorded_at.duration_since(Timestamp::now())
}

fn is_about(duration: SignedDuration, expected: SignedDuration) -> bool {
    (duration - expected).abs() < SignedDuration::from_mins(5)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moving_the_clock_file_ends_tokens_and_moves_recorded_times() {
    let folder = tempfile::tempdir().unwrap();
    let file = clock_file(&folder);
    let desk = Desk::start(setup(&file, true));
    let (customer, signed_in) = (desk.customer(), sign_in(&desk).await);
    let early = staff(&desk, &signed_in);
    let answer = customer.chat("clock", "hello").await.unwrap();
    assert!(is_about(recorded_ahead(&early, &answer["position"]).await, SignedDuration::ZERO));

    fs::write(&file, TWO_DAYS.as_secs().to_string()).unwrap();
    until("the access token has expired", PATIENCE, async || {
        early.get("/api/agent/profile").await.unwrap().status() == StatusCode::UNAUTHORIZED
    })
    .await;
    let refused: Value = early.get("/api/agent/profile").await.unwrap().json().await.unwrap();
    assert_eq!(refused["code"], "TOKEN_EXPIRED");
    let again = sign_in(&desk).await;
    let answer = customer.chat("clock", "hello again").await.unwrap();
    assert!(is_about(recorded_ahead(&staff(&desk, &again), &answer["position"]).await, TWO_DAYS));
    assert_eq!(refresh(&desk, &signed_in).await, StatusCode::OK, "a refresh token lasts seven days");

    fs::write(&file, TEN_DAYS.as_secs().to_string()).unwrap();
    until("the refresh token has expired", PATIENCE, async || refresh(&desk, &again).await == StatusCode::UNAUTHORIZED)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_reused_after_30_seconds_ends_the_sign_in() {
    let folder = tempfile::tempdir().unwrap();
    let file = clock_file(&folder);
    let desk = Desk::start(setup(&file, true));
    let signed_in = sign_in(&desk).await;
    let body = json!({"refresh_token": signed_in["refresh_token"]});
    let next: Value = desk.customer().post("/api/agent/refresh", &body).await.unwrap().json().await.unwrap();
    assert_eq!(refresh(&desk, &signed_in).await, StatusCode::OK, "an answer that may have been lost");
    fs::write(&file, "40").unwrap();
    until("the token counts as stolen", PATIENCE, async || {
        refresh(&desk, &signed_in).await == StatusCode::UNAUTHORIZED
    })
    .await;
    assert_eq!(refresh(&desk, &next).await, StatusCode::UNAUTHORIZED);
    let refused = staff(&desk, &next).get("/api/sessions").await.unwrap();
    let refused: Value = refused.json().await.unwrap();
    assert_eq!(refused["code"], "SIGNED_OUT");
}

#[test]
fn a_clock_file_without_dev_is_refused_with_a_clear_message() {
    let folder = tempfile::tempdir().unwrap();
    let (code, log) = Desk::start_refused(setup(&clock_file(&folder), false));
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("clock_file") && log.contains("must be unset without --dev"), "{log}");
}

#[test]
fn a_clock_file_without_an_offset_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("clock");
    fs::write(&file, "tomorrow").unwrap();
    let (code, log) = Desk::start_refused(setup(&file, true));
    assert_eq!(code, Some(2), "{log}");
    assert!(log.contains("must have a number of seconds"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn password_that_somebody_else_set_ends_after_7_days() {
    let folder = tempfile::tempdir().unwrap();
    let file = clock_file(&folder);
    let desk = Desk::start(setup(&file, true));
    let new = json!({"username": "anna", "password": "set by the administrator", "role": "agent"});
    let made = staff(&desk, &sign_in(&desk).await).post("/api/agents", &new).await.unwrap();
    assert_eq!(made.status(), StatusCode::OK);
    let enter = async |password: &str| {
        let body = json!({"username": "anna", "password": password});
        desk.customer().post("/api/agent/login", &body).await.unwrap()
    };
    assert_eq!(enter("set by the administrator").await.status(), StatusCode::OK);
    fs::write(&file, TEN_DAYS.as_secs().to_string()).unwrap();
    until("the password has ended", PATIENCE, async || {
        let refused: Value = enter("set by the administrator").await.json().await.unwrap();
        refused["code"] == "INITIAL_PASSWORD_EXPIRED"
    })
    .await;
    let wrong: Value = enter("not the right one").await.json().await.unwrap();
    assert_eq!(wrong["code"], "INVALID_CREDENTIALS", "nobody else learns of it");
    let another = json!({"new_password": "set by the administrator again"});
    let reset = staff(&desk, &sign_in(&desk).await).post("/api/agents/anna/reset-password", &another).await.unwrap();
    assert_eq!(reset.status(), StatusCode::OK);
    assert_eq!(enter("set by the administrator again").await.status(), StatusCode::OK);
}
