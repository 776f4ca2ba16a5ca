//! Subscriptions: confirmed at once, then from the log until the end is reached, then live, and back to the log when the
//! caller does not take what comes.
//!
//! *Invariant:* every event behind the place where the subscription begins, once and in order, whatever the pace.

mod all;
mod stream;

use tokio::sync::watch;
use uuid::Uuid;

use super::{
    Node,
    outlet::{Outlet, Stop},
    read::{PAGE, Source},
};
use crate::{
    options::SlowSubscribers,
    proto::streams::read_resp::{Content, FellBehind, SubscriptionConfirmation},
    statuses,
};
use all::All;

pub(super) async fn run(node: Node, outlet: Outlet, source: Source) {
    let mut subscription = Subscription { node, outlet, reached: None, next: 0 };
    let ended = match source {
        Source::Stream { name, from } => subscription.stream(&name, from).await,
        Source::All { checkpoint_multiplier: 0, .. } => {
            Err(tonic::Status::unknown("Exception was thrown by handler.").into())
        }
        Source::All { from, filter, window, checkpoint_multiplier, is_filtered } => {
            let window = if is_filtered { window.unwrap_or(PAGE).max(1) } else { u64::MAX };
            let interval = is_filtered.then(|| checkpoint_multiplier.saturating_mul(window));
            subscription.all(from, &All { filter, window, interval }).await
        }
    };
    subscription.outlet.close(ended).await;
}

struct Subscription {
    node: Node,
    outlet: Outlet,
    /// The position, or the number, that the caller has heard of last.
    reached: Option<u64>,
    /// The first position, or number, that has not been looked at.
    next: u64,
}

impl Subscription {
    async fn confirm(&mut self) -> Result<(), Stop> {
        let subscription_id = Uuid::new_v4().to_string();
        self.outlet.say(Content::Confirmation(SubscriptionConfirmation { subscription_id })).await?;
        self.outlet.go_wrong().await
    }

    async fn fall_behind(&mut self, mark: FellBehind) -> Result<(), Stop> {
        let options = &self.node.cluster.options;
        match options.slow_subscribers {
            SlowSubscribers::Drop => Err(statuses::too_slow().into()),
            SlowSubscribers::CatchUp if options.tell_fell_behind => self.outlet.say(Content::FellBehind(mark)).await,
            SlowSubscribers::CatchUp => Ok(()),
        }
    }
}

/// Waits until there may be more.
async fn news(durable: &mut watch::Receiver<u64>, changed: &mut watch::Receiver<u64>) {
    let more = tokio::select! {
        more = durable.changed() => more,
        more = changed.changed() => more,
    };
    if more.is_err() {
        // The store has stopped: nothing more comes, and the connection ends by itself.
        std::future::pending::<()>().await;
    }
}
