//! Two nodes on one database: one rebuild switches the readers of both, and none of them goes back.

use std::sync::atomic::Ordering;

use serde_json::Value;
use tests::desk::Desk;

use super::{
    fixture::{Fixture, serves},
    goes_on, past, rebuild,
    traffic::Traffic,
};

#[tokio::test(flavor = "multi_thread")]
async fn both_nodes_switch_generation_and_no_reader_goes_back() {
    let mut fixture = Fixture::on_postgres(past()).await;
    fixture.start();
    let setup = fixture.setup("other");
    let other = tokio::task::block_in_place(|| Desk::start(setup));
    let traffic = Traffic::begin(&[fixture.desk(), &other]);
    for round in 2..=3 {
        goes_on(&traffic).await;
        let rebuilt = rebuild(&fixture, false).await.with_code(0);
        assert_eq!((&rebuilt["generation"], &rebuilt["by"]), (&round.into(), &"desk".into()), "{rebuilt}");
        serves(fixture.desk(), round).await;
        serves(&other, round).await;
    }
    goes_on(&traffic).await;
    let newest = traffic.tally.newest.load(Ordering::Relaxed);
    traffic.end("rebuild on two nodes").await;
    fixture.agrees_with_the_log().await;
    for desk in [fixture.desk(), &other] {
        let path = format!("/api/sessions/stats?min_position={newest}");
        let stats: Value = desk.staff().get(&path).await.unwrap().json().await.unwrap();
        assert_eq!(stats["data"]["total_sessions"].as_u64().unwrap() as usize, past() + 16, "{stats}");
    }
}

/// The building node is killed; the other one completes the rebuild, and its readers notice nothing.
#[tokio::test(flavor = "multi_thread")]
async fn generation_of_a_node_that_died_while_building_is_completed_by_another() {
    let mut fixture = Fixture::on_postgres(past() * 2).await;
    let setup = fixture.setup("other");
    let mut first = tokio::task::block_in_place(|| Desk::start(setup));
    serves(&first, 1).await;
    fixture.start();
    let traffic = Traffic::begin(&[fixture.desk()]);
    goes_on(&traffic).await;
    let waiting = fixture.replay(false, &["rebuild"]).output();
    let dies = async {
        serves_or_builds(&first, "views are being built").await;
        first.kill();
    };
    let (ended, ()) = futures::join!(waiting, dies);
    let rebuilt = super::Ended::of(ended.unwrap()).with_code(0);
    assert_eq!(rebuilt["generation"], 2, "{rebuilt}");
    serves(fixture.desk(), 2).await;
    goes_on(&traffic).await;
    traffic.end("a node dies while it builds").await;
    fixture.agrees_with_the_log().await;
}

async fn serves_or_builds(desk: &Desk, said: &str) {
    crate::crash::until(said, super::LONG, async || desk.log().contains(said)).await;
}
