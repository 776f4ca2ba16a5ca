//! Streams that are open: how many a visitor, an address and this process may have at a time. Each holds a connection and some
//! memory for as long as its client likes.
//!
//! Invariants: a stream takes its place before its route does anything, and gives it back when its body is dropped. Staff is
//! counted by account alone, so that strangers cannot take its places.

use std::{
    collections::HashMap,
    future::{Ready, ready},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::StatusCode, web::Data};
use domain::VisitorId;
use uuid::Uuid;

use crate::{auth::caller::Caller, client_ip::subscriber, problem::Problem, settings::Settings};

/// Streams of one account of staff, or of one program.
const PER_ACCOUNT: u32 = 100;
/// When a client that was refused may try again.
const RETRY_AFTER: Duration = Duration::from_secs(15);

/// How many may be open; 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    /// Of one visitor.
    pub per_visitor: u32,
    /// Of all visitors at one address.
    pub per_address: u32,
    /// Of all visitors at this process.
    pub of_visitors: u32,
}

impl StreamLimits {
    /// As the settings say.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        Self {
            per_visitor: settings.streams_per_visitor,
            per_address: settings.streams_per_address,
            of_visitors: settings.streams_of_visitors,
        }
    }
}

/// Whose streams are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Visitors,
    Address(IpAddr),
    Visitor(VisitorId),
    Account(Uuid),
}

/// The streams of this process.
pub struct OpenStreams {
    limits: StreamLimits,
    open: Mutex<HashMap<Key, u32>>,
}

/// A stream's place among those that are open, until it is dropped.
pub struct StreamPlace {
    streams: Arc<OpenStreams>,
    keys: Vec<Key>,
}

impl OpenStreams {
    /// Within these limits.
    #[must_use]
    pub fn new(limits: StreamLimits) -> Self {
        Self { limits, open: Mutex::default() }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Key, u32>> {
        self.open.lock().expect("no code panics while it holds this lock")
    }

    fn limit(&self, key: Key) -> Option<u32> {
        let limit = match key {
            Key::Visitors => self.limits.of_visitors,
            Key::Address(_) => self.limits.per_address,
            Key::Visitor(_) => self.limits.per_visitor,
            Key::Account(_) => PER_ACCOUNT,
        };
        (limit > 0).then_some(limit)
    }

    /// A place for a stream that is counted under all of these keys, or the first of them that has no place left.
    fn enter(self: &Arc<Self>, keys: Vec<Key>) -> Result<StreamPlace, Key> {
        let mut open = self.open();
        let is_full =
            |key: &&Key| self.limit(**key).is_some_and(|limit| open.get(*key).is_some_and(|count| *count >= limit));
        if let Some(full) = keys.iter().find(is_full) {
            return Err(*full);
        }
        for key in &keys {
            *open.entry(*key).or_default() += 1;
        }
        Ok(StreamPlace { streams: self.clone(), keys })
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut open = self.streams.open();
        for key in &self.keys {
            let left = open.get_mut(key).map_or(0, |count| {
                *count -= 1;
                *count
            });
            if left == 0 {
                open.remove(key);
            }
        }
    }
}

impl FromRequest for StreamPlace {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let streams = request.app_data::<Data<OpenStreams>>().expect("every server of ours counts its streams");
        let streams = streams.clone().into_inner();
        ready(streams.enter(keys_of(request)).map_err(no_place))
    }
}

fn keys_of(request: &HttpRequest) -> Vec<Key> {
    let caller = Caller::of(request);
    if let Ok(Some(staff)) = caller.staff(request) {
        return vec![Key::Account(staff.agent.0)];
    }
    let visitor = caller.token_holder(request).ok().flatten().map(Key::Visitor);
    let address = Key::Address(subscriber(caller.client.address));
    visitor.into_iter().chain([address, Key::Visitors]).collect()
}

fn no_place(full: Key) -> Problem {
    let whose = match full {
        Key::Visitors => {
            let detail = "too many streams are open at this server; try again";
            return Problem::unavailable("TOO_MANY_STREAMS", detail, RETRY_AFTER);
        }
        Key::Address(_) => "this address",
        Key::Visitor(_) => "this visitor",
        Key::Account(_) => "this account",
    };
    let detail = format!("{whose} has too many streams open; close one first");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_STREAMS", detail).retry_after(RETRY_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: Key = Key::Visitor(VisitorId(Uuid::from_u128(1)));
    const BO: Key = Key::Visitor(VisitorId(Uuid::from_u128(2)));
    const STAFF: Key = Key::Account(Uuid::from_u128(3));

    fn address(last: u8) -> Key {
        Key::Address(IpAddr::from([192, 0, 2, last]))
    }

    fn streams(per_visitor: u32, per_address: u32, of_visitors: u32) -> Arc<OpenStreams> {
        Arc::new(OpenStreams::new(StreamLimits { per_visitor, per_address, of_visitors }))
    }

    #[test]
    fn streams_are_bounded_per_visitor_address_and_process() {
        let streams = streams(2, 3, 4);
        let enter = |visitor, place| streams.enter(vec![visitor, address(place), Key::Visitors]);
        let mut open: Vec<StreamPlace> =
            [(ANNA, 1), (ANNA, 2), (BO, 1)].map(|(who, at)| enter(who, at).ok()).into_iter().flatten().collect();
        assert_eq!((open.len(), enter(ANNA, 3).err()), (3, Some(ANNA)), "from any address");
        open.extend(enter(BO, 1));
        assert_eq!(open.len(), 4);
        let other = Key::Visitor(VisitorId(Uuid::from_u128(9)));
        assert_eq!(enter(other, 1).err(), Some(address(1)));
        assert_eq!(enter(other, 4).err(), Some(Key::Visitors));
        assert!(streams.enter(vec![STAFF]).is_ok(), "staff is counted apart");
        open.pop();
        assert!(enter(other, 4).is_ok());
    }

    #[test]
    fn nothing_is_kept_of_streams_that_have_ended() {
        let streams = streams(1, 1, 1);
        for _ in 0..3 {
            let place = streams.enter(vec![ANNA, address(1), Key::Visitors]);
            assert!(place.is_ok() && streams.enter(vec![ANNA]).is_err());
        }
        assert!(streams.open().is_empty());
    }

    #[test]
    fn limit_of_zero_means_no_limit() {
        let streams = streams(0, 0, 0);
        let open: Vec<_> =
            (0..1_000).filter_map(|_| streams.enter(vec![ANNA, address(1), Key::Visitors]).ok()).collect();
        assert_eq!(open.len(), 1_000);
    }
}
