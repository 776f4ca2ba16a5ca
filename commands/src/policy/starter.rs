//! Begins a run for each message that this node took. It follows the log from the moment the node was born, so also a
//! message whose sender never heard that it was stored is answered.

use std::{convert::Infallible, sync::Arc};

use domain::{DomainEvent, SessionId, session::Event};
use event_store::ReadError;
use journal::{Cursor, Decoded, Tail, Unreadable, position};

use super::runner::Runner;

/// Follows the log from where the cursor stands. Called again after a failure, it goes on there.
///
/// # Errors
/// The log cannot be read.
pub async fn start_runs(runner: &Arc<Runner>, tail: &Arc<Tail>, cursor: &Cursor) -> Result<Infallible, ReadError> {
    let start_run = |entry: Result<Decoded, Unreadable>| {
        // What cannot be read the keeper meets as well, and whoever folds that stream says so.
        if let Ok(decoded) = &entry
            && let Some(session) = own_message(runner, decoded.event())
        {
            runner.take_up(session, decoded.recorded().event.event_id);
        }
        cursor.move_to(position(&entry));
        Ok(())
    };
    tail.follow_each(cursor.position(), start_run).await
}

/// The session of a message that this life of the node took.
fn own_message(runner: &Runner, event: &DomainEvent) -> Option<SessionId> {
    match event.session()? {
        (session, Event::CustomerMessageSent(sent)) if sent.incarnation == runner.node().incarnation => Some(session),
        _of_another_node => None,
    }
}
