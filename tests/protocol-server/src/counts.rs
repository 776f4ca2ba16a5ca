//! What a server was asked for, counted: calls by their kind, and how many events it looked at for filtered reads.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// So many events that were looked at cost the time that the options say.
const UNIT: u64 = 1000;

/// Counts since the server was started; a restart keeps them.
#[derive(Default)]
pub(crate) struct Counts {
    calls: Mutex<BTreeMap<&'static str, u64>>,
    looked_at: AtomicU64,
}

impl Counts {
    pub(crate) fn call(&self, kind: &'static str) {
        *self.of_calls().entry(kind).or_default() += 1;
    }

    pub(crate) fn calls(&self) -> BTreeMap<&'static str, u64> {
        self.of_calls().clone()
    }

    pub(crate) fn looked_at(&self) -> u64 {
        self.looked_at.load(Ordering::Relaxed)
    }

    /// Counts events that a filter was held against, and takes the time that it costs.
    pub(crate) async fn look(&self, events: u64, cost: Duration) {
        let before = self.looked_at.fetch_add(events, Ordering::Relaxed);
        let units = (before + events) / UNIT - before / UNIT;
        if units > 0 && !cost.is_zero() {
            tokio::time::sleep(cost * u32::try_from(units).unwrap_or(u32::MAX)).await;
        }
    }

    fn of_calls(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        self.calls.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
