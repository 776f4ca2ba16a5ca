//! Lines of the log for requests that are refused before anything is done: a flood of them must not fill the disk.
//!
//! Invariants: at most one line a second for an address and twenty a second in all, by a clock that is never set; the next line
//! says how many were left out.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use moka::{policy::EvictionPolicy, sync::Cache};

use crate::client_ip::subscriber;

/// Lines a second, of all addresses.
const A_SECOND: u32 = 20;
const SECOND: Duration = Duration::from_secs(1);
/// Addresses that had a line within the last second: more than there are lines.
const ADDRESSES: u64 = 1_024;

/// What was written lately.
pub struct RefusalLines {
    addresses: Cache<IpAddr, Instant>,
    written: Mutex<Written>,
}

struct Written {
    second: Instant,
    lines: u32,
    left_out: u64,
}

impl RefusalLines {
    /// Nothing was written yet.
    #[must_use]
    pub fn new() -> Self {
        let addresses =
            Cache::builder().max_capacity(ADDRESSES).time_to_live(SECOND * 2).eviction_policy(EvictionPolicy::lru());
        let written = Mutex::new(Written { second: Instant::now(), lines: 0, left_out: 0 });
        Self { addresses: addresses.build(), written }
    }

    /// Whether there is to be a line for a refusal of this address: with how many were left out before it.
    pub(super) fn next(&self, address: IpAddr, now: Instant) -> Option<u64> {
        let address = subscriber(address);
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(written.second) >= SECOND {
            (written.second, written.lines) = (now, 0);
        }
        let was_just = |at: Instant| now.saturating_duration_since(at) < SECOND;
        if written.lines == A_SECOND || self.addresses.get(&address).is_some_and(was_just) {
            written.left_out += 1;
            return None;
        }
        self.addresses.insert(address, now);
        written.lines += 1;
        Some(std::mem::take(&mut written.left_out))
    }
}

impl Default for RefusalLines {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    #[test]
    fn address_has_a_line_a_second_with_what_was_left_out() {
        let (lines, start) = (RefusalLines::new(), Instant::now());
        assert_eq!(lines.next(address(1), start), Some(0));
        (0..500).for_each(|_| assert_eq!(lines.next(address(1), start + SECOND / 2), None));
        assert_eq!(lines.next(address(2), start + SECOND / 2), Some(500));
        assert_eq!(lines.next(address(1), start + SECOND), Some(0));
    }

    #[test]
    fn all_addresses_together_have_twenty_lines_a_second() {
        let (lines, start) = (RefusalLines::new(), Instant::now());
        let written = (0..10_000).filter(|number| lines.next(address(*number), start).is_some()).count();
        assert_eq!(written, 20);
        assert_eq!(lines.next(address(1), start + SECOND), Some(9_980));
    }
}
