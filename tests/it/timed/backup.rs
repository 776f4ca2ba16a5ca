//! A machine with a million events burns down under load: how much is lost, and how long until it serves again.

use std::time::Duration;

use crate::{
    backup::disaster::{Cost, comes_back},
    crash::Backend,
};

const EVENTS: u64 = 1_000_000;
/// The bars.
const LOST: Duration = Duration::from_secs(60);
const BACK: Duration = Duration::from_secs(5 * 60);

fn judge(store: &str, Cost { back_after, lost }: Cost) {
    println!("{store}, {EVENTS} events: back after {back_after:?}, {lost:?} lost");
    assert!(lost <= LOST && back_after <= BACK, "back after {back_after:?}, {lost:?} lost");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "timed: make test-long runs it alone"]
async fn million_events_are_back_in_time_on_sqlite() {
    judge("SQLite", comes_back(Backend::Files, Backend::Files, EVENTS).await);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "timed: make test-long runs it alone"]
async fn million_events_are_back_in_time_on_postgres() {
    judge("PostgreSQL", comes_back(Backend::postgres().await, Backend::postgres().await, EVENTS).await);
}
