//! Subscriptions: confirmed at once, then from the log until the end is reached, then live, and back to the log when the
//! caller does not take what comes.
//!
//! *Invariant:* every event behind the place where the subscription begins, once and in order, whatever the pace.

use uuid::Uuid;

use super::{
    Node, convert,
    outlet::{Outlet, Stop},
    read::{PAGE, Source},
};
use crate::{
    event::DELETED,
    index::{
        filter::Filter,
        pages::{Bounds, StreamPage},
    },
    options::SlowSubscribers,
    proto::streams::{
        read_req::options::{all_options::AllOption, stream_options::RevisionOption},
        read_resp::{CaughtUp, Checkpoint, Content, FellBehind, SubscriptionConfirmation},
    },
    statuses,
};

/// How many events a live subscription looks at once at the most.
const LOOK: usize = 10_000;

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

/// What is wanted of `$all`.
struct All {
    filter: Filter,
    /// How many events a page looks at.
    window: u64,
    /// After so many events that were looked at the caller is told where the subscription is. None: never.
    interval: Option<u64>,
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

    async fn all(&mut self, from: AllOption, wanted: &All) -> Result<(), Stop> {
        let last = self.node.cluster.store.read().last_position(self.node.until());
        self.confirm().await?;
        match from {
            AllOption::Start(()) => {}
            AllOption::End(()) => (self.reached, self.next) = (last, last.map_or(0, |last| last + 1)),
            AllOption::Position(from) => {
                self.reached = Some(from.commit_position);
                let is_before = from.prepare_position < from.commit_position;
                self.next = from.commit_position.saturating_add(u64::from(!is_before));
            }
        }
        if self.reached.is_some() && self.reached >= last {
            self.live_all(wanted).await?;
        }
        loop {
            self.catch_up_all(wanted).await?;
            self.live_all(wanted).await?;
        }
    }

    async fn catch_up_all(&mut self, wanted: &All) -> Result<(), Stop> {
        let bounds = Bounds { events: usize::try_from(PAGE).unwrap_or(32), considered: wanted.window };
        let mut considered = 0;
        if let Some(reached) = self.reached
            && !self.node.cluster.store.read().is_place(reached, self.node.until())
        {
            return Err(statuses::invalid_position().into());
        }
        loop {
            self.node.may_answer(self.outlet.call())?;
            let begin = self.next;
            let page = self.node.cluster.store.read().all_forwards(begin, bounds, &wanted.filter, self.node.until());
            for event in &page.events {
                self.outlet.event(event).await?;
                self.reached = Some(event.position);
            }
            if page.considered > 0 && self.reached.is_none_or(|reached| reached < begin) {
                self.reached = Some(begin);
            }
            self.next = page.next.max(begin);
            considered += page.considered;
            let Some(interval) = wanted.interval else {
                if page.is_end {
                    return Ok(());
                }
                continue;
            };
            if page.is_end {
                return self.checkpoint().await;
            }
            if considered >= interval {
                considered %= interval;
                self.checkpoint().await?;
            }
        }
    }

    /// Sends what comes until the caller falls behind.
    async fn live_all(&mut self, wanted: &All) -> Result<(), Stop> {
        let position = self.reached.map(convert::position);
        self.outlet
            .say(Content::CaughtUp(CaughtUp { timestamp: convert::now(), stream_revision: None, position }))
            .await?;
        let (mut durable, mut changed) = self.node.cluster.news();
        let mut considered = 0;
        loop {
            let bounds = Bounds { events: LOOK, considered: LOOK as u64 };
            let page = self.node.cluster.store.read().all_forwards(self.next, bounds, &Filter::None, self.node.until());
            let wanted_events = page.events.iter().filter(|event| wanted.filter.lets_pass(event)).count();
            if wanted_events > self.node.cluster.options.live_buffer {
                self.fall_behind_all(wanted).await?;
                return Ok(());
            }
            for event in &page.events {
                considered += 1;
                if wanted.filter.lets_pass(event) {
                    self.outlet.event(event).await?;
                    self.reached = Some(event.position);
                }
                if wanted.interval.is_some_and(|interval| considered >= interval) {
                    considered = 0;
                    self.reached = Some(event.position);
                    self.checkpoint().await?;
                }
            }
            self.next = self.next.max(page.next);
            if page.considered == 0 {
                self.outlet.wait(news(&mut durable, &mut changed)).await?;
            }
        }
    }

