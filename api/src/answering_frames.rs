//! What staff who watch a session are shown of an assistant's answer in the making: its text so far, in frames without an id,
//! beside the events.
//!
//! Invariant: a frame has a beginning of the answer's text, never a part out of its middle, so that one that is lost does no harm.
//! What staff is shown on the node where it is made is not said to have been shown to the customer; what goes to other nodes counts as
//! shown, for whomever it goes there: that figure is an upper bound (decision 0024).

use std::{collections::HashSet, time::Duration};

use bytes::Bytes;
use commands::{
    Ephemeral,
    ephemeral::{LiveReply, LiveSubscription},
};
use domain::SessionId;
use futures::{Stream, StreamExt as _, stream};
use serde_json::json;
use tokio::time::sleep;

use crate::{following::Beside, sse::frame_without_id};

/// Pieces come by the dozen in a second; nobody reads so fast.
const PAUSE: Duration = Duration::from_millis(100);

/// Of the answers in these sessions, on whatever node they are made.
#[must_use]
pub(crate) fn answering_frames(ephemeral: &Ephemeral, sessions: &HashSet<SessionId>) -> Beside {
    let each = sessions.iter().map(|session| frames(*session, ephemeral.follow_reply(*session)).boxed_local());
    Box::pin(stream::select_all(each))
}

fn frames(session: SessionId, mut replies: LiveSubscription) -> impl Stream<Item = Bytes> {
    async_stream::stream! {
        loop {
            if let Some(reply) = replies.current().filter(|reply| !reply.text.is_empty()) {
                yield frame(session, &reply);
                sleep(PAUSE).await;
            }
            if !replies.changed().await {
                return;
            }
        }
    }
}

fn frame(session: SessionId, reply: &LiveReply) -> Bytes {
    let LiveReply { run, attempt, text } = reply;
    let data = json!({
        "session_id": session.to_string(), "run": run.to_string(), "attempt": attempt, "text": text,
    });
    frame_without_id("answering", &data)
}
