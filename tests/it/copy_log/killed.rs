//! A copy that is killed with SIGKILL at any moment and started again has every event once. No desk serves an incomplete copy.

use std::time::{Duration, Instant};

use rand::RngExt as _;
use tests::{
    desk::{Desk, Setup},
    test_scale::{count, rng, seed},
};

use super::{Place, copy, copying, place::unplaced, proves_itself, shop};

const EVENTS: u64 = 2_500;

/// The setup of a desk on a copy.
fn on(target: &Place) -> Setup {
    match target {
        Place::Folder(_) | Place::Kept(_) => Setup { data_dir: Some(target.path()), ..Setup::default() },
        Place::Postgres(database) => crate::crash::on(database),
        Place::Kurrent(_) => Setup { event_store_url: Some(target.url()), ..Setup::default() },
    }
}

fn is_served_by_nobody(target: &Place) {
    let (code, said) = tokio::task::block_in_place(|| Desk::start_refused(on(target)));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("an incomplete copy: run desk copy-log again"), "{said}");
}

async fn survives(targets: impl AsyncFn() -> Place, test: &str) {
    let seed = seed(test);
    let source = shop(EVENTS, seed).await;
    let expected = unplaced(&source.events().await);
    let began = Instant::now();
    copy(&source, &targets().await, &[]).await;
    let whole = began.elapsed();
    for round in 0..count(3, 20) {
        let (target, mut random, mut unfinished) = (targets().await, rng(seed, round as u64), 0);
        let map = tempfile::tempdir().unwrap();
        let map = super::text(&map.path().join("map"));
        for _kill in 0..3 {
            let mut run = copying(&source, &target, &["--map", &map]).spawn().unwrap();
            tokio::time::sleep(whole.mul_f64(random.random_range(0.05..0.95))).await;
            run.start_kill().unwrap();
            run.wait().await.unwrap();
            let there = events_of(&target).await;
            assert_eq!(there, expected[..there.len()], "round {round}: not a beginning of the source");
            if !there.is_empty() && there.len() < expected.len() && unfinished == 0 {
                is_served_by_nobody(&target);
                unfinished += 1;
            }
        }
        copy(&source, &target, &["--map", &map]).await;
        assert_eq!(events_of(&target).await, expected, "round {round}");
        proves_itself(&target).await;
        println!("round {round}: {unfinished} was seen half-way");
    }
}

/// The events of the target; none before the copy begins.
async fn events_of(target: &Place) -> Vec<event_store::RecordedEvent> {
    let is_begun = match target {
        Place::Folder(_) | Place::Kept(_) => is_log(&target.path().join("events.db")).await,
        Place::Postgres(database) => event_store::postgres::PostgresStore::open_reader(&database.url()).await.is_ok(),
        Place::Kurrent(_) => {
            let settings = event_store::kurrentdb::KurrentSettings::parse(&target.url()).unwrap();
            event_store::kurrentdb::KurrentLog::open_reader(settings).await.is_ok()
        }
    };
    if is_begun { unplaced(&target.events().await) } else { Vec::new() }
}

async fn is_log(file: &std::path::Path) -> bool {
    file.exists() && event_store::sqlite::SqliteStore::open_reader(file).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_copy_to_sqlite_resumes() {
    survives(async || Place::folder(), "killed copy to a file").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_copy_to_postgres_resumes() {
    survives(Place::postgres, "killed copy to PostgreSQL").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_copy_to_kurrentdb_resumes() {
    survives(async || Place::kurrent(), "killed copy to KurrentDB").await;
}

/// Lost answers and a server restart need no action by the operator.
#[tokio::test(flavor = "multi_thread")]
async fn copy_to_kurrentdb_survives_lost_answers_and_a_restart() {
    use protocol_server::AppendFault::{LostConnectionCut, LostTooBusy, StoredConnectionCut, StoredTimedOut};
    let (source, target) = (shop(1_500, seed("lost answers")).await, Place::kurrent());
    let expected = unplaced(&source.events().await);
    for fault in [StoredTimedOut, LostTooBusy, StoredConnectionCut, LostConnectionCut] {
        target.server().faults().on_appends("session-", fault, 2);
    }
    let mut run = copying(&source, &target, &[]).spawn().unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    tokio::task::block_in_place(|| target.server().restart().unwrap());
    let ended = run.wait().await.unwrap();
    assert_eq!(ended.code(), Some(0));
    assert_eq!(unplaced(&target.events().await), expected);
    assert_eq!(target.server().faults().waiting(), 0, "not all that was to go wrong went wrong");
    proves_itself(&target).await;
}
