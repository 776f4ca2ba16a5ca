//! Reads: pages, ends, and that a position is not visible before those below it.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt as _, future::BoxFuture};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{
    fixture::{Fixture, concurrently, ids},
    sample::{new_stream, plain, some},
};
use crate::{
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    port::{EventStore, Expected, Positions},
    sequencer::MAX_EVENTS,
};

type Events = Vec<Arc<RecordedEvent>>;

/// Two streams of seven events each, taking turns in the log.
async fn two_streams(fixture: &Fixture) -> (StreamName, StreamName) {
    let (one, other) = (new_stream(), new_stream());
    for _ in 0..7 {
        fixture.append(&one, some(1)).await;
        fixture.append(&other, some(1)).await;
    }
    (one, other)
}

/// Checks pages of any size after each of the events, and from the start, against `all`.
async fn pages_fit<F: Future<Output = Events>>(all: &Events, page: impl Fn(Option<&Arc<RecordedEvent>>, usize) -> F) {
    for start in 0..=all.len() {
        let after = start.checked_sub(1).map(|last| &all[last]);
        for limit in [0, 1, 2, 3, all.len(), all.len() + 1, usize::MAX] {
            let end = start.saturating_add(limit).min(all.len());
            let given = page(after, limit).await;
            assert_eq!(ids(&given), ids(&all[start..end]), "after {start} events, at most {limit}");
        }
    }
}

pub(super) async fn find_knows_recorded_ids_only(fixture: &Fixture) {
    let stream = new_stream();
    let events = some(3);
    let (other, empty) = (new_stream(), new_stream());
    assert_eq!(fixture.find(&stream, events[0].event_id).await, None);
    fixture.append(&stream, events.clone()).await;
    fixture.append(&other, some(1)).await;
    for (event, stored) in events.iter().zip(fixture.stream(&stream).await) {
        assert_eq!(fixture.find(&stream, event.event_id).await, Some(stored));
        assert_eq!(fixture.find(&other, event.event_id).await, None, "it is in another stream");
        assert_eq!(fixture.find(&empty, event.event_id).await, None, "it is in another stream");
    }
    for unknown in [Uuid::new_v4(), Uuid::nil(), Uuid::max()] {
        assert_eq!(fixture.find(&stream, unknown).await, None);
    }
}

/// In a long stream, at any version.
pub(super) async fn find_looks_through_the_whole_stream(fixture: &Fixture) {
    let stream = new_stream();
    let events = some(3 * MAX_EVENTS);
    for part in events.chunks(MAX_EVENTS) {
        fixture.append(&stream, part.to_vec()).await;
    }
    for place in [0, 1, MAX_EVENTS - 1, MAX_EVENTS, 2 * MAX_EVENTS + 7, 3 * MAX_EVENTS - 1] {
        let found = fixture.find(&stream, events[place].event_id).await.expect("it is recorded");
        assert_eq!(found.version.0, place as u64 + 1);
    }
}

pub(super) async fn read_at_gives_the_event_at_that_very_position(fixture: &Fixture) {
    let at = |position| async move { fixture.store.read_at(position).await.expect("the log can be read") };
    two_streams(fixture).await;
    let written = fixture.written().await;
    for event in &written {
        assert_eq!(at(event.position).await.as_ref(), Some(event));
    }
    let taken: HashSet<u64> = written.iter().map(|event| event.position.0).collect();
    let last = written.last().map_or(0, |event| event.position.0);
    let between = (1 + fixture.start.0..last).filter(|position| !taken.contains(position)).take(3);
    for nothing in between.chain([0, last + 1, last + 1000, i64::MAX as u64, u64::MAX]) {
        assert_eq!(at(Position(nothing)).await, None, "at {nothing}");
    }
}

pub(super) async fn the_head_is_the_last_position(fixture: &Fixture) {
    if fixture.start == Position::START {
        assert!(fixture.written().await.is_empty(), "a log whose head is 0 has events");
    }
    for count in [1, 3, 1] {
        fixture.append(&new_stream(), some(count)).await;
        let last = fixture.written().await.last().map(|event| event.position);
        assert_eq!(Some(fixture.store.head().await.expect("the head can be read")), last);
    }
}

