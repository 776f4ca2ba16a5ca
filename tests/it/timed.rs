//! Measurements: `make test-long` runs these alone and one after the other, and they print their figures.

mod backup;
mod flow;
mod frozen_holder;

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::join_all;
use reqwest::{Client, StatusCode};
use serde_json::json;
use tests::desk::{Desk, Setup};

const PASSWORD: &str = "another four words";
/// Accounts, each tried once, because the first failure of an hour is recorded.
const ROUNDS: usize = 200;
/// The largest allowed difference.
const ALIKE: f64 = 0.10;
const AT_ONCE: usize = 20;
/// Reads during the sign-ins.
const READS: usize = 2_000;
/// The bar for the 99th percentile.
const P99: Duration = Duration::from_millis(50);

/// Wrong passwords throttle their address, so every attempt has another one.
struct Door {
    desk: Desk,
    client: Client,
    tries: AtomicUsize,
}

impl Door {
    fn start() -> Self {
        let environment = vec![("DESK_TRUSTED_PROXIES", "127.0.0.1".to_owned())];
        let desk = Desk::start(Setup { environment, ..Setup::default() });
        Self { desk, client: tests::http_client::client(), tries: AtomicUsize::new(0) }
    }

    async fn make(&self, username: &str) {
        let new = json!({"username": username, "password": PASSWORD});
        let made = self.desk.staff().post("/api/agents", &new).await.unwrap();
        assert_eq!(made.status(), StatusCode::OK);
    }

    async fn try_in(&self, username: &str, password: &str) -> StatusCode {
        let number = self.tries.fetch_add(1, Ordering::Relaxed);
        let from = format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
        let request = self.client.post(format!("{}/api/agent/login", self.desk.url())).header("X-Forwarded-For", from);
        let answer = request.json(&json!({"username": username, "password": password})).send().await.unwrap();
        let status = answer.status();
        answer.bytes().await.unwrap();
        status
    }
}

async fn took<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let began = Instant::now();
    (work.await, began.elapsed())
}

/// A quantile.
fn quantile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "thousands"
    )]
    let at = ((times.len() - 1) as f64 * share).round() as usize;
    times[at]
}

#[tokio::test]
#[ignore = "timed: make test-long runs it alone"]
async fn sign_in_takes_the_same_time_for_known_and_unknown_names() {
    let door = Door::start();
    for number in 0..ROUNDS {
        door.make(&format!("somebody-{number:04}")).await;
    }
    for number in 0..5 {
        door.try_in(&format!("warming-{number:05}"), "a wrong password").await;
    }
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..ROUNDS {
        let names = [(format!("somebody-{number:04}"), true), (format!("nobodyat-{number:04}"), false)];
        // The order alternates.
        let in_turn = if number % 2 == 0 { [0, 1] } else { [1, 0] };
        for (name, is_known) in in_turn.map(|place| &names[place]) {
            let (status, time) = took(door.try_in(name, "a wrong password")).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{name}");
            if *is_known { known.push(time) } else { unknown.push(time) }
        }
    }
    let ratio = |of: (Duration, Duration)| of.0.as_secs_f64() / of.1.as_secs_f64();
    // Ratios by round, so that changes of the machine's speed affect both.
    let mut by_round: Vec<f64> = known.iter().copied().zip(unknown.iter().copied()).map(ratio).collect();
    by_round.sort_by(f64::total_cmp);
    let (known, unknown) = (quantile(&mut known, 0.5), quantile(&mut unknown, 0.5));
    println!("a wrong password, medians: {known:?} for a name that is there, {unknown:?} for one that is not");
    let (of_medians, of_rounds) = (ratio((known, unknown)), by_round[ROUNDS / 2]);
    println!("ratio of the medians {of_medians:.3}, median of the ratios of {ROUNDS} rounds {of_rounds:.3}");
    assert!((of_rounds - 1.0).abs() <= ALIKE, "{of_rounds:.3}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "timed: make test-long runs it alone"]
async fn session_list_stays_fast_during_twenty_sign_ins() {
    let door = Arc::new(Door::start());
    for number in 0..AT_ONCE {
        door.make(&format!("somebody-{number:04}")).await;
    }
    for number in 0..50 {
        door.desk.customer().chat(&format!("session-{number}"), "多久发货？").await.unwrap();
    }
    let (staff, is_over, signed_in) =
        (door.desk.staff(), Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let crowd: Vec<_> = (0..AT_ONCE)
        .map(|number| {
            let (door, is_over, signed_in) = (door.clone(), is_over.clone(), signed_in.clone());
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let status = door.try_in(&format!("somebody-{number:04}"), PASSWORD).await;
                    assert_eq!(status, StatusCode::OK);
                    signed_in.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    while signed_in.load(Ordering::Relaxed) < AT_ONCE {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (before, began, mut times) = (signed_in.load(Ordering::Relaxed), Instant::now(), Vec::new());
    for _ in 0..READS {
        let (answer, time) = took(async { staff.get("/api/sessions").await.unwrap().bytes().await.unwrap() }).await;
        assert!(answer.len() > 1_000);
        times.push(time);
    }
    let per_second = |count: usize| f64::from(u32::try_from(count).unwrap()) / began.elapsed().as_secs_f64();
    let sign_ins = per_second(signed_in.load(Ordering::Relaxed) - before);
    is_over.store(true, Ordering::Relaxed);
    join_all(crowd).await.into_iter().for_each(|one| one.unwrap());
    let [half, most, all] = [0.5, 0.99, 1.0].map(|share| quantile(&mut times, share));
    println!(
        "GET /api/sessions beside {AT_ONCE} who sign in ({sign_ins:.1} a second): p50 {half:?}, p99 {most:?}, longest {all:?}"
    );
    assert!(most < P99, "{most:?}");
}
