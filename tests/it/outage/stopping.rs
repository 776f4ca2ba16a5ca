//! SIGTERM: the server stops soon with exit code 0, streams end so that clients reconnect, and nothing pending is lost.

use std::time::{Duration, Instant};

use tests::{
    desk::{Desk, Setup},
    postgres::Postgres,
    test_scale::seed,
};
use tokio::{task::block_in_place, time::timeout};

use super::Crowd;
use crate::crash::{is_whole, on, proves_itself};

/// The longest that a stop may take.
const STOPPED: Duration = Duration::from_secs(15);
const LIVES: usize = 4;

async fn stops_cleanly(mut desk: Desk, store: &str, test: &str) {
    let watcher = desk.customer();
    watcher.arrive("watched").await.unwrap();
    let crowd = Crowd::chats(&desk, 8, seed(test));
    for _life in 0..LIVES {
        crowd.goes_on(&desk).await;
        let mut stream = watcher.follow("watched", None).await.unwrap();
        stream.next_within(STOPPED).await.unwrap();
        let started = Instant::now();
        assert_eq!(block_in_place(|| desk.terminate()), Some(0), "{}", desk.log());
        assert!(started.elapsed() < STOPPED, "it took {:?} to stop", started.elapsed());
        println!("stopped after {:?}", started.elapsed());
        assert_eq!(timeout(STOPPED, stream.next()).await.expect("the stream ends"), None);
        assert!(!desk.log().contains("panicked"), "{}", desk.log());
        proves_itself(store);
        block_in_place(|| desk.start_again());
    }
    let (chatters, followers) = crowd.leaves_answered().await;
    is_whole(&desk, &chatters, followers).await;
    proves_itself(store);
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_stops_cleanly_and_loses_nothing_pending_on_sqlite() {
    let desk = Desk::start(Setup::default().with_patient_rules());
    let store = desk.data_dir().display().to_string();
    stops_cleanly(desk, &store, "stop on SQLite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_stops_cleanly_and_loses_nothing_pending_on_postgres() {
    let database = Postgres::shared().await.fresh_database().await;
    let desk = block_in_place(|| Desk::start(on(&database).with_patient_rules()));
    stops_cleanly(desk, &database.url(), "stop on PostgreSQL").await;
}
