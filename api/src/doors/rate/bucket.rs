//! A token bucket per key, kept as one number: the time at which it will be full again (GCRA). A request moves it on by what one
//! costs, and is one too many if that is further ahead than a whole bucket takes.
//!
//! Invariant: what is forgotten is full, unless there are more callers at a time than are kept.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use moka::{policy::EvictionPolicy, sync::Cache};

use super::Key;

/// Callers kept at a time, the least recent given up first: some 10 MB.
const CALLERS: u64 = 65_536;

/// A limit.
pub(super) struct Bucket {
    name: &'static str,
    policy: String,
    cost_ns: u64,
    whole_ns: u64,
    cells: Cache<Key, Arc<AtomicU64>>,
}

/// What is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) remaining: u64,
    pub(super) full_in: Duration,
    /// For how long the caller has to wait, if it came too often.
    pub(super) wait: Option<Duration>,
}

impl Bucket {
    /// So many per time, and so many at once; none is no limit.
    pub(super) fn new(name: &'static str, count: u32, per: Duration, burst: u32) -> Option<Self> {
        let cost_ns = u64::try_from(per.as_nanos()).ok()?.checked_div(count.into())?.max(1);
        let whole_ns = cost_ns * u64::from(burst);
        let policy = format!("\"{name}\";q={burst};w={}", super::whole_seconds(Duration::from_nanos(whole_ns)));
        // A moment longer than a bucket takes to fill.
        let kept = Duration::from_nanos(whole_ns) + Duration::from_secs(2);
        let cells = Cache::builder().max_capacity(CALLERS).time_to_idle(kept).eviction_policy(EvictionPolicy::lru());
        Some(Self { name, policy, cost_ns, whole_ns, cells: cells.build() })
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// For `RateLimit-Policy`.
    pub(super) fn policy(&self) -> &str {
        &self.policy
    }

    /// Takes one from the bucket of each key, or none at all; answers the lowest of them.
    pub(super) fn take(&self, now: Timestamp, keys: &[Key]) -> Level {
        // Enough until the year 2554.
        self.take_at(u64::try_from(now.as_nanosecond()).unwrap_or_default(), keys)
    }

    fn take_at(&self, now: u64, keys: &[Key]) -> Level {
        let mut lowest = self.level(now, now, None);
        let mut taken: Vec<Arc<AtomicU64>> = Vec::with_capacity(keys.len());
        for key in keys {
            let cell = self.cells.get_with_by_ref(key, Arc::default);
            let level = self.take_one(now, &cell);
            if level.wait.is_some() {
                for cell in taken {
                    cell.fetch_sub(self.cost_ns, Ordering::Relaxed);
                }
                return level;
            }
            lowest = if level.remaining < lowest.remaining { level } else { lowest };
            taken.push(cell);
        }
        lowest
    }

    fn take_one(&self, now: u64, cell: &AtomicU64) -> Level {
        let latest = now.saturating_add(self.whole_ns);
        let fits = |full_at: &u64| *full_at <= latest;
        // It is further ahead than ever if the clock was set back: then it counts as full.
        let known = |full_at: u64| if full_at > latest { now } else { full_at.max(now) };
        let next = |full_at: u64| known(full_at).saturating_add(self.cost_ns);
        let moved = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| Some(next(full_at)).filter(fits));
        match moved {
            Ok(full_at) => self.level(now, next(full_at), None),
            Err(full_at) => self.level(now, full_at, Some(next(full_at).saturating_sub(latest))),
        }
    }

    fn level(&self, now: u64, full_at: u64, wait_ns: Option<u64>) -> Level {
        let ahead = full_at.saturating_sub(now);
        let remaining = if wait_ns.is_some() { 0 } else { self.whole_ns.saturating_sub(ahead) / self.cost_ns };
        Level { remaining, full_in: Duration::from_nanos(ahead), wait: wait_ns.map(Duration::from_nanos) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const S: u64 = 1_000_000_000;

    fn chat() -> Bucket {
        Bucket::new("chat", 20, Duration::from_secs(60), 10).expect("it is on")
    }

    fn at(octet: u8) -> Key {
        Key::Address([192, 0, 2, octet].into())
    }

    #[test]
    fn ten_at_once_and_then_one_every_three_seconds() {
        let bucket = chat();
        for left in (0..10).rev() {
            let level = bucket.take_at(0, &[at(1)]);
            assert_eq!((level.remaining, level.wait), (left, None));
        }
        let refused = bucket.take_at(S, &[at(1)]);
        assert_eq!((refused.remaining, refused.wait), (0, Some(Duration::from_secs(2))));
        assert_eq!(bucket.take_at(3 * S, &[at(1)]).wait, None, "after the wait it goes on");
        assert!(bucket.take_at(3 * S, &[at(1)]).wait.is_some());
        assert_eq!(bucket.take_at(3 * S, &[at(2)]).wait, None, "another caller has its own");
        assert_eq!(bucket.policy(), "\"chat\";q=10;w=30");
    }

    #[test]
    fn who_is_refused_for_one_key_pays_for_none() {
        let bucket = chat();
        for _ in 0..10 {
            bucket.take_at(0, &[at(2)]);
        }
        assert!(bucket.take_at(0, &[at(1), at(2)]).wait.is_some());
        assert_eq!(bucket.take_at(0, &[at(1)]).remaining, 9);
    }

    #[test]
    fn after_the_clock_was_set_back_buckets_are_full() {
        let bucket = chat();
        for _ in 0..10 {
            bucket.take_at(3_600 * S, &[at(1)]);
        }
        let level = bucket.take_at(S, &[at(1)]);
        assert_eq!((level.remaining, level.wait), (9, None));
    }

    #[test]
    fn none_is_no_limit() {
        assert!(Bucket::new("chat", 0, Duration::from_secs(60), 0).is_none());
    }

    proptest! {
        #[test]
        fn never_more_than_a_bucket_and_what_flows_in(count in 1u32..500, burst in 1u32..50, steps in prop::collection::vec(0u64..2 * S, 1..200)) {
            let bucket = Bucket::new("x", count, Duration::from_secs(60), burst).expect("it is on");
            let (mut now, mut taken) = (0, 0);
            for step in steps {
                now += step;
                taken += u64::from(bucket.take_at(now, &[at(1)]).wait.is_none());
                let allowed = u64::from(burst) + now / bucket.cost_ns;
                prop_assert!(taken <= allowed, "{} of {} after {} ns", taken, allowed, now);
            }
        }
    }
}
