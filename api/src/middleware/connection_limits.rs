//! How many connections are open: of one address, and of this process. Beyond that there is a reserve, which is for few
//! (`reserve.rs`).
//!
//! Invariant: strangers cannot keep the reserve: a connection in it that is not for those is closed with its first answer, and one
//! that says nothing within seconds.

use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard},
};

use crate::client_ip::{TrustedProxies, subscriber};

/// Connections beyond the limit of the process.
const RESERVE: u32 = 64;
/// Connections beyond the limit of an address.
const RESERVE_OF_ADDRESS: u32 = 8;
/// Files that are left to everything else: databases, the log, assistants.
const FILES: u64 = 512;

/// The limits, and what is open.
pub(crate) struct ConnectionLimits {
    per_address: u32,
    at_most: u32,
    proxies: TrustedProxies,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: u32,
    by_address: HashMap<IpAddr, u32>,
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(super) struct ConnectionPlace {
    limits: Arc<ConnectionLimits>,
    address: Option<IpAddr>,
    pub(super) is_reserved: bool,
}

impl fmt::Debug for ConnectionLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionLimits").field("at_most", &self.at_most).finish_non_exhaustive()
    }
}

impl ConnectionLimits {
    /// So many of an address and in all, as far as the files that this process may open reach; 0 of an address is no limit. A
    /// trusted proxy's connections are those of many, so they are not counted by its address.
    pub(crate) fn new(per_address: u32, at_most: u32, files: u64, proxies: TrustedProxies) -> Self {
        let reach = files.saturating_sub(FILES).max(files / 2).saturating_sub(RESERVE.into());
        let at_most = u32::try_from(reach).unwrap_or(u32::MAX).min(at_most).max(1);
        Self { per_address, at_most, proxies, open: Mutex::default() }
    }

    /// The most that can be open.
    pub(crate) fn all(&self) -> usize {
        self.at_most.saturating_add(RESERVE) as usize
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().expect("no code panics while it holds this lock")
    }

    /// A place for a connection from this peer, if there is one.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr) -> Option<ConnectionPlace> {
        let address = Some(subscriber(peer.to_canonical()))
            .filter(|_| self.per_address > 0 && !self.proxies.trusts(peer.to_canonical()));
        let mut open = self.open();
        let own = address.and_then(|address| open.by_address.get(&address)).copied().unwrap_or_default();
        let most = |limit: u32, reserve: u32| limit.saturating_add(reserve);
        let is_full = address.is_some() && own >= most(self.per_address, RESERVE_OF_ADDRESS);
        if is_full || open.all >= most(self.at_most, RESERVE) {
            return None;
        }
        let is_reserved = open.all >= self.at_most || address.is_some() && own >= self.per_address;
        open.all += 1;
        if let Some(address) = address {
            *open.by_address.entry(address).or_default() += 1;
        }
        drop(open);
        Some(ConnectionPlace { limits: self.clone(), address, is_reserved })
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        let mut open = self.limits.open();
        open.all -= 1;
        let Some(address) = self.address else { return };
        let left = open.by_address.get_mut(&address).map_or(0, |count| {
            *count -= 1;
            *count
        });
        if left == 0 {
            open.by_address.remove(&address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(per_address: u32, at_most: u32) -> Arc<ConnectionLimits> {
        let proxies = "10.0.0.1".parse().expect("an address");
        Arc::new(ConnectionLimits::new(per_address, at_most, u64::MAX, proxies))
    }

    fn peer(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn address_has_its_places_and_a_reserve_and_no_more() {
        let limits = limits(2, 100);
        let mut open: Vec<_> = (0..20).filter_map(|_| limits.enter(peer("192.0.2.1"))).collect();
        let reserved = open.iter().filter(|place| place.is_reserved).count();
        assert_eq!((open.len(), reserved), (2 + RESERVE_OF_ADDRESS as usize, RESERVE_OF_ADDRESS as usize));
        assert!(limits.enter(peer("192.0.2.2")).is_some_and(|place| !place.is_reserved));
        open.clear();
        assert!(limits.enter(peer("192.0.2.1")).is_some_and(|place| !place.is_reserved));
        assert!(
            limits.open().by_address.is_empty() && limits.open().all == 0,
            "nothing is kept of those that have ended"
        );
    }

    #[test]
    fn ipv6_is_counted_by_subscriber_and_a_mapped_address_as_ipv4() {
        let limits = limits(1, 100);
        let _first = limits.enter(peer("2001:db8:1:2::1"));
        assert!(limits.enter(peer("2001:db8:1:2:3:4:5:6")).is_some_and(|place| place.is_reserved));
        assert!(limits.enter(peer("2001:db8:1:3::1")).is_some_and(|place| !place.is_reserved));
        let _fourth = limits.enter(peer("192.0.2.1"));
        assert!(limits.enter(peer("::ffff:192.0.2.1")).is_some_and(|place| place.is_reserved));
    }

    #[test]
    fn trusted_proxy_is_bounded_by_the_process_alone() {
        let limits = limits(1, 5);
        let open: Vec<_> = (0..200).filter_map(|_| limits.enter(peer("10.0.0.1"))).collect();
        let reserved = open.iter().filter(|place| place.is_reserved).count();
        assert_eq!((open.len(), reserved), (5 + RESERVE as usize, RESERVE as usize));
    }

    #[test]
    fn connections_reach_as_far_as_open_files_do() {
        let at_most = |files| ConnectionLimits::new(0, 16_000, files, TrustedProxies::default()).at_most;
        assert_eq!([1 << 20, 4_096, 1_024, 256].map(at_most), [16_000, 3_520, 448, 64]);
    }
}