/// Does not apply to an adapter without a head record.
pub(super) async fn the_recorded_end_is_the_last_event(fixture: &Fixture) {
    for count in [1, 3] {
        fixture.append(&new_stream(), some(count)).await;
        let last = fixture.written().await.pop().expect("events were appended");
        let Some(end) = fixture.store.recorded_end().await.expect("the end can be read") else { return };
        assert_eq!(end.position, last.position);
        assert_eq!(end.recorded_at, last.recorded_at_text());
        assert_eq!(end.hash, last.hash);
    }
}

pub(super) async fn read_stream_pages_through_a_stream(fixture: &Fixture) {
    let (stream, _) = two_streams(fixture).await;
    let mut all = fixture.written().await;
    all.retain(|event| event.stream == stream);
    pages_fit(&all, |after, limit| {
        let after = after.map_or(StreamVersion::NONE, |event| event.version);
        let stream = &stream;
        async move { fixture.store.read_stream(stream, after, limit).await.expect("a stream can be read") }
    })
    .await;
}

/// Names that a pattern, prefix or case-insensitive comparison would confuse. A store that others use as well takes such names alone
/// as the program makes.
pub(super) async fn read_stream_gives_that_stream_only(fixture: &Fixture) {
    let (id, other) = (Uuid::new_v4(), Uuid::new_v4());
    let mut names =
        ["session", "customer", "agent", "settings-quick_replies"].map(|kind| format!("{kind}-{id}")).to_vec();
    names.extend([id, other].map(|id| format!("access-{id}-20261125")));
    names.extend(["20261126", "20261225"].map(|day| format!("access-{id}-{day}")));
    if fixture.store.positions() == Positions::Dense {
        let tag = id.simple();
        names.extend(["", "_", "-", "a", "ab", "a_b", "a-b", "axb"].map(|end| format!("session-{tag}{end}")));
    }
    for (n, name) in names.iter().enumerate() {
        let stream = StreamName::parse(name).expect("a stream's name");
        fixture.append(&stream, some(n + 1)).await;
    }
    for (n, name) in names.iter().enumerate() {
        let stream = StreamName::parse(name).expect("a stream's name");
        let by_version = fixture.stream(&stream).await;
        let by_position = fixture.store.read_stream_after_position(&stream, fixture.start, 100).await;
        assert_eq!(by_version.len(), n + 1, "{name}");
        assert!(by_version.iter().all(|event| event.stream == stream));
        assert_eq!(by_position.expect("a stream can be read"), by_version);
    }
}

pub(super) async fn read_stream_after_position_pages_through_a_stream(fixture: &Fixture) {
    let (stream, other) = two_streams(fixture).await;
    let written = fixture.written().await;
    for name in [&stream, &other] {
        let all: Events = written.iter().filter(|event| event.stream == *name).cloned().collect();
        pages_fit(&all, |after, limit| {
            let after = after.map_or(fixture.start, |event| event.position);
            async move {
                let read = fixture.store.read_stream_after_position(name, after, limit).await;
                read.expect("a stream can be read")
            }
        })
        .await;
    }
    for (n, event) in written.iter().enumerate() {
        let rest = fixture.store.read_stream_after_position(&stream, event.position, 100).await;
        let expected: Vec<_> = written[n + 1..].iter().filter(|event| event.stream == stream).collect();
        assert_eq!(ids(&rest.expect("a stream can be read")), ids(expected), "after {}", event.position);
    }
}

pub(super) async fn read_all_pages_through_the_log(fixture: &Fixture) {
    let (one, other) = two_streams(fixture).await;
    let mut all = fixture.stream(&one).await;
    all.extend(fixture.stream(&other).await);
    all.sort_by_key(|event| event.position);
    assert_eq!(all.len(), 14);
    pages_fit(&all, |after, limit| {
        let after = after.map_or(fixture.start, |event| event.position);
        async move { fixture.store.read_all(after, limit).await.expect("the log can be read") }
    })
    .await;
}

