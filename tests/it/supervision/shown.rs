//! What `GET /api/health/detailed` shows of followers that run, are started again, or have stopped.

use std::time::Duration;

use api::supervision::{Alarm, FollowError, Follower};
use event_store::Position;
use jiff::Timestamp;
use serde_json::{Value, json};
use tests::{
    app_without_processes,
    desk::{Desk, Setup},
};
use tokio::time::{sleep, timeout};

use super::fixture::PATIENCE;
use crate::crash::until;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn detailed_health_shows_each_followers_state_and_position() {
    let served = app_without_processes::serve_in_memory().await;
    let app = &served.services;
    app.supervisor.start(Follower::new("failing", || Position(3), |_| async { Err(FollowError::failed("away")) }));
    app.supervisor.start(Follower::new(
        "alarmed",
        || Position(7),
        |_| async { Err(Alarm { position: Some(Position(8)), what: "unreadable".to_owned() }.into()) },
    ));
    let url = format!("{}/api/health/detailed", served.url);

    let shown = timeout(PATIENCE, shown_when_settled(&url)).await.expect("staff is let in");
    let running = |name| json!({"name": name, "position": 0, "lag": 0, "state": "running", "restarts": 0});
    for (index, name) in
        ["tail", "staff_directory", "visitor_revocation", "session_owners", "settings"].into_iter().enumerate()
    {
        assert_eq!(shown["followers"][index], running(name));
    }
    let failing = &shown["followers"][5];
    assert_eq!(
        (&failing["state"], &failing["error"], &failing["attempt"]),
        (&json!("restarting"), &json!("away"), &json!(1))
    );
    assert!(failing["next_start_at"].as_str().unwrap().parse::<Timestamp>().is_ok(), "{failing}");
    let alarm = json!({"position": 8, "what": "unreadable"});
    let stopped =
        json!({"name": "alarmed", "position": 7, "lag": 0, "state": "stopped", "restarts": 0, "alarm": alarm});
    assert_eq!(shown["followers"][6], stopped);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_started_desk_shows_every_follower_running_at_the_head() {
    // It takes its time, a day by default.
    let is_walking = |follower: &Value| follower["name"] == "log_proof";
    let desk = Desk::start(Setup::default());
    let staff = desk.staff();
    let at_the_head = async || {
        let shown: Value = staff.get("/api/health/detailed").await.unwrap().json().await.unwrap();
        let followers = shown["data"]["followers"].as_array().unwrap().clone();
        let head = &shown["data"]["log"]["head"];
        let is_at_head =
            |follower: &&Value| is_walking(follower) || follower["position"].is_null() || follower["position"] == *head;
        followers.iter().all(|follower| is_at_head(&follower)).then_some(shown)
    };
    let mut shown = None;
    until("every follower is at the head", PATIENCE, async || {
        shown = at_the_head().await;
        shown.is_some()
    })
    .await;
    let data = &shown.unwrap()["data"];
    let followers = data["followers"].as_array().unwrap();
    let names: Vec<&str> = followers.iter().map(|follower| follower["name"].as_str().unwrap()).collect();
    let expected = [
        "tail",
        "write_probe",
        "signer",
        "log_proof",
        "views",
        "settings",
        "dispatcher",
        "assistant_run",
        "mail",
        "idle_close",
        "agent_lost",
        "expiry",
        "sent_drafts",
        "waiting",
        "outbox",
        "heartbeat",
        "workspace",
        "staff_directory",
        "visitor_revocation",
        "session_owners",
    ];
    assert_eq!(names, expected);
    for follower in followers {
        assert_eq!((&follower["state"], &follower["restarts"]), (&json!("running"), &json!(0)), "{follower}");
        let lag = if follower["position"].is_null() { Value::Null } else { json!(0) };
        assert!(is_walking(follower) || follower["lag"] == lag, "{follower}");
    }
    assert_eq!((&data["status"], &data["log"]["reachable"]), (&json!("ready"), &json!(true)));
    assert_eq!(data["node"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(data["node"]["started_at"].as_str().unwrap().parse::<Timestamp>().is_ok(), "{data}");
    assert_eq!(data["assistants"], json!([{"name": "faq", "takes_questions": true, "breaker": "closed"}]));
    assert!(data["leases"]["idle_close"].is_boolean() && data["outbox_seconds"]["mail"] == 0.0, "{data}");
    let (free, size) = (data["disk"]["free_bytes"].as_u64().unwrap(), data["disk"]["size_bytes"].as_u64().unwrap());
    assert!(free > 0 && free <= size, "{data}");
    assert_eq!(data["certificate"], Value::Null, "it serves no TLS");
}

/// What is shown once staff is let in and followers have failed.
async fn shown_when_settled(url: &str) -> Value {
    loop {
        let response = tests::http_client::client()
            .get(url)
            .bearer_auth(app_without_processes::staff_token())
            .send()
            .await
            .unwrap();
        if response.status() == 200 {
            let mut shown: Value = response.json().await.unwrap();
            let data = shown["data"].take();
            if data["followers"][5]["state"] == "restarting" && data["followers"][6]["state"] == "stopped" {
                return data;
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
}
