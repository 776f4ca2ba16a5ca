//! Runs everything that follows the log: each follower on a task of its own, restarted with a growing delay when it fails or
//! panics, and stopped with an alarm when it meets something that no restart helps with.
//!
//! Invariant: a follower does not end silently. It runs, waits for its next start, or is stopped, and [`Supervisor::status`]
//! says which.

mod follower;
mod status;
#[cfg(test)]
mod tests;

use std::{
    any::Any,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{FutureExt as _, future::join_all};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

pub use follower::{Alarm, FollowError, Follower, Stopping};
pub use status::{FollowerState, FollowerStatus};

use crate::error_chain::chain;
use status::Record;

/// How long a follower may take to end once it is told to; the longest is the signer's last note.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// How soon a follower is started again.
#[derive(Debug, Clone, Copy)]
pub struct RestartPace {
    /// After the first failure; doubles with each further one.
    pub first: Duration,
    /// The longest delay.
    pub longest: Duration,
    /// After running for this long, the next failure counts as the first.
    pub healthy_after: Duration,
}

impl Default for RestartPace {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(60), healthy_after: Duration::from_secs(60) }
    }
}

impl RestartPace {
    /// Before the start after so many failures; up to a quarter shorter, so that nodes do not start followers in step.
    fn delay(self, failures: u32) -> Duration {
        let doubled = self.first.saturating_mul(1 << failures.saturating_sub(1).min(16));
        doubled.min(self.longest).mul_f64(rand::random_range(0.75..=1.0))
    }
}

/// Runs followers until it is told to stop.
#[derive(Default)]
pub struct Supervisor {
    pace: RestartPace,
    followers: Mutex<Vec<Supervised>>,
}

struct Supervised {
    record: Arc<Record>,
    stop: watch::Sender<bool>,
    /// `None` once somebody waits for its end.
    task: Option<JoinHandle<()>>,
}

impl Supervisor {
    /// A supervisor with another pace.
    #[must_use]
    pub fn with_pace(pace: RestartPace) -> Self {
        Self { pace, followers: Mutex::default() }
    }

    /// Starts a follower. The first is what the others read from; it is stopped last.
    pub fn start(&self, follower: Follower) {
        let (stop, stopping) = watch::channel(false);
        let Follower { name, position, own_state, run } = follower;
        let record = Arc::new(Record::new(name, position, own_state));
        let task = tokio::spawn(supervise(record.clone(), run, self.pace, Stopping(stopping)));
        self.lock().push(Supervised { record, stop, task: Some(task) });
    }

    /// Every follower, in the order of their start.
    #[must_use]
    pub fn status(&self) -> Vec<FollowerStatus> {
        self.lock().iter().map(|supervised| supervised.record.status()).collect()
    }

    /// Tells a follower to end, and waits for it.
    pub async fn stop(&self, name: &str) {
        let task = self.tell(name);
        if let Some(mut task) = task
            && timeout(STOP_LIMIT, &mut task).await.is_err()
        {
            tracing::warn!(follower = name, "a follower of the log did not end in time");
            task.abort();
        }
    }

    /// Ends all that still run: together, because one may wait for a database that is away, and the first started at last.
    pub async fn stop_all(&self) {
        let names: Vec<&str> = self.lock().iter().map(|supervised| supervised.record.name).collect();
        if let Some((first, others)) = names.split_first() {
            join_all(others.iter().map(|name| self.stop(name))).await;
            self.stop(first).await;
        }
    }

    fn tell(&self, name: &str) -> Option<JoinHandle<()>> {
        let mut followers = self.lock();
        let supervised = followers.iter_mut().find(|supervised| supervised.record.name == name)?;
        supervised.stop.send_replace(true);
        supervised.task.take()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Supervised>> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs one follower until it is told to stop, or raises an alarm.
async fn supervise(record: Arc<Record>, run: follower::Run, pace: RestartPace, stopping: Stopping) {
    let mut failures = 0;
    loop {
        record.runs();
        let ended = run_once(&record, &run, &mut failures, pace, &stopping).await;
        let error = match ended {
            Err(FollowError::Alarm(alarm)) => return record.stopped(Some(alarm)),
            _ if stopping.is_requested() => break,
            Ok(()) => "it ended without being told to".to_owned(),
            Err(FollowError::Failed(error)) => chain(&*error),
        };
        failures += 1;
        let delay = pace.delay(failures);
        record.restarts_in(delay, failures, error);
        tokio::select! {
            () = stopping.requested() => break,
            () = sleep(delay) => {}
        }
    }
    record.stopped(None);
}

/// Forgets earlier failures once the follower has run for long enough.
async fn run_once(
    record: &Record,
    run: &follower::Run,
    failures: &mut u32,
    pace: RestartPace,
    stopping: &Stopping,
) -> Result<(), FollowError> {
    let running = async { run(stopping.clone()).await };
    let mut running = pin!(AssertUnwindSafe(running).catch_unwind());
    let ended = match timeout(pace.healthy_after, &mut running).await {
        Ok(ended) => ended,
        Err(_healthy) => {
            *failures = 0;
            record.is_healthy();
            running.await
        }
    };
    ended.unwrap_or_else(|panic| Err(FollowError::Failed(format!("it panicked: {}", message(&*panic)).into())))
}

fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message")
}