    async fn fall_behind_all(&mut self, wanted: &All) -> Result<(), Stop> {
        let position = self.reached.map(convert::position);
        self.fall_behind(FellBehind { timestamp: convert::now(), stream_revision: None, position }).await?;
        if wanted.interval.is_some() { self.checkpoint().await } else { Ok(()) }
    }

    async fn checkpoint(&mut self) -> Result<(), Stop> {
        let at = self.reached.unwrap_or(0);
        let checkpoint = Checkpoint { commit_position: at, prepare_position: at, timestamp: convert::now() };
        self.outlet.say(Content::Checkpoint(checkpoint)).await
    }

    async fn fall_behind(&mut self, mark: FellBehind) -> Result<(), Stop> {
        let options = &self.node.cluster.options;
        match options.slow_subscribers {
            SlowSubscribers::Drop => Err(statuses::too_slow().into()),
            SlowSubscribers::CatchUp if options.tell_fell_behind => self.outlet.say(Content::FellBehind(mark)).await,
            SlowSubscribers::CatchUp => Ok(()),
        }
    }

    async fn stream(&mut self, name: &str, from: RevisionOption) -> Result<(), Stop> {
        let last = self.node.cluster.store.read().last_revision(name, self.node.until());
        self.confirm().await?;
        self.reached = match from {
            RevisionOption::Start(()) => None,
            RevisionOption::End(()) => last,
            RevisionOption::Revision(revision) => Some(revision),
        };
        self.next = self.reached.map_or(0, |reached| reached.saturating_add(1));
        if self.reached >= last && last != Some(DELETED) {
            self.live_stream(name).await?;
        }
        loop {
            self.catch_up_stream(name).await?;
            self.live_stream(name).await?;
        }
    }

    async fn catch_up_stream(&mut self, name: &str) -> Result<(), Stop> {
        loop {
            self.node.may_answer(self.outlet.call())?;
            let page = self.node.cluster.store.read().stream_forwards(name, self.next, PAGE, self.node.until());
            let (events, next, is_end) = match page {
                StreamPage::Events { events, next, is_end, .. } => (events, next, is_end),
                StreamPage::NoStream => return Ok(()),
                StreamPage::Tombstoned => return Err(statuses::stream_deleted(name).into()),
            };
            for event in &events {
                self.outlet.event(event).await?;
                self.reached = Some(event.revision);
            }
            self.next = self.next.max(next);
            if is_end {
                return Ok(());
            }
        }
    }

    async fn live_stream(&mut self, name: &str) -> Result<(), Stop> {
        let stream_revision = self.reached.and_then(|revision| i64::try_from(revision).ok());
        let mark = CaughtUp { timestamp: convert::now(), stream_revision, position: None };
        self.outlet.say(Content::CaughtUp(mark)).await?;
        let (mut durable, mut changed) = self.node.cluster.news();
        let buffer = self.node.cluster.options.live_buffer;
        loop {
            let until = self.node.until();
            let events = self.node.cluster.store.read().stream_as_written(name, self.next, buffer + 1, until);
            if events.len() > buffer {
                let stream_revision = self.reached.and_then(|revision| i64::try_from(revision).ok());
                let mark = FellBehind { timestamp: convert::now(), stream_revision, position: None };
                return self.fall_behind(mark).await;
            }
            for event in &events {
                self.outlet.event(event).await?;
                self.reached = Some(event.revision);
                self.next = event.revision.saturating_add(1);
                if event.revision == DELETED {
                    return Err(statuses::stream_deleted(name).into());
                }
            }
            if events.is_empty() {
                self.outlet.wait(news(&mut durable, &mut changed)).await?;
            }
        }
    }
}

/// Waits until there may be more.
async fn news(durable: &mut tokio::sync::watch::Receiver<u64>, changed: &mut tokio::sync::watch::Receiver<u64>) {
    let more = tokio::select! {
        more = durable.changed() => more,
        more = changed.changed() => more,
    };
    if more.is_err() {
        // The store has stopped: nothing more comes, and the connection ends by itself.
        std::future::pending::<()>().await;
    }
}
