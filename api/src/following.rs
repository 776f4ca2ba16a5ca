//! Streams of frames that stay open: what a reader is shown of each event, until its right or the process ends.
//!
//! Invariants: a stream ends at an event that cannot be read or shown, so that no reader sees a gap; nothing but the waiting is
//! held while nothing comes, because there are thousands of streams.

use std::{pin::Pin, sync::Arc};

use crate::{
    problem::Problem,
    sse::{Frames, reauthenticate_frame},
    supervision::Stopping,
};
use bytes::Bytes;
use event_store::Position;
use futures::{Stream, StreamExt as _};
use journal::{Decoded, DecodedEvents, JournalError, Tail};

/// Comes when the reader may not read on, or never.
pub type Over = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Frames that belong to no event, and come between those that do.
pub type Beside = Pin<Box<dyn Stream<Item = Bytes>>>;

/// Refuses to begin what could not go on, because the log has an event that cannot be read.
///
/// # Errors
/// The tail has stopped.
pub fn can_follow(tail: &Tail) -> Result<(), Problem> {
    if tail.stopped().is_some() { Err(Problem::history_unreadable()) } else { Ok(()) }
}

/// A frame for each event that `frame` makes one of, after the first frame, if there is one.
pub fn frames(
    first: Option<Bytes>,
    mut events: DecodedEvents,
    mut beside: Beside,
    mut over: Over,
    stopping: Stopping,
    mut frame: impl AsyncFnMut(&Decoded) -> Result<Option<Bytes>, Arc<JournalError>> + 'static,
) -> Frames {
    Box::pin(async_stream::stream! {
        if let Some(first) = first {
            yield first;
        }
        loop {
            let event = tokio::select! {
                event = events.next() => event,
                Some(frame) = beside.next() => {
                    yield frame;
                    continue;
                }
                () = stopping.requested() => return,
                () = &mut over => {
                    yield reauthenticate_frame();
                    return;
                }
            };
            let Some(decoded) = readable(event) else { return };
            // On the heap for as long as it takes: thousands of streams only wait.
            match Box::pin(frame(&decoded)).await {
                Ok(Some(frame)) => yield frame,
                Ok(None) => {}
                Err(error) => {
                    log_end(Some(decoded.position()), &error);
                    return;
                }
            }
        }
    })
}

/// The event that has come, if it can be read.
pub fn readable(event: Option<Result<Decoded, JournalError>>) -> Option<Decoded> {
    event?.inspect_err(|error| log_end(None, error)).ok()
}

/// Says why a stream ends, with the position where `error` does not name it.
pub fn log_end(position: Option<Position>, error: &JournalError) {
    let (position, error) = (position.map(|position| position.0), error as &dyn std::error::Error);
    tracing::error!(position, error, "a stream ends at an event that cannot be shown");
}
