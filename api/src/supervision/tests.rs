//! A supervisor over followers that fail on purpose, with delays of milliseconds.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use event_store::Position;
use tokio::time::{sleep, timeout};

use super::*;

const FAST: RestartPace = RestartPace {
    first: Duration::from_millis(2),
    longest: Duration::from_millis(8),
    healthy_after: Duration::from_millis(300),
};

/// A follower that fails as it is told at each start but the last.
fn failing(
    starts: Arc<AtomicU32>,
    failures: u32,
    fail: impl Fn() -> Result<(), FollowError> + Send + Sync + 'static,
) -> Follower {
    let fail = Arc::new(fail);
    Follower::new(
        "failing",
        || Position(7),
        move |stopping| {
            let (start, fail) = (starts.fetch_add(1, Ordering::SeqCst), fail.clone());
            async move {
                if start < failures {
                    return fail();
                }
                stopping.requested().await;
                Ok(())
            }
        },
    )
}

async fn until(supervisor: &Supervisor, is_so: impl Fn(&FollowerStatus) -> bool) -> FollowerStatus {
    let reached = async {
        loop {
            let status = supervisor.status().remove(0);
            if is_so(&status) {
                return status;
            }
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(10), reached).await.expect("it comes about")
}

async fn is_restarted_after(fail: impl Fn() -> Result<(), FollowError> + Send + Sync + 'static) {
    let (supervisor, starts) = (Supervisor::with_pace(FAST), Arc::new(AtomicU32::new(0)));
    supervisor.start(failing(starts.clone(), 3, fail));
    let status = until(&supervisor, |status| status.restarts == 3 && status.state == FollowerState::Running).await;
    assert_eq!((status.name, status.position), ("failing", Some(Position(7))));
    supervisor.stop_all().await;
    assert_eq!(supervisor.status()[0].state, FollowerState::Stopped { alarm: None });
    assert_eq!(starts.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn a_follower_that_fails_panics_or_ends_is_restarted() {
    is_restarted_after(|| Err(FollowError::failed("away"))).await;
    is_restarted_after(|| panic!("a bug")).await;
    is_restarted_after(|| Ok(())).await;
}

#[tokio::test]
async fn a_factory_that_panics_is_restarted() {
    let (supervisor, starts) = (Supervisor::with_pace(FAST), AtomicU32::new(0));
    supervisor.start(Follower::new(
        "failing",
        || Position::START,
        move |stopping| {
            assert!(starts.fetch_add(1, Ordering::SeqCst) > 0, "the first start fails");
            async move {
                stopping.requested().await;
                Ok(())
            }
        },
    ));
    until(&supervisor, |status| status.restarts == 1 && status.state == FollowerState::Running).await;
}

#[tokio::test]
async fn while_it_waits_the_status_says_why_and_until_when() {
    let slow = RestartPace { first: Duration::from_secs(40), longest: Duration::from_secs(60), ..FAST };
    let supervisor = Supervisor::with_pace(slow);
    let before = std::time::Instant::now();
    supervisor.start(failing(Arc::default(), 1, || panic!("a bug")));
    let status = until(&supervisor, |status| status.state != FollowerState::Running).await;
    let FollowerState::Restarting { error, attempt, next } = status.state else { panic!("{status:?}") };
    assert_eq!((&*error, attempt, status.restarts), ("it panicked: a bug", 1, 0));
    let delay = next.duration_since(before);
    assert!(delay >= Duration::from_secs(30), "{delay:?}");
    timeout(Duration::from_secs(5), supervisor.stop_all()).await.expect("a stop does not wait for the next start");
}

#[tokio::test]
async fn an_alarm_stops_it_for_good() {
    let (supervisor, starts) = (Supervisor::with_pace(FAST), Arc::new(AtomicU32::new(0)));
    let alarm = Alarm { position: Some(Position(8)), what: "unreadable".to_owned() };
    let raised = alarm.clone();
    supervisor.start(failing(starts.clone(), 1, move || Err(raised.clone().into())));
    let status = until(&supervisor, |status| status.state != FollowerState::Running).await;
    assert_eq!(status.state, FollowerState::Stopped { alarm: Some(alarm.clone()) });
    sleep(FAST.longest * 3).await;
    assert_eq!(starts.load(Ordering::SeqCst), 1);
    supervisor.stop_all().await;
    assert_eq!(supervisor.status()[0].state, FollowerState::Stopped { alarm: Some(alarm) });
}

#[tokio::test]
async fn after_a_time_of_health_the_next_failure_counts_as_the_first() {
    let pace = RestartPace { healthy_after: Duration::from_millis(20), ..FAST };
    let (supervisor, starts) = (Supervisor::with_pace(pace), Arc::new(AtomicU32::new(0)));
    let count = starts.clone();
    supervisor.start(Follower::new(
        "failing",
        || Position::START,
        move |stopping| {
            let start = count.fetch_add(1, Ordering::SeqCst);
            async move {
                match start {
                    0 | 1 => {}
                    2 => sleep(Duration::from_millis(200)).await,
                    _last => stopping.requested().await,
                }
                Err(FollowError::failed(format!("failure {start}")))
            }
        },
    ));
    let is_third = |status: &FollowerStatus| matches!(&status.state, FollowerState::Restarting { error, .. } if error == "failure 2");
    let status = until(&supervisor, is_third).await;
    assert!(matches!(status.state, FollowerState::Restarting { attempt: 1, .. }), "{status:?}");
}

#[test]
fn delays_double_up_to_the_longest_and_vary_by_a_quarter() {
    let pace = RestartPace::default();
    for (failures, whole) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (1000, 60)] {
        let (delay, whole) = (pace.delay(failures), Duration::from_secs(whole));
        assert!(delay <= whole && delay >= whole.mul_f64(0.75), "{failures}: {delay:?}");
    }
}

#[tokio::test]
async fn the_first_started_is_stopped_last() {
    let (supervisor, ended) = (Supervisor::with_pace(FAST), Arc::new(Mutex::new(Vec::new())));
    for (name, takes) in [("first", 0), ("second", 30), ("third", 0)] {
        let ended = ended.clone();
        supervisor.start(Follower::new(
            name,
            || Position::START,
            move |stopping| {
                let ended = ended.clone();
                async move {
                    stopping.requested().await;
                    sleep(Duration::from_millis(takes)).await;
                    ended.lock().unwrap_or_else(PoisonError::into_inner).push(name);
                    Ok(())
                }
            },
        ));
    }
    supervisor.stop_all().await;
    assert_eq!(*ended.lock().unwrap_or_else(PoisonError::into_inner), ["third", "second", "first"]);
}
