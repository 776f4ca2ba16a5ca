//! Bodies of responses.
//!
//! Invariants: HEAD gets the headers of GET without a body, and a stream's body is never polled. No chunks go to a client of
//! HTTP/1.0, which does not know them: its streams end with the connection.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    http::{ConnectionType, Method, Version},
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

/// The body that goes out for a request of this method.
pub(super) fn body(method: &Method, body: BoxBody, answering: Answering) -> BoxBody {
    if method == Method::HEAD {
        return BoxBody::new(Unsent(body.size()));
    }
    match body.try_into_bytes() {
        Ok(bytes) => BoxBody::new(bytes),
        Err(body) => BoxBody::new(Streamed { body, _answering: answering }),
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
    _answering: Answering,
}

impl MessageBody for Streamed {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(context)
    }
}
