//! Subscriptions: every event after a position once and in order, both existing and new ones.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{
    fixture::{Fixture, concurrently, ids, next},
    sample::{new_stream, plain, some},
};
use crate::{
    event::{Position, RecordedEvent, SealedEvent},
    port::{EventStore, Expected},
    sequencer::MAX_EVENTS,
};

const WRITERS: usize = 8;
const APPENDS_EACH: usize = 60;

pub(super) async fn a_subscription_from_the_start_gives_every_event(fixture: &Fixture) {
    fixture.append(&new_stream(), some(3)).await;
    let mut whole = fixture.store.subscribe(Position::START);
    let mut ours = fixture.store.subscribe(fixture.start);
    fixture.append(&new_stream(), some(3)).await;
    let written = fixture.written().await;
    fixture.expect_next(&mut ours, &written).await;
    let before = fixture.store.read_all(Position::START, 1).await.expect("the log can be read");
    fixture.expect_next(&mut whole, &before).await;
    fixture.append(&new_stream(), some(2)).await;
    fixture.expect_next(&mut ours, &fixture.written().await[6..]).await;
}

pub(super) async fn a_subscription_from_the_middle_gives_what_follows(fixture: &Fixture) {
    fixture.append(&new_stream(), some(6)).await;
    let written = fixture.written().await;
    for (n, event) in written.iter().enumerate() {
        fixture.append(&new_stream(), some(1)).await;
        let follows = &fixture.written().await[n + 1..];
        fixture.expect_next(&mut fixture.store.subscribe(event.position), follows).await;
    }
}

pub(super) async fn a_subscription_from_the_head_gives_what_is_new(fixture: &Fixture) {
    fixture.append(&new_stream(), some(4)).await;
    let head = fixture.store.head().await.expect("the head can be read");
    let mut events = fixture.store.subscribe(head);
    let waits = tokio::time::timeout(Duration::from_millis(50), futures::StreamExt::next(&mut events)).await;
    assert!(waits.is_err(), "there is nothing new, but {waits:?} was returned");
    for _ in 0..3 {
        let event = plain("{}");
        let id = event.event_id;
        fixture.append(&new_stream(), vec![event]).await;
        assert_eq!(fixture.next(&mut events).await.event.event_id, id);
    }
}

pub(super) async fn a_subscription_from_beyond_the_head_waits_for_its_position(fixture: &Fixture) {
    let before = fixture.append(&new_stream(), some(1)).await.last_position;
    let head = fixture.append(&new_stream(), some(1)).await.last_position;
    // Three events further on, or about three if positions have holes.
    let beyond = Position(head.0 + 3 * (head.0 - before.0));
    let mut events = fixture.store.subscribe(beyond);
    for _ in 0..9 {
        fixture.append(&new_stream(), some(1)).await;
    }
    let written = fixture.written().await;
    let first = written.partition_point(|event| event.position <= beyond);
    assert!(first > 2 && first < written.len(), "nothing was written up to {beyond}, or nothing behind it");
    fixture.expect_next(&mut events, &written[first..]).await;
}

/// While writers append, subscribers start at several times and positions; all see the same log.
pub(super) async fn catching_up_and_live_have_no_seam(fixture: &Fixture) {
    let written = Arc::new(AtomicUsize::new(0));
    let last = plain("{\"last\":true}");
    let subscribers: Vec<_> = (0..6)
        .map(|n| {
            let (fixture, begins) = (Watch::of(fixture, &last), n * WRITERS * APPENDS_EACH / 8);
            tokio::spawn(fixture.subscribe_when(written.clone(), begins, n % 2 == 0))
        })
        .collect();
    concurrently((0..WRITERS).map(|_| write_slowly(fixture.store.clone(), written.clone()))).await;
    fixture.append(&new_stream(), vec![last]).await;

    let log = ids(&fixture.written().await);
    assert_eq!(log.len(), WRITERS * APPENDS_EACH + 1);
    for subscriber in subscribers {
        let (skipped, seen) = subscriber.await.expect("every subscriber sees the last event");
        let skipped = log.iter().take(skipped);
        assert!(skipped.chain(&seen).eq(&log), "a subscriber saw {} events, not those of the log", seen.len());
    }
}

/// Pauses after every append, so that the log grows while subscribers catch up.
async fn write_slowly(store: Arc<dyn EventStore>, written: Arc<AtomicUsize>) {
    let stream = new_stream();
    for _ in 0..APPENDS_EACH {
        let appended = store.append(&stream, Expected::Any, some(1)).await;
        appended.expect("any append of new events is taken");
        written.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

struct Watch {
    store: Arc<dyn EventStore>,
    start: Position,
    last: uuid::Uuid,
    patience: Duration,
}

impl Watch {
    fn of(fixture: &Fixture, last: &SealedEvent) -> Self {
        let (store, start) = (fixture.store.clone(), fixture.start);
        Self { store, start, last: last.event_id, patience: fixture.patience() }
    }

    /// Subscribes once this many events are written, from the start or from the current head; returns the number of events
    /// skipped, and the ids seen up to the last one.
    async fn subscribe_when(
        self,
        written: Arc<AtomicUsize>,
        begins: usize,
        from_start: bool,
    ) -> (usize, Vec<uuid::Uuid>) {
        while written.load(Ordering::SeqCst) < begins {
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        let passed = if from_start { Vec::new() } else { self.there().await };
        let after = passed.last().map_or(self.start, |event| event.position);
        let (mut events, mut seen) = (self.store.subscribe(after), Vec::new());
        loop {
            let event = next(&mut events, self.patience).await;
            seen.push(event.event.event_id);
            if event.event.event_id == self.last {
                return (passed.len(), seen);
            }
        }
    }

    async fn there(&self) -> Vec<Arc<RecordedEvent>> {
        self.store.read_all(self.start, 10_000).await.expect("the log can be read")
    }
}

/// More events than any window or backlog holds are written while a live subscriber does not read.
pub(super) async fn a_slow_subscriber_loses_nothing(fixture: &Fixture) {
    let mut events = fixture.store.subscribe(fixture.start);
    fixture.append(&new_stream(), some(1)).await;
    fixture.expect_next(&mut events, &fixture.written().await).await;
    for _ in 0..24 {
        fixture.append(&new_stream(), some(MAX_EVENTS)).await;
    }
    let written = fixture.written().await;
    assert_eq!(written.len(), 1 + 24 * MAX_EVENTS);
    fixture.expect_next(&mut events, &written[1..]).await;
}
