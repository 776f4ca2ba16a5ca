//! A generation that is followed step by step: batches as they come, a look at its owner in between, and how it fares.

use std::time::{Duration, Instant};

use tokio::{sync::watch, time::sleep};

use crate::{
    error::Alarm,
    follower::{Follower, error::Error},
    views::Views,
};

/// How often a node that stands by looks how far the owner is: what a reader on such a node waits at most.
const PACE: Duration = Duration::from_millis(100);
/// How often a lone process does: what it takes at most to come back from an outage.
const PACE_ALONE: Duration = Duration::from_millis(500);

/// Turns true when a round is over: a transaction that has begun is ended first.
pub(super) type Over = watch::Sender<bool>;

pub(super) struct Followed {
    pub(super) follower: Follower,
    tended: Option<Instant>,
    is_unavailable: bool,
}

impl Followed {
    pub(super) fn new(follower: Follower) -> Self {
        Self { follower, tended: None, is_unavailable: false }
    }

    /// Applies one batch, or tends the ownership; false when the round is over.
    pub(super) async fn step(&mut self, views: &Views, over: &Over, raise: impl Fn(Alarm)) -> bool {
        let rest = self.tended.map_or(Duration::ZERO, |at| pace(views).saturating_sub(at.elapsed()));
        let mut ended = over.subscribe();
        let batch = tokio::select! {
            biased;
            _ = ended.wait_for(|over| *over) => return false,
            () = sleep(rest) => None,
            batch = self.follower.next_batch() => Some(batch),
        };
        match batch {
            Some(batch) => {
                let applied = self.follower.apply(&views.dependencies, batch).await;
                // An outage is over when a batch has been written, not before.
                if applied.is_ok() && std::mem::take(&mut self.is_unavailable) {
                    tracing::info!("views resumed");
                }
                self.note(applied, raise);
            }
            None => {
                self.tended = Some(Instant::now());
                let tended = self.follower.tend(&views.dependencies).await;
                self.note(tended, raise);
            }
        }
        true
    }

    /// Raises an alarm; logs an outage once.
    fn note(&mut self, done: Result<(), Error>, raise: impl Fn(Alarm)) {
        match done {
            Ok(()) => {}
            Err(Error::Fenced) => tracing::info!("views are written by another owner"),
            Err(Error::Unavailable(error)) => {
                if !std::mem::replace(&mut self.is_unavailable, true) {
                    tracing::warn!(error = &*error as &dyn std::error::Error, "views wait");
                }
            }
            Err(Error::Alarm(alarm)) => raise(alarm),
        }
    }
}

/// Between two looks at what other processes do.
pub(super) fn pace(views: &Views) -> Duration {
    if views.dependencies.is_shared { PACE } else { PACE_ALONE }
}
