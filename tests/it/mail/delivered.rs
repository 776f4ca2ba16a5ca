//! A started desk and a real mail server: what is requested arrives, once or again under the same `Message-ID`, and what became of
//! it is in the session's events.

use std::{fs, path::PathBuf, time::Duration};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{
    desk::{Desk, Setup},
    mail_server::MailServer,
};

use crate::crash::until;

const PATIENCE: Duration = Duration::from_secs(30);

/// A desk whose clock can be set ahead and that sends mails to a port of this machine.
struct DeskWithMail {
    desk: Desk,
    clock: PathBuf,
    _folder: TempDir,
}

impl DeskWithMail {
    fn start(port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = folder.path().join("clock");
        fs::write(&clock, "0").unwrap();
        let environment = vec![
            ("DESK_CLOCK_FILE", clock.display().to_string()),
            ("DESK_DEV", "true".to_owned()),
            ("DESK_SMTP_HOST", "127.0.0.1".to_owned()),
            ("DESK_SMTP_PORT", port.to_string()),
            ("DESK_SMTP_SECURITY", "none".to_owned()),
            ("DESK_EMAIL_FROM", "desk@example.com".to_owned()),
            ("DESK_EMAIL_RECIPIENTS", "team@example.com".to_owned()),
        ];
        let desk = tokio::task::block_in_place(|| Desk::start(Setup { environment, ..Setup::default() }));
        Self { desk, clock, _folder: folder }
    }

    fn advance_to(&self, seconds: u32) {
        fs::write(&self.clock, seconds.to_string()).unwrap();
    }
}

/// The answer to a mail asked for by hand about a session of this name.
async fn request(desk: &Desk, session: &str, key: &str, body: Value) -> Value {
    let path = format!("/api/sessions/{session}/email");
    let request = desk.staff().request(Method::POST, &path).header("Idempotency-Key", key).json(&body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response.json().await.unwrap()
}

/// A session whose customer has written.
async fn session(desk: &Desk, name: &str) {
    let position = desk.customer().chat(name, "刹车响 <b>").await.unwrap()["position"].as_u64().unwrap();
    let path = format!("/api/sessions/{name}?min_position={position}");
    assert_eq!(desk.staff().get(&path).await.unwrap().status(), StatusCode::OK);
}

/// Data of the events of this type, once there are any.
async fn recorded(desk: &Desk, event_type: &str) -> Vec<Value> {
    let mut found = Vec::new();
    until(event_type, PATIENCE, async || {
        let log = desk.staff().log().await.unwrap();
        found =
            log.into_iter().filter(|event| event["type"] == event_type).map(|event| event["data"].clone()).collect();
        !found.is_empty()
    })
    .await;
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_by_hand_arrives_once_and_is_recorded_as_sent() {
    let server = MailServer::start(&["--hesitate", "1"]);
    let mailing = DeskWithMail::start(server.port());
    session(&mailing.desk, "by-hand").await;
    let first = request(&mailing.desk, "by-hand", "k", json!({})).await;
    let mail_id = first["data"]["mail_id"].as_str().unwrap();
    for (key, force, is_same) in [("k", false, true), ("other", false, true), ("third", true, false)] {
        let answer = request(&mailing.desk, "by-hand", key, json!({"force": force})).await;
        assert_eq!(answer["data"]["mail_id"] == mail_id, is_same, "{key}");
    }
    let taken = server.wait_for(2);
    let ours = taken.iter().find(|mail| mail.header("Message-ID") == format!("<{mail_id}@example.com>")).unwrap();
    assert_eq!(ours.header("Subject"), "[Fiido客服] 人工接管请求 - by-hand");
    assert!(ours.text.contains("触发原因: 客服手动发送") && ours.text.contains("    刹车响 <b>"), "{}", ours.text);
    assert!(ours.html.contains("刹车响 &lt;b&gt;"), "{}", ours.html);
    until("both are recorded", PATIENCE, async || recorded(&mailing.desk, "session.mail_sent").await.len() == 2).await;
    let sent = recorded(&mailing.desk, "session.mail_sent").await;
    assert!(sent.contains(&json!({"mail": mail_id, "attempts": 1})), "{sent:?}");
    assert_eq!(server.taken().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn desk_killed_between_sending_and_recording_sends_again_under_the_same_message_id() {
    let server = MailServer::start(&["--hesitate", "3"]);
    let mut mailing = DeskWithMail::start(server.port());
    session(&mailing.desk, "killed").await;
    let answer = request(&mailing.desk, "killed", "k", json!({})).await;
    tokio::task::block_in_place(|| {
        let _ = server.wait_for(1);
        mailing.desk.kill();
        mailing.desk.start_again();
    });
    mailing.advance_to(120);
    let taken = tokio::task::block_in_place(|| server.wait_for(2));
    assert_eq!(taken[0].header("Message-ID"), taken[1].header("Message-ID"));
    let expected = json!({"mail": answer["data"]["mail_id"], "attempts": 2});
    assert_eq!(recorded(&mailing.desk, "session.mail_sent").await, [expected]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_waits_for_a_server_that_is_down() {
    let port = MailServer::start(&[]).port();
    let mailing = DeskWithMail::start(port);
    session(&mailing.desk, "down").await;
    request(&mailing.desk, "down", "k", json!({})).await;
    until("an attempt failed", PATIENCE, async || mailing.desk.log().contains("an item was not delivered")).await;
    let server = MailServer::start(&["--port", &port.to_string()]);
    mailing.advance_to(15);
    assert_eq!(tokio::task::block_in_place(|| server.wait_for(1)).len(), 1);
    assert_eq!(recorded(&mailing.desk, "session.mail_sent").await[0]["attempts"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_mail_server_a_mail_is_recorded_as_failed_and_health_says_so() {
    let desk = tokio::task::block_in_place(|| Desk::start(Setup::default()));
    session(&desk, "off").await;
    let mail_id = request(&desk, "off", "k", json!({})).await["data"]["mail_id"].clone();
    let failed = recorded(&desk, "session.mail_failed").await;
    assert_eq!(failed, [json!({"mail": mail_id, "attempts": 1, "code": "not_configured"})]);
    let mut mail = Value::Null;
    until("health says so", PATIENCE, async || {
        let health: Value = desk.staff().get("/api/health/detailed").await.unwrap().json().await.unwrap();
        mail = health["data"]["mail"].clone();
        mail["failed"] == 1
    })
    .await;
    assert_eq!((&mail["to"], &mail["last_failure"]["code"]), (&json!("off"), &json!("not_configured")));
    assert_eq!(mail["last_failure"]["mail_id"], mail_id);
    let log = desk.log_with("an item was not delivered");
    let told: Vec<&str> = log.lines().filter(|line| line.contains("an item was not delivered")).collect();
    assert!(told.len() == 1 && told[0].contains("is_given_up"), "one line tells of it:\n{log}");
}
