//! A server under 32 chatting customers is killed with SIGKILL at random moments and started again. Nothing acknowledged is
//! lost, nothing is stored twice, and streams have no gap: on both SQL stores, and with the log on the protocol test server for
//! KurrentDB (which is not KurrentDB), which is restarted as well.
//!
//! `windows` tests single moments of a crash.

pub(crate) mod backend;
pub(crate) mod customers;
mod dead_node;
pub(crate) mod followers;
pub(crate) mod proof;
mod windows;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, future::join_all, stream};
use rand::{RngExt as _, rngs::StdRng};
use reqwest::StatusCode;
use tests::{
    desk::{Desk, program},
    test_scale::{count, rng, seed},
};
use tokio::sync::watch;

pub(crate) use backend::{Backend, on};
use customers::{Chatter, Exchange};
use followers::{Follower, follow_log, follow_session};
use proof::Recorded;

const CUSTOMERS: usize = 32;
/// Concurrent repeats.
const TOGETHER: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_at_random_moments_loses_and_repeats_nothing_on_sqlite() {
    survives(Backend::Files, "crash on SQLite", count(20, 200)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_at_random_moments_loses_and_repeats_nothing_on_postgres() {
    survives(Backend::postgres().await, "crash on PostgreSQL", count(20, 200)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn server_killed_at_random_moments_loses_and_repeats_nothing_on_kurrentdb() {
    survives(Backend::kurrent().await, "crash on KurrentDB and PostgreSQL", count(12, 200)).await;
}

async fn survives(backend: Backend, test: &str, kills: usize) {
    let seed = seed(test);
    let desk = tokio::task::block_in_place(|| Desk::start(backend.setup().with_patient_rules()));
    let store = backend.store(&desk);
    let chatters: Vec<Chatter> = (0..CUSTOMERS).map(|n| Chatter::new(&desk, n)).collect();
    let mut followers = vec![follow_log(desk.staff())];
    followers.extend(chatters.iter().map(|chatter| follow_session(&chatter.customer, &chatter.session)));

    let (stop, stopping) = watch::channel(false);
    let chatting = chatters
        .into_iter()
        .enumerate()
        .map(|(n, chatter)| tokio::spawn(chatter.chat_until(stopping.clone(), rng(seed, n as u64))));
    let chatting: Vec<_> = chatting.collect();
    let below = backend.clone();
    let killing = move || kill_and_start(desk, &below, kills, rng(seed, 1000));
    let desk = tokio::task::spawn_blocking(killing).await.unwrap();
    stop.send_replace(true);
    let chatters: Vec<Chatter> = join_all(chatting).await.into_iter().map(|chatter| chatter.unwrap()).collect();

    is_whole(&desk, &chatters, followers).await;
    proves_itself(&store);
}

fn kill_and_start(mut desk: Desk, backend: &Backend, kills: usize, mut random: StdRng) -> Desk {
    for _ in 0..kills {
        live_for_a_while(&mut random, 800);
        if let Backend::Kurrent { log, .. } = backend
            && random.random_bool(0.3)
        {
            log.restart();
            live_for_a_while(&mut random, 400);
        }
        die(&mut desk);
        if random.random_bool(0.25) {
            desk.begin_start();
            live_for_a_while(&mut random, 300);
            die(&mut desk);
        }
        desk.start_again();
    }
    desk
}

/// Sleeps for a random time, so that the kill meets the server at any moment.
fn live_for_a_while(random: &mut StdRng, at_most_ms: u64) {
    std::thread::sleep(Duration::from_millis(random.random_range(0..at_most_ms)));
}

fn die(desk: &mut Desk) {
    desk.kill();
    assert!(!desk.log().contains("panicked"), "{}", desk.log());
}

/// Checks every promise to the customers against the log.
pub(crate) async fn is_whole(desk: &Desk, chatters: &[Chatter], followers: Vec<Follower>) {
    let staff = desk.staff();
    let recorded = Recorded::new(staff.log().await.unwrap());
    let exchanges: Vec<&Exchange> = chatters.iter().flat_map(|chatter| &chatter.exchanges).collect();
    let attempts: usize = exchanges.iter().map(|exchange| exchange.attempts).sum();
    let retaken = recorded.of_type("session.assistant_run_started").filter(|run| run["data"]["attempt"] != 1).count();
    println!(
        "{} messages in {attempts} requests; {} events, {retaken} runs retaken",
        exchanges.len(),
        recorded.events().len()
    );
    recorded.holds_each_once(&exchanges);
    for follower in followers {
        follower.saw_exactly(&recorded).await;
    }
    recorded.agrees_with_the_views(&staff, chatters).await;

    repeats_are_answered_alike(chatters).await;
    other_bodies_are_refused(chatters).await;
    let after = Recorded::new(staff.log().await.unwrap());
    assert_eq!(after.events().len(), recorded.events().len(), "a repeat has left something in the log");
}

async fn repeats_are_answered_alike(chatters: &[Chatter]) {
    let repeats = chatters.iter().flat_map(|chatter| chatter.exchanges.iter().map(move |one| (chatter, one)));
    let repeats = stream::iter(repeats).map(async |(chatter, exchange)| {
        let again = chatter.ask(&exchange.request).await;
        assert_eq!(again.answer, exchange.answer, "the repeat of {:?}", exchange.request);
    });
    repeats.buffer_unordered(TOGETHER).collect::<()>().await;
}

async fn other_bodies_are_refused(chatters: &[Chatter]) {
    let first = |chatter: &Chatter| chatter.exchanges.iter().take(2).map(|one| one.request.clone()).collect::<Vec<_>>();
    for chatter in chatters {
        for mut request in first(chatter) {
            request.text.push('!');
            let response = chatter.post(&request).await.unwrap();
            assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{request:?}");
        }
    }
}

/// `desk-replay verify` finds no flaw.
pub(crate) fn proves_itself(store: &str) {
    let output = Command::new(program("desk-replay")).args(["--store", store, "verify"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
}

/// Polls until the condition holds.
pub(crate) async fn until(what: &str, limit: Duration, mut is_so: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < limit, "{what}: not within {limit:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
