//! Delivers what process managers put into the outbox: at least once, each item under its stable key.
//!
//! One node does it, the holder of the lease. A failed attempt is followed by the next after a growing delay, for as long as the
//! delivery says that it may help.

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use event_store::Position;
use futures::{StreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::{
    follower::{Context, LeasedWork, ProcessError, while_leased},
    manager::Item,
    status::StatusHandle,
    store::{Lease, Outcome, Outgoing, StoreError},
};

/// The name of the worker's lease.
pub const OUTBOX: &str = "outbox";
/// Items of one look.
const BATCH: usize = 50;
/// Items that are delivered at the same time.
const AT_ONCE: usize = 8;
/// Between two looks.
const TICK: Duration = Duration::from_millis(500);
/// The longest that one delivery may take.
const LIMIT: Duration = Duration::from_secs(60);
/// Before the second attempt; it doubles with each, up to [`LONGEST_DELAY`].
const FIRST_DELAY: Duration = Duration::from_secs(2);
/// So long an item that is refused again and again waits at most.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);

/// Sends items of one kind.
#[async_trait]
pub trait Delivery: Send + Sync {
    /// Which kind.
    fn kind(&self) -> &str;

    /// Sends an item, with its key, so that the other side can tell a repetition. Attempts count from 1.
    ///
    /// # Errors
    /// The other side did not take it, or may not have.
    async fn deliver(&self, item: &Item, attempt: u32) -> Result<(), DeliveryError>;

    /// How long to wait after this attempt, if it fails: by default doubling from 2 s to an hour.
    fn delay(&self, attempt: u32) -> Duration {
        growing_delay(attempt)
    }
}

/// Why an item was not delivered. The reason is kept: it must be a code or name, nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// It may be taken later.
    #[error("not now: {reason}")]
    Retry {
        /// Why.
        reason: String,
    },
    /// It will never be taken.
    #[error("never: {reason}")]
    Permanent {
        /// Why.
        reason: String,
    },
}

/// Delivers until told to stop, while this node holds the lease.
///
/// # Errors
/// None that passes by itself.
pub async fn run(
    context: &Context,
    deliveries: &[Arc<dyn Delivery>],
    status: &StatusHandle,
    stop: watch::Receiver<bool>,
) -> Result<(), ProcessError> {
    while_leased(context, OUTBOX, status, stop, &Delivering { context, deliveries, status }).await
}

struct Delivering<'a> {
    context: &'a Context,
    deliveries: &'a [Arc<dyn Delivery>],
    status: &'a StatusHandle,
}

impl LeasedWork for Delivering<'_> {
    async fn work(&self, lease: Lease) -> Result<(), ProcessError> {
        Worker { context: self.context, deliveries: self.deliveries, lease }.work(self.status).await
    }
}

pub(super) struct Worker<'a> {
    pub(super) context: &'a Context,
    pub(super) deliveries: &'a [Arc<dyn Delivery>],
    pub(super) lease: Lease,
}

impl Worker<'_> {
    async fn work(&self, status: &StatusHandle) -> Result<(), ProcessError> {
        loop {
            let is_all = self.deliver_due().await? < BATCH;
            status.follows(Position::START, is_all);
            if is_all {
                tokio::time::sleep(TICK).await;
            }
        }
    }

    /// Tries what is due, up to a batch of it; answers how many items that were.
    pub(super) async fn deliver_due(&self) -> Result<usize, StoreError> {
        let due = self.context.store.due_items(self.context.clock.now(), BATCH).await?;
        let attempts: Vec<_> = due.iter().map(|out| self.attempt(out)).collect();
        let mut attempts = stream::iter(attempts).buffer_unordered(AT_ONCE);
        while let Some(recorded) = attempts.next().await {
            recorded?;
        }
        Ok(due.len())
    }

    async fn attempt(&self, out: &Outgoing) -> Result<(), StoreError> {
        let (store, clock) = (&self.context.store, &self.context.clock);
        let attempt = out.attempts.saturating_add(1);
        let delay = self.delivery(&out.item).map_or_else(|| growing_delay(attempt), |delivery| delivery.delay(attempt));
        store.begin_attempt(&self.lease, out, after(clock.now(), LIMIT + delay)).await?;
        let sent = self.send(&out.item, attempt).await;
        if let Err(error) = &sent {
            tracing::warn!(
                kind = out.item.kind,
                key = out.item.key,
                attempt,
                error = error as &dyn std::error::Error,
                is_given_up = matches!(error, DeliveryError::Permanent { .. }),
                "an item was not delivered"
            );
        }
        let now = clock.now();
        let outcome = match sent {
            Ok(()) => Outcome::Delivered,
            Err(DeliveryError::Retry { reason }) => Outcome::Failed { error: reason, next: after(now, delay) },
            Err(DeliveryError::Permanent { reason }) => Outcome::GivenUp { error: reason },
        };
        store.end_attempt(&self.lease, out, now, &outcome).await
    }

    fn delivery(&self, item: &Item) -> Option<&dyn Delivery> {
        self.deliveries.iter().find(|delivery| delivery.kind() == item.kind).map(|delivery| &**delivery)
    }

    pub(super) async fn send(&self, item: &Item, attempt: u32) -> Result<(), DeliveryError> {
        let Some(delivery) = self.delivery(item) else {
            return Err(DeliveryError::Retry { reason: "nothing delivers this kind".to_owned() });
        };
        let sent = tokio::time::timeout(LIMIT, delivery.deliver(item, attempt)).await;
        sent.unwrap_or_else(|_elapsed| Err(DeliveryError::Retry { reason: "timed out".to_owned() }))
    }
}

/// How long to wait after an attempt: doubling, with a quarter of it left to chance, so that not all come back at once.
fn growing_delay(attempt: u32) -> Duration {
    let delay = FIRST_DELAY.saturating_mul(1 << attempt.saturating_sub(1).min(20)).min(LONGEST_DELAY);
    delay.mul_f64(rand::random_range(0.75..=1.0))
}

fn after(now: Timestamp, delay: Duration) -> Timestamp {
    SignedDuration::try_from(delay).ok().and_then(|delay| now.checked_add(delay).ok()).unwrap_or(now)
}
