//! The time that decides when a timer is due. The same port as the event store's clock.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;

/// Tells the time and waits for one.
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync {
    /// The time by this clock. May be earlier than the answer before: clocks are set back.
    fn now(&self) -> Timestamp;

    /// Returns once [`Self::now`] is at or after `due`; at once if it is already.
    async fn sleep_until(&self, due: Timestamp);
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl SystemClock {
    /// The machine's clock as a port.
    #[must_use]
    pub fn shared() -> Arc<dyn Clock> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep_until(&self, due: Timestamp) {
        while let Ok(left) = Duration::try_from(due.duration_since(self.now())) {
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(Duration::from_secs(60))).await;
        }
    }
}

/// A clock for tests: it moves when the test says so.
#[derive(Debug)]
pub struct ManualClock(tokio::sync::watch::Sender<Timestamp>);

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(tokio::sync::watch::Sender::new(now))
    }

    /// Moves on by this much.
    pub fn advance(&self, by: jiff::SignedDuration) {
        self.0.send_modify(|now| *now += by);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    async fn sleep_until(&self, due: Timestamp) {
        drop(self.0.subscribe().wait_for(|now| *now >= due).await);
    }
}
