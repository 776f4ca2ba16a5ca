//! Rate limits: token buckets in memory. Chat is counted by visitor and by address, everything by address, or by account
//! once somebody is signed in.
//!
//! Invariant: memory is bounded, and a caller cannot choose what it is counted by: a token counts only if it is good, an
//! IPv6 address by its /64, which is what one subscriber has.

mod bucket;

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    dev::ServiceRequest,
    http::{
        Method,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
};
use bucket::{Bucket, Level};
use domain::VisitorId;
use event_store::Clock;
use uuid::Uuid;

use super::address::Client;
use crate::{
    problem::Problem,
    sign_in::{staff::Staff, visitor},
};

/// Messages that may be written at once.
const CHAT_BURST: u32 = 10;
const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// A stranger, by where it is.
    Address(IpAddr),
    /// A visitor, wherever it is.
    Visitor(VisitorId),
    /// Somebody signed in, by the token's hash.
    Account(Uuid),
}

/// All limits that are switched on.
pub(super) struct Rates {
    clock: Arc<dyn Clock>,
    chat: Option<Bucket>,
    everything: Option<Bucket>,
}

/// How a request stands to the limits that apply to it.
#[derive(Default)]
pub(super) struct Standing {
    policies: Vec<String>,
    levels: Vec<String>,
    wait: Option<Duration>,
}

/// IETF draft-ietf-httpapi-ratelimit-headers-10: `q` per `w` seconds; `r` remain, all of it again in `t` seconds.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

impl Rates {
    /// These limits; 0 switches one off.
    pub(super) fn new(chat_per_minute: u32, per_second: u32, clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            chat: Bucket::new("chat", chat_per_minute, MINUTE, chat_per_minute.min(CHAT_BURST)),
            everything: Bucket::new("requests", per_second, SECOND, per_second),
        }
    }

    /// Counts a request.
    pub(super) fn count(&self, request: &ServiceRequest, client: &Client) -> Standing {
        let mut standing = Standing::default();
        let now = self.clock.now();
        if let Some(everything) = &self.everything {
            standing.add(everything, everything.take(now, &[caller(request, client)]));
        }
        let chat = self.chat.as_ref().filter(|_| standing.wait.is_none() && is_chat(request));
        if let Some(chat) = chat {
            standing.add(chat, chat.take(now, &writer(request, client)));
        }
        standing
    }
}

/// Whom a request is counted for. Only here is it decided.
fn caller(request: &ServiceRequest, client: &Client) -> Key {
    let staff = Staff::of(request.request()).ok().flatten();
    staff.map_or_else(|| place(client.address), |staff| Key::Account(staff.agent.0))
}

/// Whom a message is counted for.
fn writer(request: &ServiceRequest, client: &Client) -> Vec<Key> {
    let visitor = visitor::who(request.request()).map(Key::Visitor);
    std::iter::once(place(client.address)).chain(visitor).collect()
}

fn place(address: IpAddr) -> Key {
    Key::Address(match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    })
}

/// By the path as the routes see it: an escaped letter leads to the same route.
fn is_chat(request: &ServiceRequest) -> bool {
    let path = request.match_info().as_str();
    let path = path.strip_prefix("/api/v1").or_else(|| path.strip_prefix("/api"));
    request.method() == Method::POST && matches!(path, Some("/chat" | "/chat/stream"))
}

impl Standing {
    fn add(&mut self, bucket: &Bucket, level: Level) {
        self.policies.push(bucket.policy().to_owned());
        self.levels.push(format!("\"{}\";r={};t={}", bucket.name(), level.remaining, whole_seconds(level.full_in)));
        self.wait = self.wait.max(level.wait);
    }

    /// Refuses a request that is one too many.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let Some(wait) = self.wait else { return Ok(()) };
        let seconds = whole_seconds(wait).max(1);
        let detail = format!("too many requests; try again in {seconds} s");
        Err(Problem::too_many(detail, Duration::from_secs(seconds)))
    }

    /// Says in the answer what is left.
    pub(super) fn tell(&self, answer: &mut HeaderMap) {
        for (name, values) in [(RATE_LIMIT_POLICY, &self.policies), (RATE_LIMIT, &self.levels)] {
            if let Some(value) = HeaderValue::from_str(&values.join(", ")).ok().filter(|value| !value.is_empty()) {
                answer.insert(name, value);
            }
        }
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_subscriber_is_one_place() {
        let of = |text: &str| place(text.parse().expect("an address"));
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    }

    #[test]
    fn a_wait_is_told_in_seconds_that_suffice() {
        assert_eq!(whole_seconds(Duration::from_millis(2001)), 3);
        assert_eq!(whole_seconds(Duration::from_millis(2000)), 2);
        assert_eq!(whole_seconds(Duration::from_nanos(1)), 0, "below what is measured; a wait is at least 1");
    }
}
