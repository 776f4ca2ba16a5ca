//! The log of a check, its head at the start, and helpers that all checks share.

use std::{future::Future, sync::Arc, time::Duration};

use futures::StreamExt;
use tokio::time::timeout;
use uuid::Uuid;

use super::Fresh;
use crate::{
    event::{Position, RecordedEvent, SealedEvent, StreamName, StreamVersion},
    port::{AppendError, Appended, EventStore, EventStream, Expected},
};

/// More than any check appends to one stream.
const WHOLE_STREAM: usize = 100_000;
/// Small enough that reading a log takes several pages.
const SMALL_PAGE: usize = 200;

/// A log under test.
pub struct Fixture {
    makes: Arc<dyn Fresh>,
    /// The log.
    pub store: Arc<dyn EventStore>,
    /// Its head before the check wrote anything.
    pub start: Position,
}

impl Fixture {
    pub(super) async fn on(makes: Arc<dyn Fresh>) -> Self {
        let store = makes.fresh().await;
        let start = store.head().await.expect("the head can be read");
        Self { makes, store, start }
    }

    /// Closes the log and opens it again; `None` for a log in memory.
    pub(super) async fn reopened(&self) -> Option<Arc<dyn EventStore>> {
        self.makes.reopened().await
    }

    pub(super) async fn append(&self, stream: &StreamName, events: Vec<SealedEvent>) -> Appended {
        self.store.append(stream, Expected::Any, events).await.expect("any append of new events is taken")
    }

    pub(super) async fn try_append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: &[SealedEvent],
    ) -> Result<Appended, AppendError> {
        self.store.append(stream, expected, events.to_vec()).await
    }

    pub(super) async fn stream(&self, stream: &StreamName) -> Vec<Arc<RecordedEvent>> {
        let read = self.store.read_stream(stream, StreamVersion::NONE, WHOLE_STREAM).await;
        read.expect("a stream can be read")
    }

    pub(super) async fn find(&self, stream: &StreamName, event_id: Uuid) -> Option<Arc<RecordedEvent>> {
        self.store.find(stream, event_id).await.expect("a stream can be searched")
    }

    /// All events written by the check, read in pages.
    pub(super) async fn written(&self) -> Vec<Arc<RecordedEvent>> {
        let mut events: Vec<Arc<RecordedEvent>> = Vec::new();
        loop {
            let after = events.last().map_or(self.start, |event| event.position);
            let page = self.store.read_all(after, SMALL_PAGE).await.expect("the log can be read");
            if page.is_empty() {
                return events;
            }
            assert!(page[0].position > after, "a page after {after} begins at {}", page[0].position);
            events.extend(page);
        }
    }

    /// The next event of a subscription; panics if it takes too long.
    pub(super) async fn next(&self, events: &mut EventStream) -> Arc<RecordedEvent> {
        next(events, self.patience()).await
    }

    /// Asserts that the subscription continues with exactly these events.
    pub(super) async fn expect_next(&self, events: &mut EventStream, expected: &[Arc<RecordedEvent>]) {
        for event in expected {
            let given = self.next(events).await;
            assert_eq!(given.position, event.position, "the subscription gives another event than comes next");
            assert_eq!(given, *event, "the subscription gives the event otherwise than it is read");
        }
    }

    pub(super) fn patience(&self) -> Duration {
        self.makes.patience()
    }
}

/// The next event of a subscription.
pub(super) async fn next(events: &mut EventStream, patience: Duration) -> Arc<RecordedEvent> {
    let next = timeout(patience, events.next()).await.expect("an event reaches its subscriber in time");
    next.expect("a subscription does not end").expect("a subscription gives events")
}

/// Runs all futures concurrently, each in a task of its own, and returns their results in order.
pub(super) async fn concurrently<T: Send + 'static>(
    tasks: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let running: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let mut results = Vec::with_capacity(running.len());
    for task in running {
        results.push(task.await.expect("a writer of the check does not panic"));
    }
    results
}

/// The event ids in order.
pub(super) fn ids<'a>(events: impl IntoIterator<Item = &'a Arc<RecordedEvent>>) -> Vec<Uuid> {
    events.into_iter().map(|event| event.event.event_id).collect()
}