pub(super) async fn reads_beyond_the_end_are_empty(fixture: &Fixture) {
    let stream = new_stream();
    let last = fixture.append(&stream, some(2)).await;
    let (store, unknown) = (&fixture.store, new_stream());
    for further in [0, 1, 1000, i64::MAX as u64 - last.last_position.0, u64::MAX - last.last_position.0] {
        let position = Position(last.last_position.0 + further);
        let version = StreamVersion(last.last_version.0.saturating_add(further));
        assert_eq!(store.read_all(position, 10).await.expect("the log can be read"), []);
        assert_eq!(store.read_stream(&stream, version, 10).await.expect("a stream can be read"), []);
        let after = store.read_stream_after_position(&stream, position, 10).await;
        assert_eq!(after.expect("a stream can be read"), []);
    }
    assert_eq!(store.read_stream(&unknown, StreamVersion::NONE, 10).await.expect("a stream can be read"), []);
    let after = store.read_stream_after_position(&unknown, Position::START, 10).await;
    assert_eq!(after.expect("a stream can be read"), []);
}

/// A stream of events may be left in the middle of a read: by a `select!`, or because its client does not take it.
pub(super) async fn reads_that_are_not_polled_block_nobody(fixture: &Fixture) {
    let (stream, _) = two_streams(fixture).await;
    let event_id = fixture.stream(&stream).await[0].event.event_id;
    let last = fixture.append(&stream, some(1)).await.last_position;
    let (store, name, all) = (&fixture.store, &stream, usize::MAX);
    let mut not_polled = Vec::new();
    for polls in 1..=16 {
        let reads: [BoxFuture<'_, ()>; 4] = [
            Box::pin(store.read_stream(name, StreamVersion::NONE, all).map(drop)),
            Box::pin(store.read_stream_after_position(name, last, all).map(drop)),
            Box::pin(store.read_all(fixture.start, all).map(drop)),
            Box::pin(store.find(name, event_id).map(drop)),
        ];
        for mut read in reads {
            for _ in 0..polls {
                if futures::poll!(&mut read).is_ready() {
                    break;
                }
                sleep(Duration::from_millis(1)).await;
            }
            not_polled.push(read);
        }
    }
    let goes_on = async {
        fixture.append(&stream, some(1)).await;
        assert_eq!(fixture.stream(&stream).await.len(), 9);
        assert!(fixture.find(&stream, event_id).await.is_some());
    };
    timeout(fixture.patience(), goes_on).await.expect("nobody waits for a read that is not polled");
    drop(not_polled);
}

/// Readers page through the log while it is written; each must see the whole log without a hole.
pub(super) async fn read_all_never_shows_a_position_before_those_below_it(fixture: &Fixture) {
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> =
        (0..3).map(|_| tokio::spawn(read_until(fixture.store.clone(), fixture.start, done.clone()))).collect();
    concurrently((0..8).map(|_| {
        let store = fixture.store.clone();
        async move {
            let stream = new_stream();
            for _ in 0..40 {
                let appended = store.append(&stream, Expected::Any, vec![plain("{}")]).await;
                appended.expect("any append of new events is taken");
                tokio::task::yield_now().await;
            }
        }
    }))
    .await;
    done.store(true, Ordering::SeqCst);
    let written = ids(&fixture.written().await);
    assert_eq!(written.iter().collect::<HashSet<_>>().len(), 320);
    for reader in readers {
        assert_eq!(
            reader.await.expect("a reader does not panic"),
            written,
            "a reader saw other events than the log has"
        );
    }
}

async fn read_until(store: Arc<dyn EventStore>, start: Position, done: Arc<AtomicBool>) -> Vec<Uuid> {
    let (mut seen, mut cursor) = (Vec::new(), start);
    loop {
        let last_round = done.load(Ordering::SeqCst);
        let page = store.read_all(cursor, 50).await.expect("the log can be read");
        if page.is_empty() && last_round {
            return seen;
        }
        cursor = page.last().map_or(cursor, |event| event.position);
        seen.extend(ids(&page));
        tokio::task::yield_now().await;
    }
}
