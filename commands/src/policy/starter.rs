//! Begins a run for each message that this node took. It follows the log from the moment the node was born, so also a
//! message whose sender never heard that it was stored is answered.

use std::sync::Arc;

use domain::{
    PersonalText, SessionId,
    session::{Event, decode},
};
use event_store::{Position, RecordedEvent, Tail};
use futures::StreamExt;

use super::runner::Runner;
use crate::sessions::MESSAGE_SENT;

/// Follows the log for ever; ends when the tail has stopped.
pub async fn start_runs(runner: Arc<Runner>, tail: Arc<Tail>, from: Position) {
    let mut events = tail.follow(from);
    while let Some(Ok(recorded)) = events.next().await {
        if let Some(session) = own_message(&runner, &recorded) {
            runner.take_up(session, recorded.event.event_id);
        }
    }
    tracing::error!("no more runs are started: the tail of the log has stopped");
}

/// The session of a message that this life of the node took.
fn own_message(runner: &Runner, recorded: &RecordedEvent) -> Option<SessionId> {
    if &*recorded.event.event_type != MESSAGE_SENT {
        return None;
    }
    let event = decode(MESSAGE_SENT, recorded.event.schema, &recorded.event.data, PersonalText::Sealed).ok()?;
    match event {
        Event::CustomerMessageSent(sent) if sent.incarnation == runner.node().incarnation => {
            recorded.stream.id().map(SessionId)
        }
        _of_another_node => None,
    }
}
