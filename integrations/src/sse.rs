//! Server-sent events as servers really send them: a body's bytes in, events out.
//!
//! One parser for every assistant that streams. It follows the WHATWG text (LF, CRLF and CR, a byte order mark, comments, `data` on
//! several lines) and is milder in two ways, both seen at real servers: an event without data is given if it has a name, and an
//! event that the body's end cuts off is given as if a blank line followed.
//!
//! Invariants: how the bytes were split into reads changes nothing; no more than the limit of one event is ever held.

mod parser;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use bytes::Bytes;
use futures::{Stream, StreamExt};

pub use parser::SseParser;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SseEvent {
    /// The value of its last `event` line; `None` if there was none.
    pub event: Option<String>,
    /// The values of its `data` lines, joined by LF; invalid UTF-8 is replaced by U+FFFD.
    pub data: String,
}

/// Why there are no more events. Its `Display` shows nothing of what was sent.
#[derive(Debug, thiserror::Error)]
pub enum SseError {
    /// The connection failed within the body.
    #[error("the connection broke within the event stream")]
    Broken(#[source] reqwest::Error),
    /// An event or a line is longer than allowed.
    #[error("an event is longer than {limit} bytes")]
    TooLong {
        /// The longest that was allowed.
        limit: usize,
    },
}

/// The events of a body. `limit` is the most bytes that one event, or a line outside events, may have. Ends after an error.
pub fn events(
    bytes: impl Stream<Item = reqwest::Result<Bytes>>,
    limit: usize,
) -> impl Stream<Item = Result<SseEvent, SseError>> {
    async_stream::try_stream! {
        let mut bytes = std::pin::pin!(bytes);
        let mut parser = SseParser::new(limit);
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk.map_err(SseError::Broken)?;
            let mut rest = &chunk[..];
            while let Some(event) = parser.next(&mut rest)? {
                yield event;
            }
        }
        if let Some(event) = parser.finish() {
            yield event;
        }
    }
}
