//! Bodies of responses.
//!
//! Invariants: a connection is handed a little of a body at a time, so that a client that does not read keeps little of it in memory. HEAD gets the headers of GET without a body, and a stream's body is never polled. No chunks go to a client of
//! HTTP/1.0, which does not know them: its streams end with the connection.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    http::{
        ConnectionType, Method, Version,
        header::{CONTENT_TYPE, HeaderMap},
    },
};
use bytes::Bytes;

use super::connection::Answering;

/// How a body of unknown length ends for a client of this version.
pub(super) fn for_version(version: Version, response: &mut HttpResponse<BoxBody>) {
    if version < Version::HTTP_11 && response.body().size() == BodySize::Stream {
        response.head_mut().no_chunking(true);
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
}

/// Whether a body with these headers is a stream of events, which has no end but the client's.
pub(super) fn is_events(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// The body that goes out for a request of this method. A stream of events ends when the client has gone.
pub(super) fn body(method: &Method, body: BoxBody, answering: Answering, is_events: bool) -> BoxBody {
    if method == Method::HEAD {
        return BoxBody::new(Unsent(body.size()));
    }
    match body.try_into_bytes() {
        Ok(bytes) if bytes.len() <= SLICE_BYTES => BoxBody::new(bytes),
        Ok(bytes) => BoxBody::new(Sliced { rest: bytes, _answering: answering }),
        Err(body) => BoxBody::new(Streamed { body, answering, is_events }),
    }
}

/// What a connection is handed of bytes that are there: it copies that.
const SLICE_BYTES: usize = 16 << 10;

/// Bytes that go out slice by slice: the request counts as being answered until the last.
struct Sliced {
    rest: Bytes,
    _answering: Answering,
}

impl MessageBody for Sliced {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let rest = &mut self.get_mut().rest;
        let slice = rest.split_to(rest.len().min(SLICE_BYTES));
        Poll::Ready((!slice.is_empty()).then_some(Ok(slice)))
    }
}

/// A body that announces its size and sends nothing.
struct Unsent(BodySize);

impl MessageBody for Unsent {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        self.0
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        Poll::Ready(None)
    }
}

/// A streamed body: the request counts as being answered until its end.
struct Streamed {
    body: BoxBody,
    answering: Answering,
    is_events: bool,
}

impl MessageBody for Streamed {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let stream = self.get_mut();
        // Otherwise it would be found out at the next heartbeat.
        if stream.is_events && stream.answering.is_abandoned() {
            return Poll::Ready(None);
        }
        Pin::new(&mut stream.body).poll_next(context)
    }
}
