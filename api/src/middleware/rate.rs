//! Rate limits, kept in memory. Chat, and whatever else a stranger can have recorded, is counted per visitor and per address; all
//! requests per address, or per account if signed in.
//!
//! Invariant: memory is bounded, and a caller cannot choose its key: only valid tokens count, and IPv6 addresses are cut to
//! their /64, which is what one subscriber has.

mod limiter;

use std::{net::IpAddr, sync::Arc, time::Duration};

use actix_web::{
    dev::ServiceRequest,
    http::{
        Method,
        header::{HeaderMap, HeaderName, HeaderValue},
    },
};
use domain::VisitorId;
use event_store::Clock;
use limiter::{Limiter, Quota, whole_seconds};
use uuid::Uuid;

use crate::{auth::caller::Caller, client_ip::subscriber, problem::Problem};

/// Messages that may be written at once.
const CHAT_BURST: u32 = 10;
const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    /// A client without an account, by address.
    Address(IpAddr),
    /// A visitor, from any address.
    Visitor(VisitorId),
    /// An account that is signed in, or a program.
    Account(Uuid),
}

/// The limits that are switched on.
pub(super) struct Rates {
    chat: Option<Limiter<Key>>,
    everything: Option<Limiter<Key>>,
}

/// What is left of the limits that apply to a request.
#[derive(Default)]
pub(super) struct RateStatus {
    policies: Vec<String>,
    quotas: Vec<String>,
    wait: Option<Duration>,
}

/// IETF draft-ietf-httpapi-ratelimit-headers-10: `q` per `w` seconds; `r` remain, all of it again in `t` seconds.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

impl Rates {
    /// These limits; 0 switches one off.
    pub(super) fn new(chat_per_minute: u32, per_second: u32, clock: &Arc<dyn Clock>) -> Self {
        let limiter = |name, count, per, burst| Limiter::new(name, count, per, burst, clock.clone());
        Self {
            chat: limiter("chat", chat_per_minute, MINUTE, chat_per_minute.min(CHAT_BURST)),
            everything: limiter("requests", per_second, SECOND, per_second),
        }
    }

    /// Counts a request.
    pub(super) fn count(&self, request: &ServiceRequest, caller: &Caller) -> RateStatus {
        let mut status = RateStatus::default();
        if let Some(everything) = &self.everything {
            status.add(everything, everything.take(&[key_of(request, caller)]));
        }
        let chat = self.chat.as_ref().filter(|_| status.wait.is_none() && is_chat(request, caller));
        if let Some(chat) = chat {
            status.add(chat, chat.take(&writer(request, caller)));
        }
        status
    }
}

/// The key that a request is counted under.
fn key_of(request: &ServiceRequest, caller: &Caller) -> Key {
    let staff = caller.staff(request.request()).ok().flatten();
    staff.map_or_else(|| place(caller.client.address), |staff| Key::Account(staff.agent.0))
}

/// The keys that a message is counted under.
fn writer(request: &ServiceRequest, caller: &Caller) -> Vec<Key> {
    let visitor = caller.token_holder(request.request()).ok().flatten().map(Key::Visitor);
    std::iter::once(place(caller.client.address)).chain(visitor).collect()
}

fn place(address: IpAddr) -> Key {
    Key::Address(subscriber(address))
}

/// What a customer does to a session by its name.
const OF_A_SESSION: [&str; 4] = ["/typing", "/rating", "/close", "/cancel-escalation"];

/// Whether a customer writes, is about to, asks for a person, opens or begins something, or is named by the shop: whatever a stranger
/// can have recorded. Uses the decoded path, as routing does.
fn is_chat(request: &ServiceRequest, caller: &Caller) -> bool {
    let path = request.match_info().as_str();
    let path = path.strip_prefix("/api/v1").or_else(|| path.strip_prefix("/api"));
    let is_staffs = || matches!(caller.staff(request.request()), Ok(Some(_)));
    let is_customers = match path {
        Some(
            "/chat"
            | "/chat/stream"
            | "/conversation/create"
            | "/conversation/new"
            | "/conversation/clear"
            | "/customer/identify"
            | "/customer/sign-out",
        ) => true,
        Some("/manual/messages" | "/manual/escalate") => !is_staffs(),
        Some(path) if path.starts_with("/sessions/") => {
            OF_A_SESSION.iter().any(|end| path.ends_with(end)) && !is_staffs()
        }
        Some(_) | None => false,
    };
    request.method() == Method::POST && is_customers
}

impl RateStatus {
    fn add(&mut self, limiter: &Limiter<Key>, quota: Quota) {
        self.policies.push(limiter.policy().to_owned());
        self.quotas.push(format!("\"{}\";r={};t={}", limiter.name(), quota.remaining, whole_seconds(quota.full_in)));
        self.wait = self.wait.max(quota.wait);
    }

    /// Refuses a request that exceeds a limit.
    pub(super) fn check(&self) -> Result<(), Problem> {
        let Some(wait) = self.wait else { return Ok(()) };
        let seconds = whole_seconds(wait).max(1);
        let detail = format!("too many requests; try again in {seconds} s");
        Err(Problem::too_many(detail, Duration::from_secs(seconds)))
    }

    /// Adds what is left to the response's headers.
    pub(super) fn apply_headers(&self, answer: &mut HeaderMap) {
        for (name, values) in [(RATE_LIMIT_POLICY, &self.policies), (RATE_LIMIT, &self.quotas)] {
            if let Some(value) = HeaderValue::from_str(&values.join(", ")).ok().filter(|value| !value.is_empty()) {
                answer.insert(name, value);
            }
        }
    }
}
