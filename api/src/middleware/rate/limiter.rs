//! A token bucket per key, kept as one number: the time at which it will be full again (GCRA). A request moves that time on by
//! the cost of one, and is refused if it would lie further ahead than a whole bucket takes to fill.
//!
//! Invariant: a key is dropped only when its bucket is full, unless there are more callers at a time than are kept.

use std::{
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use event_store::Clock;
use moka::{policy::EvictionPolicy, sync::Cache};

/// Keys kept at a time, the least recently used dropped first: about 10 MB.
const CALLERS: u64 = 65_536;

/// A limit.
pub(super) struct Limiter<K> {
    name: &'static str,
    policy: String,
    cost_ns: u64,
    whole_ns: u64,
    clock: Arc<dyn Clock>,
    cells: Cache<K, Arc<AtomicU64>>,
}

/// What is left of a limit for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quota {
    pub(super) remaining: u64,
    pub(super) full_in: Duration,
    /// How long to wait, if the request is refused.
    pub(super) wait: Option<Duration>,
}

impl<K: Clone + Eq + Hash + Send + Sync + 'static> Limiter<K> {
    /// `count` per `per`, at most `burst` at once; `None` if `count` is 0.
    pub(super) fn new(
        name: &'static str,
        count: u32,
        per: Duration,
        burst: u32,
        clock: Arc<dyn Clock>,
    ) -> Option<Self> {
        let cost_ns = u64::try_from(per.as_nanos()).ok()?.checked_div(count.into())?.max(1);
        let whole_ns = cost_ns * u64::from(burst);
        let policy = format!("\"{name}\";q={burst};w={}", whole_seconds(Duration::from_nanos(whole_ns)));
        // A moment longer than a bucket takes to fill.
        let kept = Duration::from_nanos(whole_ns) + Duration::from_secs(2);
        let cells = Cache::builder().max_capacity(CALLERS).time_to_idle(kept).eviction_policy(EvictionPolicy::lru());
        Some(Self { name, policy, cost_ns, whole_ns, clock, cells: cells.build() })
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// For `RateLimit-Policy`.
    pub(super) fn policy(&self) -> &str {
        &self.policy
    }

    /// Takes one from the bucket of each key, or from none if one is empty; returns the lowest.
    pub(super) fn take(&self, keys: &[K]) -> Quota {
        let now = u64::try_from(self.clock.now().as_nanosecond()).unwrap_or_default();
        self.take_at(now, keys)
    }

    fn take_at(&self, now: u64, keys: &[K]) -> Quota {
        let mut lowest = self.quota(now, now, None);
        let mut taken: Vec<Arc<AtomicU64>> = Vec::with_capacity(keys.len());
        for key in keys {
            let cell = self.cells.get_with_by_ref(key, Arc::default);
            let quota = self.take_one(now, &cell);
            if quota.wait.is_some() {
                for cell in taken {
                    cell.fetch_sub(self.cost_ns, Ordering::Relaxed);
                }
                return quota;
            }
            lowest = if quota.remaining < lowest.remaining { quota } else { lowest };
            taken.push(cell);
        }
        lowest
    }

    fn take_one(&self, now: u64, cell: &AtomicU64) -> Quota {
        // Later than an empty bucket no bucket is full, unless the clock was set back since.
        cell.fetch_min(now.saturating_add(self.whole_ns), Ordering::Relaxed);
        let fits = |full_at: &u64| full_at.saturating_sub(now) <= self.whole_ns;
        let next = |full_at: u64| full_at.max(now).saturating_add(self.cost_ns);
        let moved = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| Some(next(full_at)).filter(fits));
        match moved {
            Ok(full_at) => self.quota(now, next(full_at), None),
            Err(full_at) => self.quota(now, full_at, Some(next(full_at) - now - self.whole_ns)),
        }
    }

    fn quota(&self, now: u64, full_at: u64, wait_ns: Option<u64>) -> Quota {
        let ahead = full_at.saturating_sub(now);
        let remaining = if wait_ns.is_some() { 0 } else { self.whole_ns.saturating_sub(ahead) / self.cost_ns };
        Quota { remaining, full_in: Duration::from_nanos(ahead), wait: wait_ns.map(Duration::from_nanos) }
    }
}

/// Rounded up.
pub(super) fn whole_seconds(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use event_store::SystemClock;
    use proptest::prelude::*;

    use super::*;

    const S: u64 = 1_000_000_000;

    fn chat() -> Limiter<u8> {
        Limiter::new("chat", 20, Duration::from_secs(60), 10, SystemClock::shared()).expect("it is on")
    }

    #[test]
    fn ten_at_once_and_then_one_every_three_seconds() {
        let limiter = chat();
        for left in (0..10).rev() {
            let quota = limiter.take_at(0, &[1]);
            assert_eq!((quota.remaining, quota.wait), (left, None));
        }
        let refused = limiter.take_at(S, &[1]);
        assert_eq!((refused.remaining, refused.wait), (0, Some(Duration::from_secs(2))));
        assert_eq!(limiter.take_at(3 * S, &[1]).wait, None, "after the wait it goes on");
        assert!(limiter.take_at(3 * S, &[1]).wait.is_some());
        assert_eq!(limiter.take_at(3 * S, &[2]).wait, None, "another caller has its own");
        assert_eq!(limiter.policy(), "\"chat\";q=10;w=30");
    }

    #[test]
    fn a_request_refused_for_one_key_takes_from_none() {
        let limiter = chat();
        for _ in 0..10 {
            limiter.take_at(0, &[2]);
        }
        assert!(limiter.take_at(0, &[1, 2]).wait.is_some());
        assert_eq!(limiter.take_at(0, &[1]).remaining, 9);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let limiter = chat();
        for _ in 0..10 {
            limiter.take_at(3_600 * S, &[1]);
        }
        assert!(limiter.take_at(0, &[1]).wait <= Some(Duration::from_secs(3)));
        assert_eq!(limiter.take_at(3 * S, &[1]).wait, None);
    }

    #[test]
    fn zero_means_no_limit() {
        assert!(Limiter::<u8>::new("chat", 0, Duration::from_secs(60), 0, SystemClock::shared()).is_none());
    }

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        assert_eq!(whole_seconds(Duration::from_millis(2001)), 3);
        assert_eq!(whole_seconds(Duration::from_millis(2000)), 2);
        assert_eq!(whole_seconds(Duration::from_nanos(1)), 0, "below what is measured; a wait is at least 1");
    }

    proptest! {
        #[test]
        fn never_more_than_the_burst_and_what_was_refilled(count in 1u32..500, burst in 1u32..50, steps in prop::collection::vec(0u64..2 * S, 1..200)) {
            let limiter = Limiter::<u8>::new("x", count, Duration::from_secs(60), burst, SystemClock::shared()).expect("it is on");
            let (mut now, mut taken) = (0, 0);
            for step in steps {
                now += step;
                taken += u64::from(limiter.take_at(now, &[1]).wait.is_none());
                let allowed = u64::from(burst) + now / limiter.cost_ns;
                prop_assert!(taken <= allowed, "{} of {} after {} ns", taken, allowed, now);
            }
        }
    }
}
