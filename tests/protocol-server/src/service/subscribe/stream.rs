//! Subscriptions to a stream: by number. A stream may be subscribed to before it is there.

use super::{
    super::{convert, outlet::Stop, read::PAGE},
    Subscription, news,
};
use crate::{
    event::DELETED,
    index::pages::StreamPage,
    proto::streams::{
        read_req::options::stream_options::RevisionOption,
        read_resp::{CaughtUp, Content, FellBehind},
    },
    statuses,
};

impl Subscription {
    pub(super) async fn stream(&mut self, name: &str, from: RevisionOption) -> Result<(), Stop> {
        let last = self.node.cluster.store.read().last_revision(name, self.node.until());
        if last == Some(DELETED) {
            return Err(statuses::stream_deleted(name).into());
        }
        self.confirm().await?;
        self.reached = match from {
            RevisionOption::Start(()) => None,
            RevisionOption::End(()) => last,
            RevisionOption::Revision(revision) => Some(revision),
        };
        self.next = self.reached.map_or(0, |reached| reached.saturating_add(1));
        if self.reached >= last {
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
