//! What became of a message: the caller of a chat route waits here, on the log, for the event that lists it.
//!
//! Waiting on the log and not on the run means that it does not matter which node, or which life of it, answers.

use std::sync::Arc;

use domain::{
    MessageId, SessionId,
    session::{
        Event,
        event::{AssistantReplied, NoticeGiven, Outcome},
    },
};
use event_store::Position;
use futures::StreamExt;
use journal::{Decoded, Journal, Tail};

use crate::{appended::appended_with, error::CommandError, sessions::stream_of};

/// How a message ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageOutcome {
    /// The assistant answered.
    Replied {
        /// The reply.
        reply: Box<AssistantReplied>,
        /// Its text; absent when it was erased since.
        text: Option<String>,
        /// Where it is recorded, with what came of it.
        position: Position,
    },
    /// A person answers it.
    HandedOver {
        /// What the customer was told with it, in order.
        notices: Vec<NoticeGiven>,
        /// Where that is recorded.
        position: Position,
    },
    /// The session was closed before anyone answered.
    Closed {
        /// Where that is recorded.
        position: Position,
    },
}

impl MessageOutcome {
    /// Whether the assistant could not be reached and the customer got the fallback reply.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Replied { reply, .. } if reply.outcome == Outcome::Unavailable)
    }
}

/// Waits for the end of a message that stands at `position`. It may be long over.
///
/// # Errors
/// The session's history cannot be read.
pub async fn await_reply(
    journal: &Journal,
    tail: &Arc<Tail>,
    session: SessionId,
    message: MessageId,
    position: Position,
) -> Result<MessageOutcome, CommandError> {
    let mut events = tail.follow_stream(&stream_of(session), position);
    while let Some(decoded) = events.next().await {
        let decoded = decoded?;
        journal.open(&decoded).await?;
        if let Some(ending) = outcome_of(journal, &decoded, message).await? {
            return Ok(ending);
        }
    }
    Err(CommandError::Unavailable(Arc::new(TailEnded)))
}

#[derive(Debug, thiserror::Error)]
#[error("the tail of the log has ended")]
struct TailEnded;

/// What an opened event says of a message, if it ends it.
async fn outcome_of(
    journal: &Journal,
    decoded: &Decoded,
    message: MessageId,
) -> Result<Option<MessageOutcome>, CommandError> {
    let position = decoded.position();
    let Some((_, event)) = decoded.opened_event().session() else { return Ok(None) };
    if is_handed_over(event, message) {
        let together = appended_with(journal, decoded).await?;
        let position = together.last().map_or(position, Decoded::position);
        return Ok(Some(MessageOutcome::HandedOver { notices: notices(&together), position }));
    }
    Ok(match event {
        Event::AssistantReplied(reply) if reply.answers.contains(&message) => {
            let text = reply.reply.known().map(|reply| reply.text.as_str().to_owned());
            // A rule that reads something in a reply may have the session escalated behind it.
            let position = match reply.rule_signals.is_empty() {
                true => position,
                false => appended_with(journal, decoded).await?.last().map_or(position, Decoded::position),
            };
            Some(MessageOutcome::Replied { reply: Box::new(reply.clone()), text, position })
        }
        Event::Closed(closed) if closed.messages.contains(&message) => Some(MessageOutcome::Closed { position }),
        _other => None,
    })
}

/// Whether a person answers the message from this event on.
fn is_handed_over(event: &Event, message: MessageId) -> bool {
    match event {
        Event::Escalated(escalated) => escalated.messages.contains(&message),
        Event::AgentTookOver(taken) => taken.messages.contains(&message),
        _other => false,
    }
}

/// What the customer was told by these events, in order.
#[must_use]
pub fn notices(events: &[Decoded]) -> Vec<NoticeGiven> {
    let given = events.iter().filter_map(|decoded| match decoded.event().session()?.1 {
        Event::NoticeGiven(given) => Some(given.clone()),
        _other => None,
    });
    given.collect()
}
