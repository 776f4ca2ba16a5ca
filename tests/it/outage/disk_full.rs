//! A full disk under a running server: `RLIMIT_FSIZE` makes writes fail at any place of a page without privileges, and is then
//! lifted.

use std::{process::Command, time::Duration};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{
    desk::{Customer, Desk, Setup},
    test_scale::seed,
};

use super::{Crowd, commands_are_refused, create, is_ready, says_later, status_of};
use crate::crash::{is_whole, proves_itself, until};

/// The most bytes a file may have, in the units of `ulimit -f`.
const LIMIT_KIB: u32 = 800;
/// Refusals in a row that count as full: the limit is per file, so a checkpoint of the write-ahead file may make room again.
const REFUSALS: usize = 20;

/// A server whose files cannot grow beyond the limit; the signal that comes with it is ignored, so that writes fail.
fn start() -> Desk {
    let limited = format!("trap '' XFSZ; ulimit -S -f {LIMIT_KIB}; exec \"$0\" \"$@\"");
    let wrapper = vec!["bash".to_owned(), "-c".to_owned(), limited];
    Desk::start(Setup { wrapper, ..Setup::default() }.with_patient_rules())
}

/// Returns the refused names.
async fn create_until_full(customer: &Customer) -> Vec<String> {
    let (mut refused, mut n) = (Vec::new(), 0);
    while refused.len() < REFUSALS {
        n += 1;
        let name = format!("filler {n}");
        let response = create(customer, &name, &name).await;
        match response.status() {
            StatusCode::OK => refused.clear(),
            _ => {
                says_later(response).await;
                refused.push(name);
            }
        }
        assert!(n < 5000, "the disk was never full");
    }
    refused
}

fn make_room(desk: &Desk) {
    let process = desk.process_id().to_string();
    let room = Command::new("prlimit").args(["--fsize=unlimited:", "--pid", &process]).status();
    assert!(room.expect("prlimit is part of util-linux").success());
}

async fn reads_go_on(desk: &Desk, customer: &Customer) {
    for path in ["/api/sessions/arrival", "/api/sessions/filler%201"] {
        assert_eq!(customer.get(path).await.unwrap().status(), StatusCode::OK, "{path}");
    }
    let staff = desk.staff();
    for path in ["/api/sessions", "/api/sessions/stats"] {
        assert_eq!(staff.get(path).await.unwrap().status(), StatusCode::OK, "{path}");
    }
    // Reads of the log are recorded first, so they are refused as well.
    assert_eq!(staff.get("/api/events").await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(status_of(desk, "/healthz").await, StatusCode::OK);
    let mut frames = customer.follow("arrival", None).await.unwrap();
    let first = frames.next_within(Duration::from_secs(5)).await.unwrap();
    assert_eq!(first.event.as_deref(), Some("session.opened"));
}

#[tokio::test(flavor = "multi_thread")]
async fn full_disk_refuses_commands_keeps_reads_and_recovers() {
    let desk = start();
    let store = desk.data_dir().display().to_string();
    let customer = desk.customer();
    customer.arrive("arrival").await.unwrap();
    let crowd = Crowd::chats(&desk, 4, seed("full disk"));

    let refused = create_until_full(&customer).await;
    commands_are_refused(&customer).await;
    reads_go_on(&desk, &customer).await;
    proves_itself(&store);

    make_room(&desk);
    until("commands are taken again", super::RESUMED, async || {
        create(&customer, &refused[0], &refused[0]).await.status() == StatusCode::OK
    })
    .await;
    for name in &refused {
        assert_eq!(create(&customer, name, name).await.status(), StatusCode::OK, "{name}");
    }
    let (chatters, followers) = crowd.leaves_answered().await;
    is_whole(&desk, &chatters, followers).await;
    is_ready(&desk).await;
    proves_itself(&store);
}

async fn detailed_health(desk: &Desk) -> Value {
    desk.staff().get("/api/health/detailed").await.unwrap().json().await.unwrap()
}

/// Nothing is written by anybody between the refusals and the recovery but what the server tries itself.
#[tokio::test(flavor = "multi_thread")]
async fn readiness_is_measured_by_writing_and_comes_back_without_traffic() {
    let desk = start();
    assert_eq!(detailed_health(&desk).await["data"]["log"]["writable"], true);
    create_until_full(&desk.customer()).await;

    let ready = desk.customer().get("/readyz").await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    let ready: Value = ready.json().await.unwrap();
    assert_eq!((&ready["store"]["reachable"], &ready["store"]["writable"]), (&json!(true), &json!(false)), "{ready}");
    assert!(!ready.to_string().contains("disk"), "why is for operators alone: {ready}");
    let detailed = detailed_health(&desk).await;
    assert!(detailed["data"]["log"]["write_failure"].as_str().unwrap().contains("disk"), "{detailed}");
    let log = desk.log_with("events cannot be written");
    assert!(log.lines().any(|line| line.contains("events cannot be written") && line.contains("disk")), "{log}");

    make_room(&desk);
    is_ready(&desk).await;
    assert_eq!(detailed_health(&desk).await["data"]["log"]["write_failure"], Value::Null);
}
