//! Subscriptions to `$all`: by position, and where they are filtered with checkpoints, so that the caller has a place to come
//! back to though nothing passes.

use super::{
    super::{convert, outlet::Stop, read::PAGE},
    Subscription, news,
};
use crate::{
    index::{filter::Filter, pages::Bounds},
    proto::streams::{
        read_req::options::all_options::AllOption,
        read_resp::{CaughtUp, Checkpoint, Content, FellBehind},
    },
    statuses,
};

/// How many events a live subscription looks at once at the most.
const LOOK: usize = 10_000;

/// What is wanted of `$all`.
pub(super) struct All {
    pub(super) filter: Filter,
    /// How many events a page looks at.
    pub(super) window: u64,
    /// After so many events that were looked at the caller is told where the subscription is. None: never.
    pub(super) interval: Option<u64>,
}

impl Subscription {
    pub(super) async fn all(&mut self, from: AllOption, wanted: &All) -> Result<(), Stop> {
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
            self.node.cluster.look(page.considered).await;
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
}
