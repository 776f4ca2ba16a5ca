//! Begins a run for each message that this node took. It follows the log from the moment the node was born, so also a
//! message whose sender never heard that it was stored is answered.

use std::sync::Arc;

use domain::{DomainEvent, SessionId, session::Event};
use event_store::Position;
use futures::StreamExt;
use journal::{JournalError, Tail};

use super::runner::Runner;

/// Follows the log for ever; ends when the tail has stopped.
pub async fn start_runs(runner: Arc<Runner>, tail: Arc<Tail>, from: Position) {
    let mut events = tail.follow(from);
    while let Some(event) = events.next().await {
        match event {
            Ok(decoded) => {
                if let Some(session) = own_message(&runner, decoded.event()) {
                    runner.take_up(session, decoded.recorded().event.event_id);
                }
            }
            // The keeper meets it as well, and whoever folds that stream says so.
            Err(JournalError::Unreadable(_)) => {}
            Err(_) => break,
        }
    }
    tracing::error!("no more runs are started: the tail of the log has stopped");
}

/// The session of a message that this life of the node took.
fn own_message(runner: &Runner, event: &DomainEvent) -> Option<SessionId> {
    match event.session()? {
        (session, Event::CustomerMessageSent(sent)) if sent.incarnation == runner.node().incarnation => Some(session),
        _of_another_node => None,
    }
}
