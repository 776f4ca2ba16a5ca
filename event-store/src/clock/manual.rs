//! A clock that tests move.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::Clock;

/// Stands still until it is set or advanced, which wakes sleepers whose time has come.
#[derive(Debug)]
pub struct ManualClock(watch::Sender<Timestamp>);

impl ManualClock {
    /// A clock that shows this time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(watch::Sender::new(now))
    }

    /// Shows this time from now on, which may be an earlier one.
    pub fn set(&self, now: Timestamp) {
        self.0.send_replace(now);
    }

    /// Moves on by this much.
    ///
    /// # Panics
    /// At the end of time.
    pub fn advance(&self, by: SignedDuration) {
        self.0.send_modify(|now| *now += by);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    async fn sleep_until(&self, due: Timestamp) {
        let reached = self.0.subscribe().wait_for(|now| *now >= due).await.map(drop);
        reached.expect("the clock is borrowed and cannot be dropped");
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_clock_reaches_its_time_and_not_before() {
        let clock = Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH));
        let due = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(72);
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(due).await }
        });
        clock.advance(SignedDuration::from_hours(71));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(SignedDuration::from_hours(1));
        timeout(Duration::from_secs(5), sleeper).await.expect("it wakes").expect("it does not panic");
        assert_eq!(clock.now(), due);
    }

    #[tokio::test]
    async fn a_time_that_has_passed_is_not_waited_for() {
        let clock = ManualClock::new(Timestamp::UNIX_EPOCH);
        clock.sleep_until(Timestamp::UNIX_EPOCH).await;
        clock.set(Timestamp::MAX);
        clock.sleep_until(Timestamp::UNIX_EPOCH).await;
    }
}
