//! One subscription to `$all` per process, which wakes waiting readers. It is only a hint: every reader reads the log from its own
//! position, so a dropped, repeated or late message cannot cause a gap, and a slow reader does not fill the connection that appends
//! use.
//!
//! It also tells how far the server has looked through events of others, which readers then pass over (`searched.rs`).
//!
//! It starts at the last position seen by this process. While it is disconnected or behind, readers poll once a second
//! (`subscription::POLL`).

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use eventstore::SubscriptionEvent;
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use super::{
    connection::Connection,
    fault::Fault,
    read::IDENTITY,
    recall::remember,
    searched::Searched,
    steps::{next, subscribe},
};
use crate::{event::Position, port::Identity};

/// Pause before the second attempt; doubled for each further one up to the longest.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// Up to where others' events were looked through is not written down more often.
const BETWEEN_NOTES: Duration = Duration::from_secs(10);

/// What the task works with; none of it keeps the log from being dropped.
struct Watching {
    connection: Connection,
    seen: Weak<watch::Sender<Position>>,
    searched: Arc<Searched>,
    identity: Identity,
    noted_at: Instant,
}

/// Starts the task; it ends when the log is dropped.
pub(super) fn start(
    connection: Connection,
    seen: Weak<watch::Sender<Position>>,
    searched: Arc<Searched>,
    identity: Identity,
) {
    let mut watching = Watching { connection, seen, searched, identity, noted_at: Instant::now() };
    tokio::spawn(async move {
        let mut pause = PAUSE;
        while let Some(position) = watching.position() {
            let Err(fault) = watching.listen(position).await else { return };
            tracing::debug!(
                error = &fault as &dyn std::error::Error,
                "no hints from KurrentDB; the subscription is retried"
            );
            let has_moved = watching.position().is_none_or(|seen| seen > position);
            pause = if has_moved { PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            sleep(rand::random_range(pause / 2..pause)).await;
        }
    });
}

impl Watching {
    fn position(&self) -> Option<Position> {
        self.seen.upgrade().map(|seen| *seen.borrow())
    }

    /// Runs until the subscription ends or the log is dropped.
    async fn listen(&mut self, after: Position) -> Result<(), Fault> {
        let lent = self.connection.lend()?;
        let mut subscription = subscribe(&lent, &self.searched, after).await;
        let mut last = after;
        loop {
            let said = tokio::select! {
                said = next(&mut subscription) => said.inspect_err(|fault| {
                    self.connection.failed(fault, lent.number());
                    self.searched.forget_if_refused(after, fault);
                })?,
                () = log_dropped(&self.seen) => return Ok(()),
            };
            match said {
                SubscriptionEvent::EventAppeared(resolved) => {
                    let event = resolved.get_original_event();
                    let place = Position(event.position.commit);
                    self.searched.note(last, place);
                    last = place;
                    if event.stream_id() != IDENTITY {
                        announce(&self.seen, last);
                    }
                }
                SubscriptionEvent::Checkpoint(reached) => self.reached(last, Position(reached.commit)).await,
                // The server resumes by itself; hints may be late, and readers poll once a second.
                SubscriptionEvent::FellBehind(_) => tracing::debug!("hints from KurrentDB come late"),
                SubscriptionEvent::CaughtUp(_)
                | SubscriptionEvent::Confirmed(_)
                | SubscriptionEvent::FirstStreamPosition(_)
                | SubscriptionEvent::LastStreamPosition(_)
                | SubscriptionEvent::LastAllPosition(_) => {}
            }
        }
    }

    /// Others' events behind our last one were looked through up to here.
    async fn reached(&mut self, last: Position, reached: Position) {
        self.searched.note(last, reached);
        if self.searched.beyond(last) == reached && self.noted_at.elapsed() >= BETWEEN_NOTES {
            self.noted_at = Instant::now();
            remember(&self.connection, &self.searched, self.identity, last).await;
        }
    }
}

fn announce(seen: &Weak<watch::Sender<Position>>, position: Position) {
    let Some(seen) = seen.upgrade() else { return };
    seen.send_if_modified(|known| {
        let is_news = position > *known;
        *known = position.max(*known);
        is_news
    });
}

/// Returns when the log was dropped; polled, because no event may arrive.
async fn log_dropped(seen: &Weak<watch::Sender<Position>>) {
    while seen.strong_count() > 0 {
        sleep(LONGEST_PAUSE).await;
    }
}
