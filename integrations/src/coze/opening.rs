//! A stream from its head to its first event, and what is left of it after the answer.

use std::time::Duration;

use futures::{FutureExt, StreamExt, future::BoxFuture};
use tokio::{runtime::Handle, time::timeout};

use super::{
    Failure,
    http::{Body, Events, Head},
};
use crate::sse::{SseError, SseEvent};

/// How long the rest of a stream is read after the answer's end, so that its connection can be used again.
const DRAIN: Duration = Duration::from_secs(1);

/// What comes next of a stream; `None` is its end.
pub(super) type Next = Option<Result<SseEvent, SseError>>;

/// A stream whose first event is on its way.
pub(super) type Opening = BoxFuture<'static, Result<(Events, Next), Failure>>;

/// Reads a body up to its first event.
pub(super) fn open(head: Head) -> Opening {
    async move {
        match head.read().await? {
            Body::Events(mut events) => {
                let first = events.next().await;
                Ok((events, first))
            }
            Body::Json(_) => Err(Failure::malformed("an envelope came where a stream was asked for")),
        }
    }
    .boxed()
}

/// Reads what is left of a stream whose answer is over, in the background and not for long.
pub(super) fn drain(mut events: Events) {
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(timeout(DRAIN, async move { while events.next().await.is_some() {} }));
    }
}
