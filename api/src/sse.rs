//! Server-sent events: frames, the answer's headers, and cursors.

use std::{pin::Pin, task::Poll, time::Duration};

use actix_web::{HttpRequest, HttpResponse, http::header};
use bytes::Bytes;
use event_store::{Identity, Position};
use futures::{Stream, StreamExt, stream};

use crate::{open_streams::StreamPlace, problem::Problem, query::QueryFields};

/// A comment this often keeps proxies from closing a quiet stream.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
/// How soon a client whose stream ended should come back.
pub const RETRY_MS: u64 = 2000;

/// Frames as they come.
pub type Frames = Pin<Box<dyn Stream<Item = Bytes>>>;

/// A frame of the original's chat stream: JSON alone.
#[must_use]
pub fn data_frame(json: &serde_json::Value) -> Bytes {
    format!("data: {json}\n\n").into()
}

/// A frame of an event stream; `json` is one line.
#[must_use]
pub fn event_frame(identity: Identity, position: Position, event: &str, json: &str) -> Bytes {
    format!("id: {}-{position}\nevent: {event}\ndata: {json}\n\n", identity.generation).into()
}

/// Tells a client whose cursor is of the log before a restore to forget what it knows, and where this log's head is.
#[must_use]
pub fn reset_frame(identity: Identity, head: Position) -> Bytes {
    event_frame(identity, head, "reset", &serde_json::json!({ "position": head }).to_string())
}

/// Tells a client that it is not let on with the token it came with: the stream ends here, and what it has missed it gets when
/// it comes back with another.
#[must_use]
pub fn reauthenticate_frame() -> Bytes {
    Bytes::from_static(b"event: reauthenticate\ndata: {}\n\n")
}

/// A frame that is no event of the log: nothing is resumed after it.
#[must_use]
pub fn frame_without_id(event: &str, json: &serde_json::Value) -> Bytes {
    format!("event: {event}\ndata: {json}\n\n").into()
}

/// Frames that are there at once go out in one write, until they have so many bytes together.
const TOGETHER_BYTES: usize = 16 << 10;

/// An answer that streams frames, with heartbeats between them; never compressed, never cached. It has this place among open
/// streams until its body is dropped.
pub fn respond(place: StreamPlace, frames: Frames) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/event-stream; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header(("X-Accel-Buffering", "no"))
        .streaming(with_heartbeats(together(frames), place).map(Ok::<_, std::convert::Infallible>))
}

fn together(frames: Frames) -> Frames {
    let mut frames = frames.fuse();
    Box::pin(stream::poll_fn(move |context| {
        let (mut ready, mut bytes) = (Vec::new(), 0);
        while bytes < TOGETHER_BYTES {
            match frames.poll_next_unpin(context) {
                Poll::Ready(Some(frame)) => {
                    bytes += frame.len();
                    ready.push(frame);
                }
                Poll::Ready(None) | Poll::Pending if !ready.is_empty() => break,
                nothing => return nothing,
            }
        }
        Poll::Ready(Some(joined(ready)))
    }))
}

fn joined(mut frames: Vec<Bytes>) -> Bytes {
    if frames.len() == 1 { frames.remove(0) } else { frames.concat().into() }
}

fn with_heartbeats(mut frames: Frames, place: StreamPlace) -> Frames {
    Box::pin(async_stream::stream! {
        let _until_the_end = place;
        loop {
            match tokio::time::timeout(HEARTBEAT, frames.next()).await {
                Ok(Some(frame)) => yield frame,
                Ok(None) => return,
                Err(_quiet) => yield Bytes::from_static(b": still here\n\n"),
            }
        }
    })
}

/// Where a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// After this position.
    After(Position),
    /// The client's cursor is of the log before a restore: it has to forget what it knows.
    Reset,
}

impl Start {
    /// The position that the stream begins after, given the log's head.
    #[must_use]
    pub fn position(self, head: Position) -> Position {
        match self {
            Self::After(position) => position,
            Self::Reset => head,
        }
    }
}

/// The cursor of a request: `Last-Event-ID`, or `?after=`, or `?lastEventId=` as polyfills of `EventSource` send it;
/// `<generation>-<position>` or a bare position. An empty one is none. `otherwise` where there is none.
///
/// # Errors
/// It is malformed (400), or beyond the log's head (409 `CURSOR_AHEAD`).
pub fn start(
    request: &HttpRequest,
    query: &QueryFields,
    identity: Identity,
    head: Position,
    otherwise: Position,
) -> Result<Start, Problem> {
    // What is no text is no cursor either.
    let header = request.headers().get("Last-Event-ID").map(|value| value.to_str().unwrap_or("not ASCII"));
    let header = cursor("Last-Event-ID", header)?;
    let (after, last) = (cursor("after", query.given("after"))?, cursor("lastEventId", query.given("lastEventId"))?);
    let Some((generation, position)) = header.or(after).or(last) else { return Ok(Start::After(otherwise)) };
    if generation.is_some_and(|generation| generation != identity.generation) {
        return Ok(Start::Reset);
    }
    if position > head {
        return Err(Problem::ahead(format_args!("the cursor {position}"), head));
    }
    Ok(Start::After(position))
}

/// A generation, where it is named, and a position.
pub type Cursor = (Option<u64>, Position);

fn cursor(field: &'static str, text: Option<&str>) -> Result<Option<Cursor>, Problem> {
    let wrong = || Problem::invalid(field, "must be a position, or an id of this stream like 1-42");
    text.filter(|text| !text.is_empty()).map(|text| parse_cursor(text).ok_or_else(wrong)).transpose()
}

/// Reads a cursor: `<generation>-<position>`, or a bare position.
#[must_use]
pub fn parse_cursor(text: &str) -> Option<Cursor> {
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    match text.split_once('-') {
        Some((generation, position)) => Some((Some(number(generation)?), Position(number(position)?))),
        None => Some((None, Position(number(text)?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_that_are_there_are_joined_until_they_have_so_many_bytes() {
        let frame = |bytes: usize| Bytes::from(vec![b'x'; bytes]);
        let sizes = async |frames: Vec<Bytes>| -> Vec<usize> {
            together(Box::pin(stream::iter(frames))).map(|chunk| chunk.len()).collect().await
        };
        assert_eq!(sizes(vec![frame(10); 3]).await, [30]);
        assert_eq!(sizes(vec![frame(10_000); 5]).await, [20_000, 20_000, 10_000]);
        assert_eq!(sizes(vec![frame(60_000), frame(10), frame(60_000)]).await, [60_000, 60_010]);
        assert!(sizes(Vec::new()).await.is_empty());
    }

    #[test]
    fn a_cursor_is_a_position_with_or_without_its_generation() {
        assert_eq!(parse_cursor("42"), Some((None, Position(42))));
        assert_eq!(parse_cursor("3-42"), Some((Some(3), Position(42))));
        for bad in ["", "-", "-1", "+4", "1-", "1-2-3", "x", "99999999999999999999999"] {
            assert_eq!(parse_cursor(bad), None, "{bad:?}");
        }
    }
}
