//! Whether a run is still the session's: it is not once a person has the session, it waits for one, or it is closed.

use std::{future::pending, sync::Arc};

use domain::{
    RunId, SessionId,
    session::{Event, State},
};
use futures::StreamExt as _;
use journal::{DecodedEvents, Tail};

use super::Begun;
use crate::sessions::stream_of;

/// Follows a session while an attempt is being made.
pub(super) struct RunWatch {
    events: DecodedEvents,
    state: State,
    run: RunId,
    attempt: u32,
}

impl RunWatch {
    /// From the state in which the attempt began.
    pub(super) fn new(tail: &Arc<Tail>, session: SessionId, begun: &Begun) -> Self {
        let events = tail.follow_stream(&stream_of(session), begun.session.position);
        let state = begun.session.state.clone();
        Self { events, state, run: begun.run.run, attempt: begun.run.attempt }
    }

    /// Returns when the attempt is not the current one any more. Where the session cannot be followed it never does: then the
    /// rules withhold the reply when it comes.
    pub(super) async fn over(&mut self) {
        while self.is_current() {
            match self.events.next().await {
                Some(Ok(decoded)) => {
                    if let Some((_, event)) = decoded.event().session() {
                        self.take(event);
                    }
                }
                Some(Err(_)) | None => pending().await,
            }
        }
    }

    fn take(&mut self, event: &Event) {
        self.state = std::mem::take(&mut self.state).evolve(event);
    }

    fn is_current(&self) -> bool {
        let run = self.state.session().and_then(|session| session.run.as_ref());
        run.is_some_and(|run| run.run == self.run && run.attempt == self.attempt)
    }
}
