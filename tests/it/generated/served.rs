//! A started `desk` serves a generated log.

use std::collections::BTreeMap;

use domain::{
    SessionId,
    session::{Event, State, Status},
};
use jiff::Timestamp;
use serde_json::Value;
use tests::{
    desk::{Desk, Setup},
    postgres::Postgres,
    shop::Order,
};

use super::{appends, evening, read, written::write};

const EVENTS: u64 = 4_000;

/// Folded by the domain alone.
fn sessions(order: Order) -> BTreeMap<SessionId, State> {
    let mut sessions: BTreeMap<SessionId, State> = BTreeMap::new();
    for append in appends(order) {
        let state = sessions.entry(SessionId(append.stream.id().unwrap())).or_default();
        *state = append.events.iter().map(read).fold(std::mem::take(state), |state, event: Event| state.evolve(&event));
    }
    sessions
}

async fn get(desk: &Desk, path: &str) -> Value {
    let answer = desk.staff().get(path).await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{path}: {status} {text}");
    serde_json::from_str(&text).unwrap()
}

/// Open runs are answered after the start, which changes neither number nor status of sessions.
async fn assert_it_serves(desk: &Desk, order: Order) {
    let sessions = sessions(order);
    wait_for_views(desk).await;
    let figures = get(desk, &format!("/api/sessions/stats?min_position={EVENTS}")).await;
    assert_eq!(figures["data"]["total_sessions"], sessions.len());
    for status in Status::ALL {
        let is_so = |state: &&State| state.session().is_some_and(|session| session.status() == status);
        let expected = sessions.values().filter(is_so).count();
        assert_eq!(figures["data"]["by_status"][status.as_str()].as_u64().unwrap_or(0), expected as u64, "{status}");
        let listed = get(desk, &format!("/api/sessions?status={status}&limit=1")).await;
        assert_eq!(listed["data"]["total"], expected, "{status}");
    }
    let one = sessions.keys().next().unwrap();
    let shown = get(desk, &format!("/api/sessions/{one}")).await;
    assert_eq!(shown["data"]["session"]["session_id"], one.to_string(), "{shown:#}");
}

async fn wait_for_views(desk: &Desk) {
    let started = std::time::Instant::now();
    let path = format!("/api/sessions?limit=1&min_position={EVENTS}");
    while !desk.staff().get(&path).await.unwrap().status().is_success() {
        assert!(started.elapsed().as_secs() < 60, "the views do not get there:\n{}", desk.log());
    }
}

/// The program's clock stands where the log ends: by today's, idle sessions would be closed and shops have opened since.
fn environment(folder: &std::path::Path, order: Order) -> Vec<(&'static str, String)> {
    let end = appends(order).iter().map(|append| append.at).max().unwrap();
    let clock = folder.join("clock");
    std::fs::write(&clock, end.duration_since(Timestamp::now()).as_secs().to_string()).unwrap();
    vec![
        ("DESK_MASTER_KEY_FILE", folder.join("master-key").display().to_string()),
        ("DESK_CLOCK_FILE", clock.display().to_string()),
        ("DESK_DEV", true.to_string()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_serves_a_generated_log_with_the_same_totals_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let order = Order::stress(EVENTS, 31, evening());
    write(order, &data, None).await;
    let desk =
        Desk::start(Setup { environment: environment(&data, order), data_dir: Some(data.clone()), ..Setup::default() });
    assert_it_serves(&desk, order).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn desk_serves_a_generated_log_with_the_same_totals_on_postgres() {
    let database = Postgres::shared().await.fresh_database().await;
    let folder = tempfile::tempdir().unwrap();
    let order = Order::shop(EVENTS, 32, evening());
    write(order, folder.path(), Some(&database.url())).await;
    let setup = Setup {
        database_url: Some(database.url()),
        data_dir: Some(folder.path().join("data")),
        environment: environment(folder.path(), order),
        ..Setup::default()
    };
    assert_it_serves(&Desk::start(setup), order).await;
}
