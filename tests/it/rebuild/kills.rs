//! A server killed with SIGKILL at random moments of a rebuild serves the right figures at once after its restart, and completes
//! the requested generation.

use std::time::{Duration, Instant};

use rand::RngExt as _;
use serde_json::{Value, json};
use tests::{
    desk::Desk,
    test_scale::{count, rng, seed},
};

use super::{
    fixture::{Fixture, LONG, generation, serves},
    past,
};
use crate::crash::until;

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_during_a_rebuild_resumes_on_sqlite() {
    survives(Fixture::on_sqlite(past()).await, "kills of a rebuild on SQLite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_during_a_rebuild_resumes_on_postgres() {
    survives(Fixture::on_postgres(past()).await, "kills of a rebuild on PostgreSQL").await;
}

async fn survives(mut fixture: Fixture, test: &str) {
    let mut random = rng(seed(test), 0);
    fixture.start();
    let truth = figures(fixture.desk(), head(&fixture).await).await;
    let mut whole = time_of_a_rebuild(&fixture).await;
    let mut cut_short = 0;
    for _ in 0..count(5, 50) {
        let before = generation(fixture.desk()).await;
        let asked = fixture.replayed(false, &["rebuild", "--no-wait"]).await.with_code(0);
        // A random time, so that the kill meets any moment of the rebuild.
        tokio::time::sleep(whole.mul_f64(random.random_range(0.0..1.2))).await;
        let served = generation(fixture.desk()).await;
        fixture.desk.as_mut().unwrap().kill();
        let started = Instant::now();
        tokio::task::block_in_place(|| fixture.desk.as_mut().unwrap().start_again());
        assert_eq!(figures(fixture.desk(), 0).await, truth, "at once, whatever generation serves");
        fixture.agrees_with_the_log().await;
        serves(fixture.desk(), asked["generation"].as_u64().unwrap()).await;
        assert_eq!(figures(fixture.desk(), 0).await, truth);
        cut_short += u32::from(served == before);
        whole = whole.max(started.elapsed() / 4);
    }
    println!("{test}: {cut_short} were cut short of the switch; a build takes {whole:?}");
    fixture.agrees_with_the_log().await;
}

async fn time_of_a_rebuild(fixture: &Fixture) -> Duration {
    let began = Instant::now();
    fixture.replayed(false, &["rebuild"]).await.with_code(0);
    began.elapsed()
}

pub(crate) async fn head(fixture: &Fixture) -> u64 {
    fixture.log().await.reader().head().await.unwrap().0
}

/// The figures for staff that do not depend on the clock, at a position.
pub(crate) async fn figures(desk: &Desk, min_position: u64) -> Value {
    let staff = desk.staff();
    let get = async |path: String| {
        let response = staff.get(&path).await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json::<Value>().await.unwrap()["data"].clone()
    };
    let path = format!("/api/sessions/stats?min_position={min_position}");
    if min_position > 0 {
        until(&path, LONG, async || staff.get(&path).await.unwrap().status() == 200).await;
    }
    let stats = get(path).await;
    let list = get("/api/sessions?limit=200".to_owned()).await;
    let ids: Vec<&str> =
        list["sessions"].as_array().unwrap().iter().filter_map(|row| row["session_id"].as_str()).collect();
    let mut sessions = Vec::new();
    for id in ids.iter().step_by(19) {
        sessions.push(get(format!("/api/sessions/{id}")).await["session"]["history"].clone());
    }
    json!({
        "by_status": stats["by_status"], "reasons": stats["by_escalation_reason"], "total": stats["total_sessions"],
        "today": stats["today"], "ids": ids, "sessions": sessions,
    })
}
