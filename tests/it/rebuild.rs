//! Views are rebuilt under traffic. No reader sees a gap, a half-built table or an older figure after a newer one; after a crash at
//! any moment the views work and match the log.

pub(crate) mod day;
pub(crate) mod fixture;
mod kills;
mod nodes;
mod traffic;
mod windows;

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use tests::test_scale::count;

use fixture::{Ended, Fixture, LONG, generation};
use traffic::Traffic;

/// Sessions of the past: about eight events each.
fn past() -> usize {
    count(160, 1_500)
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_no_gap_and_no_older_rows_during_a_rebuild_on_sqlite() {
    is_rebuilt_under_traffic(Fixture::on_sqlite(past()).await, "rebuild on SQLite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_no_gap_and_no_older_rows_during_a_rebuild_on_postgres() {
    is_rebuilt_under_traffic(Fixture::on_postgres(past()).await, "rebuild on PostgreSQL").await;
}

async fn is_rebuilt_under_traffic(mut fixture: Fixture, test: &str) {
    fixture.start();
    let traffic = Traffic::begin(&[fixture.desk()]);
    let rounds = count(2, 5) as u64;
    for round in 1..=rounds {
        goes_on(&traffic).await;
        let rebuilt = rebuild(&fixture, false).await.with_code(0);
        println!("{test}: {rebuilt}");
        assert_eq!((&rebuilt["generation"], &rebuilt["by"]), (&(round + 1).into(), &"desk".into()), "{rebuilt}");
        assert_eq!(generation(fixture.desk()).await, round + 1);
        fixture.agrees_with_the_log().await;
    }
    goes_on(&traffic).await;
    traffic.end(test).await;
    let compared = fixture.agrees_with_the_log().await;
    assert_eq!(compared["views_generation"], rounds + 1);
}

/// Waits until every writer has written again.
async fn goes_on(traffic: &Traffic) {
    let written = || traffic.tally.written.load(Ordering::Relaxed);
    let (before, began) = (written(), Instant::now());
    while written() < before + 40 {
        assert!(began.elapsed() < LONG, "nobody writes any more");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn rebuild(fixture: &Fixture, with_key: bool) -> Ended {
    tokio::time::timeout(LONG, fixture.replayed(with_key, &["rebuild"])).await.expect("it ends")
}
