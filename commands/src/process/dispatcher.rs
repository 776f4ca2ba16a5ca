//! Has the runs of this node made: for each message that it took, and for each run that run recovery has given to it. It follows
//! the log from the moment at which the node began, so also a message whose sender never heard that it was stored is answered.

use std::sync::Arc;

use domain::session::{Event, event::Recipient};
use event_store::Position;
use futures::StreamExt as _;
use journal::{Decoded, JournalError, Tail};
use tokio::sync::watch;

use super::{follower::ProcessError, runner::Runner, status::StatusHandle};

/// Follows the log after a position until told to stop.
///
/// # Errors
/// The log cannot be followed any more.
pub async fn run(
    runner: &Arc<Runner>,
    tail: &Arc<Tail>,
    after: Position,
    status: &StatusHandle,
    mut stop: watch::Receiver<bool>,
) -> Result<(), ProcessError> {
    let mut events = tail.follow(after);
    loop {
        let next = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            next = events.next() => next.ok_or(ProcessError::TailEnded)?,
        };
        let position = match next {
            Ok(decoded) => {
                dispatch(runner, &decoded);
                decoded.position()
            }
            // None of this node's: it wrote what it can read. Run recovery stops at it.
            Err(JournalError::Unreadable(unreadable)) => unreadable.recorded.position,
            Err(error) => {
                status.alarm(&error, None);
                return Err(error.into());
            }
        };
        status.follows(position, position >= tail.position());
    }
}

fn dispatch(runner: &Arc<Runner>, decoded: &Decoded) {
    let (this_life, stored) = (runner.node().incarnation, &decoded.recorded().event);
    match decoded.event().session() {
        Some((session, Event::CustomerMessageSent(sent)))
            if sent.incarnation == this_life && sent.recipient == Recipient::Assistant =>
        {
            runner.take_up(session, stored.event_id, stored.correlation_id);
        }
        // A run that the runner began has a cause in the log; one that run recovery gave to this node has none.
        Some((session, Event::AssistantRunStarted(started)))
            if started.incarnation == this_life && stored.causation_id.is_none() =>
        {
            runner.carry_on(session, started.run, stored.correlation_id);
        }
        Some(_) | None => {}
    }
}
