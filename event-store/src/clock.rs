//! The time that decides: when an event was recorded, whether a token is still valid, when a timer is due, whether the shop
//! is open, how many requests are left.
//!
//! A program has one clock and hands it to everything in which time decides (sequencers, seals, the signer, tokens, timers,
//! hours, limits), so that a test moves days in milliseconds. Two things do not use it: leases and heartbeats go by the
//! database's clock, because several nodes compare them; and how long an operation may take (timeouts, pauses between
//! retries) is measured by tokio's monotonic clock.

#[cfg(any(test, feature = "testing"))]
mod manual;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;

#[cfg(any(test, feature = "testing"))]
pub use manual::ManualClock;

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

/// The longest sleep before the machine's clock is looked at again: it may have been set, or the machine suspended.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep_until(&self, due: Timestamp) {
        // A negative difference is no `Duration`: the time has come.
        while let Ok(left) = Duration::try_from(due.duration_since(self.now())) {
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[tokio::test]
    async fn the_system_clock_sleeps_until_the_time_has_come_and_not_for_a_past_one() {
        let clock = SystemClock;
        let due = clock.now() + SignedDuration::from_millis(30);
        clock.sleep_until(due).await;
        assert!(clock.now() >= due);
        clock.sleep_until(Timestamp::UNIX_EPOCH).await;
    }
}
