//! What is known of a follower, and its changes in the operator's log.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use event_store::Position;

use super::follower::{Alarm, OwnState, PositionOf};

/// How a follower does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowerStatus {
    /// Its name.
    pub name: &'static str,
    /// How far it has read the log; `None` if it reads none.
    pub position: Option<Position>,
    /// What it does.
    pub state: FollowerState,
    /// Times that it was started again.
    pub restarts: u64,
}

/// What a follower does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowerState {
    /// It follows the log.
    Running,
    /// It failed, and waits for its next start.
    Restarting {
        /// Why it failed, with all causes.
        error: String,
        /// Failures without a minute of health between them.
        attempt: u32,
        /// When it is started again.
        next: Instant,
    },
    /// It ended for good.
    Stopped {
        /// What somebody has to look at; `None` at the process's end.
        alarm: Option<Alarm>,
    },
}

/// One follower's record. Changes are logged once.
pub(super) struct Record {
    pub(super) name: &'static str,
    position: PositionOf,
    own_state: OwnState,
    state: Mutex<FollowerState>,
    restarts: AtomicU64,
    /// The failure that was logged last and is not over.
    logged: Mutex<Option<String>>,
}

impl Record {
    pub(super) fn new(name: &'static str, position: PositionOf, own_state: OwnState) -> Self {
        let state = Mutex::new(FollowerState::Running);
        Self { name, position, own_state, state, restarts: AtomicU64::new(0), logged: Mutex::default() }
    }

    pub(super) fn status(&self) -> FollowerStatus {
        let state = lock(&self.state).clone();
        let state = if state == FollowerState::Running { (self.own_state)().unwrap_or(state) } else { state };
        let restarts = self.restarts.load(Ordering::Relaxed);
        FollowerStatus { name: self.name, position: (self.position)(), state, restarts }
    }

    pub(super) fn runs(&self) {
        let before = std::mem::replace(&mut *lock(&self.state), FollowerState::Running);
        if matches!(before, FollowerState::Restarting { .. }) {
            self.restarts.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn is_healthy(&self) {
        if lock(&self.logged).take().is_some() {
            tracing::info!(follower = self.name, "a follower of the log is healthy again");
        }
    }

    /// Failing again for the same reason before it was healthy is no news.
    pub(super) fn restarts_in(&self, delay: Duration, attempt: u32, error: String) {
        let before = lock(&self.logged).replace(error.clone());
        if before.as_deref() != Some(&*error) {
            let position = (self.position)().map(|position| position.0);
            tracing::error!(
                follower = self.name,
                position,
                error,
                "a follower of the log failed, and is started again"
            );
        }
        let next = Instant::now() + delay;
        *lock(&self.state) = FollowerState::Restarting { error, attempt, next };
    }

    pub(super) fn stopped(&self, alarm: Option<Alarm>) {
        if let Some(Alarm { position, what }) = &alarm {
            let position = position.map(|position| position.0);
            tracing::error!(follower = self.name, position, what, "a follower of the log has stopped");
        }
        *lock(&self.state) = FollowerState::Stopped { alarm };
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
