//! Two nodes on PostgreSQL: the one that holds the leases is stopped for 20 s with SIGSTOP, and continued.

use std::{process::Command, time::Duration};

use event_store::sql::Database;
use tests::{
    desk::Desk,
    postgres::Postgres,
    test_scale::{rng, seed},
};

use crate::crash::{Backend, customers::Chatter, proof::Recorded, proves_itself};

const FROZEN: Duration = Duration::from_secs(20);

fn signal(desk: &Desk, name: &str) {
    assert!(Command::new("kill").args([name, &desk.process_id().to_string()]).status().unwrap().success());
}

/// The node that holds a lease, and the lease's epoch.
async fn holder(policies: &Database) -> (Vec<u8>, i64) {
    let rows = policies.fetch("select holder, epoch from lease where name = 'assistant_run'", &[]).await.unwrap();
    (rows[0].bytes(0).unwrap(), rows[0].int(1).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "waits for 20 s; make test-long runs it"]
async fn holder_frozen_for_20_seconds_writes_nothing_and_changes_nothing_when_it_goes_on() {
    let backend = Backend::Postgres(Postgres::shared().await.fresh_database().await);
    let database = backend.database().unwrap().clone();
    let frozen = tokio::task::block_in_place(|| Desk::start(backend.setup().with_patient_rules()));
    let policies = Database::postgres(&database.url(), "policy", 1).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (first, epoch) = holder(&policies).await;
    let other = tokio::task::block_in_place(|| Desk::start(backend.setup().with_patient_rules()));
    let (mut at_frozen, mut at_other) = (Chatter::new(&frozen, 0), Chatter::new(&other, 1));
    for chatter in [&mut at_frozen, &mut at_other] {
        chatter.arrive().await;
        let request = chatter.request(&mut rng(seed("frozen holder"), 0));
        let exchange = chatter.ask(&request).await;
        chatter.exchanges.push(exchange);
    }

    signal(&frozen, "-STOP");
    tokio::time::sleep(FROZEN).await;
    let (second, later) = holder(&policies).await;
    assert!(second != first && later > epoch, "the other node has not taken the lease");
    let mut rng = rng(seed("frozen holder"), 1);
    for _ in 0..5 {
        let request = at_other.request(&mut rng);
        let exchange = at_other.ask(&request).await;
        at_other.exchanges.push(exchange);
    }
    let before = other.staff().log().await.unwrap();
    signal(&frozen, "-CONT");
    tokio::time::sleep(Duration::from_secs(5)).await;
    let after = other.staff().log().await.unwrap();
    assert_eq!(after, before, "a late command changed something");
    assert_eq!(holder(&policies).await, (second, later), "it took the lease back from a living holder");
    let request = at_frozen.request(&mut rng);
    let exchange = at_frozen.ask(&request).await;
    at_frozen.exchanges.push(exchange);
    let exchanges: Vec<_> = at_frozen.exchanges.iter().chain(&at_other.exchanges).collect();
    Recorded::new(other.staff().log().await.unwrap()).holds_each_once(&exchanges);
    proves_itself(&backend.store(&other));
}
