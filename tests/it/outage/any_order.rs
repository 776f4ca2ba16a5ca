//! Desk is started before its servers: it waits, says for what, and serves as soon as they are there.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{
    desk::{Desk, Setup},
    kurrent::Kurrent,
    postgres::Postgres,
};
use tokio::task::block_in_place;

use super::{is_ready, says_later_with, status_of};
use crate::crash::{Backend, on, until};

/// For a process to begin, and for its first look at a server.
const BEGINS: Duration = Duration::from_secs(60);

async fn waits_for(desk: &Desk, setting: &str) {
    let customer = desk.customer();
    until("the process answers", BEGINS, async || {
        customer.get("/healthz").await.is_ok_and(|answer| answer.status() == StatusCode::OK)
    })
    .await;
    let answer = customer.get("/readyz").await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let ready: Value = answer.json().await.unwrap();
    let alarm = &ready["alarms"][0];
    assert_eq!((&ready["status"], &alarm["part"]), (&json!("not_ready"), &json!("start")), "{ready}");
    let what = alarm["what"].as_str().unwrap();
    assert!(what.contains(&format!("that {setting} names")) && !what.contains("127.0.0.1"), "{ready}");
    let message = json!({"user_id": "early", "message": "多久发货？"});
    says_later_with("STARTING", customer.post("/api/chat", &message).await.unwrap()).await;
    assert_eq!(status_of(desk, "/api/health").await, StatusCode::SERVICE_UNAVAILABLE);
}

async fn serves(desk: &mut Desk) {
    block_in_place(|| desk.wait_until_ready());
    is_ready(desk).await;
    assert_eq!(desk.customer().chat("s", "多久发货？").await.unwrap()["success"], true);
    let log = desk.log();
    assert_eq!(log.matches("cannot be reached: nothing listens there").count(), 1, "{log}");
    assert!(log.contains("every server can be used"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_started_before_kurrentdb_waits_for_it() {
    let backend = Backend::kurrent().await;
    let Backend::Kurrent { log, .. } = &backend else { unreachable!() };
    log.go_away();
    let mut desk = block_in_place(|| Desk::prepared(backend.setup()));
    desk.begin_start();
    waits_for(&desk, "event_store_url").await;
    log.come_back();
    serves(&mut desk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_started_before_postgres_waits_for_it() {
    let server = Postgres::own().await;
    let database = server.fresh_database().await;
    server.stop().await;
    let mut desk = block_in_place(|| Desk::prepared(on(&database)));
    desk.begin_start();
    waits_for(&desk, "database_url").await;
    server.start().await;
    serves(&mut desk).await;
}

/// The process ends of itself, and leaves neither a log nor a lock.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_has_waited_in_vain_ends_with_the_cause() {
    let kurrent = Kurrent::start();
    kurrent.go_away();
    let setup = Setup {
        event_store_url: Some(kurrent.url()),
        environment: vec![("DESK_SERVER_WAIT_SECONDS", "1".to_owned())],
        ..Setup::default()
    };
    let (code, said) = block_in_place(|| Desk::start_refused(setup));
    assert_eq!(code, Some(2), "{said}");
    let last = said.lines().last().unwrap();
    let is_sentence = last.starts_with("desk: event_store_url: KurrentDB at 127.0.0.1:")
        && last.ends_with(" cannot be reached: nothing listens there");
    assert!(is_sentence, "{said}");
    assert!(!said.contains("client error") && !said.contains("gRPC"), "{said}");
}
