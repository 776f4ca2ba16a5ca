//! The one reader of `$all` in a process: a subscription that fills the window of the newest events (`live.rs`), from which everybody
//! else is served. It also tells how far the server has looked through events of others (`searched.rs`).
//!
//! Invariant: what is put into the window follows what is in it without a gap: the subscription begins behind the window's end, and
//! brings every event once and in order until it ends. It may end, or fall silent, at any time: after a second without a message
//! the log is read by a page, and a subscription that has missed something is made anew.

use std::time::Duration;

use eventstore::{RecordedEvent as Raw, SubscriptionEvent};
use tokio::time::{Instant, sleep};

use super::{
    codec,
    fault::{Fault, ReadFault},
    read::IDENTITY,
    reader::{KurrentReader, WeakReader},
    recall::remember,
    steps::{next, subscribe},
};
use crate::{event::Position, port::ReadError, subscription::POLL};

/// Pause before the second attempt; doubled for each further one up to the longest.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Up to where others' events were looked through is not written down more often.
const BETWEEN_NOTES: Duration = Duration::from_secs(10);

struct Watching {
    /// Does not keep the log from being dropped.
    reader: WeakReader,
    noted_at: Instant,
    is_unavailable: bool,
}

/// Why a subscription is not listened to any more.
enum Over {
    LogDropped,
    Failed(Fault),
}

impl From<Fault> for Over {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

/// Starts the task; it ends when the log is dropped.
pub(super) fn start(reader: &KurrentReader) {
    let mut watching = Watching { reader: reader.downgrade(), noted_at: Instant::now(), is_unavailable: false };
    tokio::spawn(async move {
        let mut pause = PAUSE;
        loop {
            let end = watching.reader.live.end();
            let over = watching.listen(end).await;
            watching.reader.live.set_connected(false);
            let Over::Failed(fault) = over else { return };
            tracing::debug!(error = &fault as &dyn std::error::Error, "the subscription to KurrentDB is made anew");
            let polled = watching.poll().await;
            match watching.note(polled) {
                Err(Over::LogDropped) => return,
                Ok(_) | Err(Over::Failed(_)) => {}
            }
            pause = if watching.reader.live.end() > end { PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
            sleep(rand::random_range(pause / 2..pause)).await;
        }
    });
}

impl Watching {
    /// Runs until the subscription ends, or has missed something.
    async fn listen(&mut self, after: Position) -> Over {
        match self.listen_on(after).await {
            Err(over) => over,
            Ok(never) => match never {},
        }
    }

    async fn listen_on(&mut self, after: Position) -> Result<std::convert::Infallible, Over> {
        let lent = self.reader.connection.lend()?;
        let mut subscription = subscribe(&lent, &self.reader.searched, after).await;
        let mut last = after;
        loop {
            let said = tokio::select! {
                said = next(&mut subscription) => said,
                () = sleep(POLL) => {
                    let polled = self.poll().await;
                    if self.note(polled)? {
                        return Err(Fault::CutShort.into());
                    }
                    continue;
                }
            };
            let said = said.inspect_err(|fault| {
                self.reader.connection.failed(fault, lent.number());
                self.reader.searched.forget_if_refused(after, fault);
            });
            match said? {
                SubscriptionEvent::EventAppeared(resolved) => {
                    let record = resolved.get_original_event();
                    let place = Position(record.position.commit);
                    self.reader.searched.note(last, place);
                    last = place;
                    self.take(record)?;
                }
                SubscriptionEvent::Checkpoint(reached) => self.reached(last, Position(reached.commit)).await,
                SubscriptionEvent::Confirmed(_) => self.reader.live.set_connected(true),
                // The server resumes by itself.
                SubscriptionEvent::FellBehind(_) => tracing::debug!("the subscription to KurrentDB is behind"),
                SubscriptionEvent::CaughtUp(_)
                | SubscriptionEvent::FirstStreamPosition(_)
                | SubscriptionEvent::LastStreamPosition(_)
                | SubscriptionEvent::LastAllPosition(_) => {}
            }
        }
    }

    fn take(&self, record: &Raw) -> Result<(), Over> {
        let reader = self.reader.upgrade().ok_or(Over::LogDropped)?;
        if record.stream_id() == IDENTITY {
            return Ok(());
        }
        match codec::decode(record.into()) {
            Ok(event) => reader.live.push(event),
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "an event of the subscription is damaged");
                reader.live.begin_after(Position(record.position.commit));
            }
        }
        reader.announce(Position(record.position.commit));
        Ok(())
    }

    /// Reads the next page behind the window; whether there was anything.
    async fn poll(&self) -> Result<bool, Over> {
        let reader = self.reader.upgrade().ok_or(Over::LogDropped)?;
        match reader.page_after(reader.live.end()).await {
            Ok(events) => {
                let is_news = !events.is_empty();
                for event in events {
                    reader.announce(event.position);
                    reader.live.push(event);
                }
                Ok(is_news)
            }
            Err(ReadFault::Event(ReadError::Damaged { position, .. })) => {
                let is_news = position > reader.live.end();
                reader.live.begin_after(position);
                Ok(is_news)
            }
            Err(ReadFault::Event(_)) => Ok(false),
            Err(ReadFault::Fault(fault)) => Err(fault.into()),
        }
    }

    /// Logs an outage once.
    fn note(&mut self, polled: Result<bool, Over>) -> Result<bool, Over> {
        let position = self.reader.live.end().0;
        match &polled {
            Ok(_) if std::mem::take(&mut self.is_unavailable) => tracing::info!(position, "subscription resumed"),
            Err(Over::Failed(fault)) if !std::mem::replace(&mut self.is_unavailable, true) => {
                tracing::warn!(position, error = fault as &dyn std::error::Error, "subscription waits");
            }
            Ok(_) | Err(_) => {}
        }
        polled
    }

    /// Others' events behind our last one were looked through up to here.
    async fn reached(&mut self, last: Position, reached: Position) {
        let WeakReader { connection, searched, identity, .. } = &self.reader;
        searched.note(last, reached);
        if searched.beyond(last) == reached && self.noted_at.elapsed() >= BETWEEN_NOTES {
            self.noted_at = Instant::now();
            remember(connection, searched, *identity, last).await;
        }
    }
}
