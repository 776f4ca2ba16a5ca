//! Conflicts with other nodes are retried for two seconds in which the log answers; time in which it did not is no contention.

use std::time::{Duration, Instant};

use commands::CommandError;

use super::fixture::{Fixture, Script, message, rules};

const FOREVER: usize = usize::MAX;

async fn send(fixture: &Fixture) -> Result<(), CommandError> {
    let node = fixture.idle_node("a");
    node.sessions().receive_message(node.node(), &rules(), message("hello", Some("once"))).await.map(drop)
}

#[tokio::test]
async fn a_conflict_is_retried_however_long_the_log_took_to_report_it() {
    let fixture = Fixture::new(vec![Script::Says("x")]);
    fixture.store.conflict_appends(1, Duration::from_millis(2100));
    send(&fixture).await.expect("the second try is taken");
}

#[tokio::test]
async fn endless_conflicts_are_refused_after_two_seconds() {
    let fixture = Fixture::new(vec![Script::Says("x")]);
    fixture.store.conflict_appends(FOREVER, Duration::from_millis(20));
    let started = Instant::now();
    let refused = send(&fixture).await;
    assert!(matches!(refused, Err(CommandError::Contention)), "{refused:?}");
    assert!((2..8).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
}
