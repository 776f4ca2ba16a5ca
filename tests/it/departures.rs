//! Who has left, asked of the log and heard from it: on a log in KurrentDB (the protocol test server), for that one can go away.

use std::{sync::Arc, time::Duration};

use api::departures::Departures;
use commands::Customers;
use domain::VisitorId;
use event_store::{EventReader as _, Log, Position, Vault};
use journal::Tail;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::kurrentdb::{Ground, PATIENCE};

/// Longer than it is believed that somebody has not left.
const BELIEF_IS_OVER: Duration = Duration::from_millis(700);

struct World {
    ground: Ground,
    customers: Arc<Customers>,
    tail: Arc<Tail>,
}

impl World {
    async fn new() -> Self {
        let ground = Ground::new();
        let store = ground.log().await;
        let log_id = store.identity().await.unwrap().log_id;
        let tail = Tail::start(store.clone(), Position::START);
        let customers = Customers::new(Log::new(store, Arc::new(Vault::in_memory())), log_id);
        Self { ground, customers: Arc::new(customers), tail }
    }

    fn hearing(&self) -> Arc<Departures> {
        let departures = Arc::new(Departures::after(Position::START));
        let (hearing, tail) = (departures.clone(), self.tail.clone());
        tokio::spawn(async move { hearing.follow(&tail).await });
        departures
    }

    /// It hears of nothing that is appended.
    fn deaf(&self) -> Departures {
        Departures::after(Position::START)
    }

    /// A visitor who is believed to be here, and has left.
    async fn believed(&self, departures: &Departures) -> VisitorId {
        let visitor = visitor();
        self.is_here(departures, visitor).await;
        self.leaves(visitor).await;
        visitor
    }

    async fn leaves(&self, visitor: VisitorId) {
        self.customers.sign_out(visitor, Uuid::nil()).await.unwrap();
    }

    async fn is_here(&self, departures: &Departures, visitor: VisitorId) {
        assert!(!departures.has_left(&self.customers, visitor).await.unwrap());
    }

    async fn hears_of(&self, departures: &Departures, visitor: VisitorId) {
        timeout(PATIENCE, departures.of(self.customers.clone(), visitor)).await.expect("it is told");
    }

    async fn may_look(&self, departures: &Departures, visitor: VisitorId) -> bool {
        matches!(departures.has_left_for_looking(&self.customers, visitor).await, Ok(false))
    }
}

fn visitor() -> VisitorId {
    VisitorId(Uuid::new_v4())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_a_visitor_has_not_left_is_not_believed_for_long() {
    let world = World::new().await;
    let departures = world.deaf();
    let visitor = world.believed(&departures).await;
    sleep(BELIEF_IS_OVER).await;
    assert!(departures.has_left(&world.customers, visitor).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_it_has_left_itself_nothing_is_believed() {
    let world = World::new().await;
    let departures = world.deaf();
    let visitor = world.believed(&departures).await;
    departures.look_again(visitor);
    assert!(departures.has_left(&world.customers, visitor).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_left_before_anybody_listened_has_left() {
    let world = World::new().await;
    let visitor = visitor();
    world.leaves(visitor).await;
    world.hears_of(&world.deaf(), visitor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_that_missed_what_was_told_looks_for_itself() {
    let world = World::new().await;
    let (departures, first, mut last) = (world.hearing(), visitor(), visitor());
    let mut departure = departures.of(world.customers.clone(), first);
    assert!(timeout(Duration::from_millis(300), &mut departure).await.is_err(), "nobody has left");
    world.leaves(first).await;
    for _ in 0..100 {
        last = visitor();
        world.leaves(last).await;
    }
    world.hears_of(&departures, last).await;
    timeout(PATIENCE, departure).await.expect("it has left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_log_is_away_those_may_look_who_were_here_and_have_not_left_since() {
    let world = World::new().await;
    let (hearing, deaf) = (world.hearing(), world.deaf());
    let (here, heard_of, asked_about, stranger) = (visitor(), visitor(), visitor(), visitor());
    for departures in [&hearing, &deaf] {
        for visitor in [here, heard_of, asked_about] {
            world.is_here(departures, visitor).await;
        }
    }
    world.leaves(heard_of).await;
    world.hears_of(&hearing, heard_of).await;
    world.leaves(asked_about).await;
    sleep(BELIEF_IS_OVER).await;
    assert!(deaf.has_left(&world.customers, asked_about).await.unwrap());

    world.ground.server().go_down_everywhere();
    assert!(world.may_look(&hearing, here).await && world.may_look(&deaf, here).await);
    assert!(!world.may_look(&hearing, heard_of).await);
    assert!(!world.may_look(&deaf, asked_about).await);
    assert!(!world.may_look(&hearing, stranger).await);
}
