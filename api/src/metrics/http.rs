//! Requests, their durations, and open streams.
//!
//! Invariant: routes are patterns that the router matched, methods those of HTTP, so strangers' paths and methods add no series.

use std::{
    pin::Pin,
    sync::atomic::AtomicU64,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    http::Method,
};
use bytes::Bytes;
use prometheus_client::{encoding::EncodeLabelSet, metrics::gauge::Gauge};

use super::{
    declared::{HTTP_REQUESTS, HTTP_SECONDS, STREAMS},
    families::{Counters, Families, Gauges, Histograms, label},
};

/// What matches no route.
const UNMATCHED: &str = "unmatched";
/// A method that HTTP has not.
const OTHER: &str = "other";
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"];
/// Everything is served below the first as well.
const VERSIONED: (&str, &str) = ("/api/v1/", "/api/");

/// Streams by the route that opens them.
const STREAM_KINDS: [(&str, &str); 4] = [
    ("/api/chat/stream", "chat"),
    ("/api/sessions/{name}/events", "session"),
    ("/api/agent/events", "agent"),
    ("/api/events", "log"),
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

/// Counts requests and streams.
pub struct Requests {
    answered: Counters<RequestLabels>,
    durations: Histograms<RouteLabel>,
    streams: Gauges,
}

impl Requests {
    pub(super) fn new(families: &mut Families) -> Self {
        let answered = families.counters(HTTP_REQUESTS);
        let durations = families.seconds(HTTP_SECONDS);
        let streams = families.gauges(STREAMS);
        for (_, kind) in STREAM_KINDS {
            streams.get_or_create(&label("kind", kind)).set(0.0);
        }
        Self { answered, durations, streams }
    }

    /// Counts an answer that took so long; `pattern` is what the router matched.
    pub fn answered(&self, pattern: Option<&str>, method: &Method, status: u16, took: Duration) {
        let route = self.count(pattern, method, status);
        self.durations.get_or_create(&RouteLabel { route }).observe(took.as_secs_f64());
    }

    /// Counts an answer whose body is a stream, which is open until the body is dropped.
    #[must_use]
    pub fn streams(&self, pattern: Option<&str>, method: &Method, status: u16, body: BoxBody) -> BoxBody {
        let route = self.count(pattern, method, status);
        let kind = STREAM_KINDS.iter().find(|(path, _)| *path == route).map_or(OTHER, |(_, kind)| kind);
        let open = self.streams.get_or_create_owned(&label("kind", kind));
        open.inc();
        BoxBody::new(Stream { body, _open: Open(open) })
    }

    fn count(&self, pattern: Option<&str>, method: &Method, status: u16) -> String {
        let route = pattern.map_or_else(|| UNMATCHED.to_owned(), unversioned);
        let method = METHODS.into_iter().find(|known| *known == method.as_str()).unwrap_or(OTHER);
        self.answered.get_or_create(&RequestLabels { route: route.clone(), method, status }).inc();
        route
    }
}

fn unversioned(pattern: &str) -> String {
    let (versioned, plain) = VERSIONED;
    pattern.strip_prefix(versioned).map_or_else(|| pattern.to_owned(), |below| format!("{plain}{below}"))
}

/// A stream that is open.
struct Open(Gauge<f64, AtomicU64>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The body of a stream.
struct Stream {
    body: BoxBody,
    _open: Open,
}

impl MessageBody for Stream {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(context)
    }
}
