//! Scrapes while a store is away.

use std::time::{Duration, Instant};

use tests::{desk::Setup, postgres::Postgres};

use super::{Measured, PATIENCE, until};

/// Figures that only the database knows.
const ASKED: [&str; 5] = [
    "desk_log_head_position",
    "desk_queue_waiting",
    "desk_sessions{status=\"closed\"}",
    "desk_lease_held{process=\"outbox\"}",
    "desk_outbox_oldest_seconds{kind=\"mail\"}",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_leaves_its_figures_out_and_holds_no_scrape_up() {
    let server = Postgres::own().await;
    let database = server.fresh_database().await;
    let measured = Measured::start(Setup {
        database_url: Some(database.app_url()),
        database_owner_url: Some(database.url()),
        ..Setup::default()
    });
    let all_there = async || {
        let scrape = measured.scrape_anew().await;
        ASKED.iter().all(|series| scrape.get(series).is_some())
    };
    until("all is there", PATIENCE, all_there).await;
    server.stop().await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let began = Instant::now();
    let scrape = measured.scrape().await;
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    for series in ASKED {
        assert_eq!(scrape.get(series), None, "{series}");
    }
    assert_eq!(scrape.at("desk_ready"), 0.0);
    assert!(scrape.at("process_resident_memory_bytes") > 0.0, "what needs no database is there");
    server.start().await;
    until("all is there again", PATIENCE + PATIENCE, all_there).await;
}
