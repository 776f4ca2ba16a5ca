//! Revoked visitors, read from the log and followed on it: on the protocol test server for KurrentDB, which can be stopped.

use std::{sync::Arc, time::Duration};

use api::visitor_revocation::{Issued, VisitorRevocation};
use commands::Customers;
use domain::VisitorId;
use event_store::{EventReader as _, Log, Position, Vault};
use journal::Tail;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::kurrentdb::{Fixture as KurrentDb, PATIENCE};

/// Longer than a cached visitor status is valid.
const BELIEF_IS_OVER: Duration = Duration::from_millis(700);

/// A token of after the shop named the visitor.
const NAMED: Issued = Issued { second: 0, is_named: true };

struct Fixture {
    kurrentdb: KurrentDb,
    customers: Arc<Customers>,
    tail: Arc<Tail>,
}

impl Fixture {
    async fn new() -> Self {
        let kurrentdb = KurrentDb::new();
        let store = kurrentdb.log().await;
        let log_id = store.identity().await.unwrap().log_id;
        let tail = Tail::start(store.clone(), Position::START);
        let customers = Customers::new(Log::new(store, Arc::new(Vault::in_memory())), log_id);
        Self { kurrentdb, customers: Arc::new(customers), tail }
    }

    fn hearing(&self) -> Arc<VisitorRevocation> {
        let revocation = Arc::new(VisitorRevocation::after(Position::START));
        let (following, tail) = (revocation.clone(), self.tail.clone());
        tokio::spawn(async move { following.follow(&tail).await });
        revocation
    }

    /// A listener that receives no events.
    fn deaf(&self) -> VisitorRevocation {
        VisitorRevocation::after(Position::START)
    }

    /// A visitor who signed out while cached as present.
    async fn believed(&self, revocation: &VisitorRevocation) -> VisitorId {
        let visitor = visitor();
        self.is_here(revocation, visitor).await;
        self.leaves(visitor).await;
        visitor
    }

    async fn leaves(&self, visitor: VisitorId) {
        self.customers.sign_out(visitor, Uuid::nil()).await.unwrap();
    }

    async fn is_here(&self, revocation: &VisitorRevocation, visitor: VisitorId) {
        assert!(!revocation.is_over(&self.customers, visitor, NAMED).await.unwrap());
    }

    async fn hears_of(&self, revocation: &VisitorRevocation, visitor: VisitorId) {
        timeout(PATIENCE, revocation.revoked(self.customers.clone(), visitor, None)).await.expect("it is told");
    }

    async fn may_look(&self, revocation: &VisitorRevocation, visitor: VisitorId) -> bool {
        matches!(revocation.is_over_for_reading(&self.customers, visitor, NAMED).await, Ok(false))
    }
}

fn visitor() -> VisitorId {
    VisitorId(Uuid::new_v4())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visitor_status_is_checked_again_after_a_short_time() {
    let fixture = Fixture::new().await;
    let revocation = fixture.deaf();
    let visitor = fixture.believed(&revocation).await;
    sleep(BELIEF_IS_OVER).await;
    assert!(revocation.is_over(&fixture.customers, visitor, NAMED).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_out_on_the_same_node_takes_effect_at_once() {
    let fixture = Fixture::new().await;
    let revocation = fixture.deaf();
    let visitor = fixture.believed(&revocation).await;
    revocation.forget(visitor);
    assert!(revocation.is_over(&fixture.customers, visitor, NAMED).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visitor_signed_out_before_the_listener_started_is_known() {
    let fixture = Fixture::new().await;
    let visitor = visitor();
    fixture.leaves(visitor).await;
    fixture.hears_of(&fixture.deaf(), visitor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lagging_listener_reads_the_log_for_missed_sign_outs() {
    let fixture = Fixture::new().await;
    let (revocation, first, mut last) = (fixture.hearing(), visitor(), visitor());
    let mut departure = revocation.revoked(fixture.customers.clone(), first, None);
    assert!(timeout(Duration::from_millis(300), &mut departure).await.is_err(), "nobody has left");
    fixture.leaves(first).await;
    for _ in 0..100 {
        last = visitor();
        fixture.leaves(last).await;
    }
    fixture.hears_of(&revocation, last).await;
    timeout(PATIENCE, departure).await.expect("it has left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn visitors_known_before_an_outage_may_read_while_the_log_is_unavailable() {
    let fixture = Fixture::new().await;
    let (hearing, deaf) = (fixture.hearing(), fixture.deaf());
    let (here, heard_of, asked_about, stranger) = (visitor(), visitor(), visitor(), visitor());
    for revocation in [&hearing, &deaf] {
        for visitor in [here, heard_of, asked_about] {
            fixture.is_here(revocation, visitor).await;
        }
    }
    fixture.leaves(heard_of).await;
    fixture.hears_of(&hearing, heard_of).await;
    fixture.leaves(asked_about).await;
    sleep(BELIEF_IS_OVER).await;
    assert!(deaf.is_over(&fixture.customers, asked_about, NAMED).await.unwrap());

    fixture.kurrentdb.server().go_down_everywhere();
    assert!(fixture.may_look(&hearing, here).await && fixture.may_look(&deaf, here).await);
    assert!(!fixture.may_look(&hearing, heard_of).await);
    assert!(!fixture.may_look(&deaf, asked_about).await);
    assert!(!fixture.may_look(&hearing, stranger).await);
}
