//! One subscription to `$all` per process, which wakes waiting readers. It is only a hint: every reader reads the log from its own
//! position, so a dropped, repeated or late message cannot cause a gap, and a slow reader does not fill the connection that appends
//! use.
//!
//! It starts at the last position seen by this process. While it is disconnected or behind, readers poll once a second
//! (`subscription::POLL`).

use std::{sync::Weak, time::Duration};

use eventstore::{Position as Place, StreamPosition, Subscription, SubscriptionEvent};
use tokio::{sync::watch, time::sleep};

use super::{
    connection::Connection,
    fault::Fault,
    read::{IDENTITY, Which},
    spin_guard::{Stopped, guarded},
};
use crate::event::Position;

/// Pause before the second attempt; doubled for each further one up to the longest.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Starts the task; it ends when the log is dropped.
pub(super) fn start(connection: Connection, seen: Weak<watch::Sender<Position>>) {
    tokio::spawn(async move {
        let mut pause = PAUSE;
        while let Some(position) = seen.upgrade().map(|seen| *seen.borrow()) {
            let heard = listen(&connection, &seen, position).await;
            let Err(fault) = heard else { return };
            tracing::debug!(
                error = &fault as &dyn std::error::Error,
                "no hints from KurrentDB; the subscription is retried"
            );
            let has_moved = seen.upgrade().is_none_or(|seen| *seen.borrow() > position);
            pause = if has_moved { PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            sleep(rand::random_range(pause / 2..pause)).await;
        }
    });
}

/// Runs until the subscription ends or the log is dropped.
async fn listen(connection: &Connection, seen: &Weak<watch::Sender<Position>>, after: Position) -> Result<(), Fault> {
    let lent = connection.lend()?;
    let from = match after {
        Position::START => StreamPosition::Start,
        Position(commit) => StreamPosition::Position(Place { commit, prepare: commit }),
    };
    let options = lent.subscribing().position(from).filter(Which::Events.filter());
    let mut subscription = lent.client.subscribe_to_all(&options).await;
    loop {
        let said = tokio::select! {
            said = next(&mut subscription) => said.inspect_err(|fault| connection.failed(fault, lent.number()))?,
            () = log_dropped(seen) => return Ok(()),
        };
        match said {
            SubscriptionEvent::EventAppeared(resolved) => {
                let event = resolved.get_original_event();
                if event.stream_id() != IDENTITY {
                    announce(seen, Position(event.position.commit));
                }
            }
            // The server resumes by itself; hints may be late, and readers poll once a second.
            SubscriptionEvent::FellBehind(_) => tracing::debug!("hints from KurrentDB come late"),
            SubscriptionEvent::CaughtUp(_)
            | SubscriptionEvent::Confirmed(_)
            | SubscriptionEvent::Checkpoint(_)
            | SubscriptionEvent::FirstStreamPosition(_)
            | SubscriptionEvent::LastStreamPosition(_)
            | SubscriptionEvent::LastAllPosition(_) => {}
        }
    }
}

async fn next(subscription: &mut Subscription) -> Result<SubscriptionEvent, Fault> {
    match guarded(subscription.next_subscription_event()).await {
        Ok(said) => Ok(said?),
        Err(Stopped::Spinning) => Err(Fault::CutShort),
        Err(Stopped::Panicked) => Err(Fault::NotUnderstood),
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
