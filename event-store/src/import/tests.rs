//! Importing into a log in memory: accepted and refused events, and resumed runs.

#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;

use async_trait::async_trait;
use jiff::Timestamp;

use super::*;
use crate::{
    event::{SealedEvent, StreamName},
    hash::event_hash,
    memory::{MemoryImport, MemoryStore},
    port::{EventReader, Expected, Identity, Positions},
    samples,
    sequencer::Request,
};

fn unsigned(rises_after: Position) -> Exemption {
    Exemption { rises_after, note: None, is_copy: true }
}

fn event(n: usize) -> SealedEvent {
    SealedEvent { data: format!("{{\"n\":{n}}}").into(), ..samples::event() }
}

/// A log of this many events in three streams.
fn log_of(events: usize) -> MemoryStore {
    let store = MemoryStore::default();
    let streams: Vec<StreamName> = (0..3).map(|n| StreamName::of("session", Uuid::from_u128(n))).collect();
    for n in 0..events {
        let stream = streams[n * n % 3].clone();
        let request = Request { stream, expected: Expected::Any, events: vec![event(n)] };
        store.append_at(&request, Timestamp::now()).unwrap();
    }
    store
}

async fn all(reader: &dyn EventReader) -> Vec<Arc<RecordedEvent>> {
    reader.read_all(Position::START, usize::MAX).await.unwrap()
}

async fn target_for(store: &MemoryStore) -> MemoryImport {
    MemoryImport::new(identity_of(store).await, Positions::Dense)
}

async fn identity_of(store: &MemoryStore) -> Identity {
    store.identity().await.unwrap()
}

/// A target with scripted answers, each used once.
struct Faulty {
    inner: MemoryImport,
    faults: VecDeque<Fault>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    LostBefore,
    LostAfter,
    LostAfterOne,
    MovedAfter,
}

#[async_trait]
impl ImportTarget for Faulty {
    fn reader(&self) -> &dyn EventReader {
        self.inner.reader()
    }

    async fn append(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError> {
        let fault = self.faults.pop_front().unwrap_or(Fault::None);
        let lost = || Err(ImportError::Unavailable(Arc::new(std::io::Error::other("cut"))));
        match fault {
            Fault::None => self.inner.append(events).await,
            Fault::LostBefore => lost(),
            Fault::LostAfter => self.inner.append(events).await.and_then(|_| lost()),
            Fault::LostAfterOne => self.inner.append(&events[..1]).await.and_then(|_| lost()),
            Fault::MovedAfter => self.inner.append(events).await.and_then(|_| Err(ImportError::Moved)),
        }
    }

    async fn finish(&mut self, exemption: Exemption) -> Result<(), ImportError> {
        self.inner.finish(exemption).await
    }
}

#[tokio::test]
async fn a_copy_has_the_same_events_and_is_complete_only_when_finished() {
    let source = log_of(1300);
    let target = target_for(&source).await;
    let copy = target.store();
    let mut import = Import::new(Box::new(target), Chain::default());
    let events = all(&source).await;
    let mut places = Vec::new();
    for page in events.chunks(700) {
        places.extend(import.take(page).await.unwrap());
    }
    assert!(!copy.is_complete().await.unwrap(), "the import is not finished");
    import.expect_no_more().await.unwrap();
    import.read_back(&mut ReadBack::default(), |_| ()).await.unwrap();
    import.finish(unsigned).await.unwrap();
    assert!(copy.is_complete().await.unwrap());
    assert_eq!(all(&copy).await, events);
    assert_eq!(places, events.iter().map(|event| event.position).collect::<Vec<_>>());
    assert_eq!(copy.identity().await.unwrap(), source.identity().await.unwrap());
    assert_eq!((import.chain().events(), import.chain().streams(), import.appended()), (1300, 2, 1300));
}

#[tokio::test]
async fn a_resumed_run_copies_every_event_once() {
    let source = log_of(40);
    let events = all(&source).await;
    for before in [0, 1, 7, 39, 40] {
        let mut first = target_for(&source).await;
        if before > 0 {
            first.append(&events[..before]).await.unwrap();
        }
        let copy = first.store();
        let again = MemoryImport::into(&copy, identity_of(&source).await).unwrap();
        let mut import = Import::new(Box::new(again), Chain::default());
        import.take(&events).await.unwrap();
        assert_eq!(all(&copy).await, events, "{before}");
        assert_eq!(import.appended(), 40 - before as u64);
    }
}

#[tokio::test]
async fn a_write_of_unknown_outcome_is_looked_up_first() {
    use Fault::{LostAfter, LostAfterOne, LostBefore, MovedAfter, None};
    let source = log_of(30);
    let events = all(&source).await;
    for faults in [
        vec![LostBefore],
        vec![LostAfter],
        vec![LostAfterOne],
        vec![MovedAfter],
        vec![LostBefore, LostBefore, LostAfterOne, LostAfter, MovedAfter],
        vec![None, LostAfter, None, LostBefore, MovedAfter],
    ] {
        let inner = target_for(&source).await;
        let copy = inner.store();
        let mut import = Import::new(Box::new(Faulty { inner, faults: faults.clone().into() }), Chain::default());
        for page in events.chunks(7) {
            import.take(page).await.unwrap();
        }
        assert_eq!(all(&copy).await, events, "{faults:?}");
        import.read_back(&mut ReadBack::default(), |_| ()).await.unwrap();
    }
}

#[tokio::test]
async fn an_import_fails_when_the_target_stays_unavailable() {
    let source = log_of(3);
    let inner = target_for(&source).await;
    let copy = inner.store();
    let mut import =
        Import::new(Box::new(Faulty { inner, faults: vec![Fault::LostBefore; 100].into() }), Chain::default());
    let error = import.take(&all(&source).await).await.unwrap_err();
    assert!(matches!(error, ImportError::Unavailable(_)), "{error}");
    assert!(all(&copy).await.is_empty());
}

fn rehashed(event: &RecordedEvent, change: impl FnOnce(&mut RecordedEvent)) -> Arc<RecordedEvent> {
    let mut event = event.clone();
    change(&mut event);
    let RecordedEvent { prev_hash, stream, version, recorded_at, event: inner, .. } = &event;
    event.hash = event_hash(prev_hash, stream, *version, *recorded_at, inner);
    Arc::new(event)
}

#[tokio::test]
async fn a_write_with_an_invalid_event_stores_nothing() {
    let source = log_of(10);
    let good = all(&source).await;
    let same_stream = good.iter().rposition(|event| event.version.0 > 1).unwrap();
    let changed = Arc::new(RecordedEvent { event: event(99), ..(*good[same_stream]).clone() });
    let unlinked = rehashed(&good[same_stream], |event| event.prev_hash = [7; 32]);
    let ahead = rehashed(&good[same_stream], |event| event.version = event.version.next());
    let late = rehashed(&good[same_stream], |event| event.recorded_at = Timestamp::UNIX_EPOCH);
    let cases =
        [(changed, Flaw::Changed), (unlinked, Flaw::Misplaced), (ahead, Flaw::Misplaced), (late, Flaw::OutOfTime)];
    for (bad, expected) in cases {
        let mut events = good.clone();
        events[same_stream] = bad;
        let target = target_for(&source).await;
        let copy = target.store();
        let error = Import::new(Box::new(target), Chain::default()).take(&events).await.unwrap_err();
        let position = good[same_stream].position;
        assert!(
            matches!(&error, ImportError::Flawed { position: at, flaw } if *at == position && *flaw == expected),
            "{error}"
        );
        assert!(all(&copy).await.is_empty());
    }
}

#[tokio::test]
async fn the_first_difference_is_reported_and_left_unchanged() {
    let source = log_of(20);
    let events = all(&source).await;
    let mut target = target_for(&source).await;
    let foreign = rehashed(&events[4], |event| event.event.event_id = Uuid::from_u128(5));
    let there = [&events[..4], std::slice::from_ref(&foreign), &events[5..6]].concat();
    target.append(&there).await.unwrap();
    let copy = target.store();
    let error = Import::new(Box::new(target), Chain::default()).take(&events).await.unwrap_err();
    let said = error.to_string();
    assert!(said.starts_with("event 5 differs: the source has session.noted "), "{said}");
    assert!(said.contains(&Uuid::from_u128(5).to_string()) && said.contains("at position 5"), "{said}");
    assert_eq!(all(&copy).await, there);
}

/// The source is reported, not the target.
#[tokio::test]
async fn a_source_changed_after_the_copy_is_reported() {
    let source = log_of(6);
    let mut events = all(&source).await;
    let mut target = target_for(&source).await;
    target.append(&events).await.unwrap();
    events[3] = Arc::new(RecordedEvent { event: event(99), ..(*events[3]).clone() });
    let error = Import::new(Box::new(target), Chain::default()).take(&events).await.unwrap_err();
    assert!(matches!(error, ImportError::Flawed { position: Position(4), flaw: Flaw::Changed }), "{error}");
}

#[tokio::test]
async fn a_write_is_limited_in_events_and_bytes() {
    let mut events = all(&log_of(EVENTS + 1)).await;
    assert_eq!(first_batch(&events), EVENTS);
    let large = |bytes: usize| {
        let data = "x".repeat(bytes).into();
        Arc::new(RecordedEvent { event: SealedEvent { data, ..samples::event() }, ..(*events[0]).clone() })
    };
    let (third, whole) = (large(BYTES / 3), large(BYTES + 1));
    events = vec![third.clone(), third.clone(), third.clone(), third, whole.clone()];
    assert_eq!(first_batch(&events), 3);
    assert_eq!(first_batch(&[whole.clone(), whole]), 1, "an event over the limit is a write of its own");
}

#[tokio::test]
async fn further_events_in_the_target_are_reported() {
    let source = log_of(6);
    let events = all(&source).await;
    let mut target = target_for(&source).await;
    target.append(&events).await.unwrap();
    let mut import = Import::new(Box::new(target), Chain::default());
    import.take(&events[..5]).await.unwrap();
    let said = import.expect_no_more().await.unwrap_err().to_string();
    assert!(said.starts_with("event 6 differs: the source has nothing more, the target session.noted"), "{said}");
}

#[tokio::test]
async fn reading_back_detects_differences() {
    let source = log_of(6);
    let events = all(&source).await;
    let target = target_for(&source).await;
    let copy = target.store();
    let mut import = Import::new(Box::new(target), Chain::default());
    import.take(&events).await.unwrap();
    let mut back = ReadBack::default();
    import.read_back(&mut back, |_| ()).await.unwrap();
    let stream = events[0].stream.clone();
    let more = Request { stream, expected: Expected::Any, events: vec![event(7)] };
    copy.append_at(&more, Timestamp::now()).unwrap();
    let error = import.read_back(&mut back, |_| ()).await.unwrap_err();
    assert!(matches!(error, ImportError::NotAsWritten(_)), "{error}");
}

#[tokio::test]
async fn another_log_is_refused() {
    let (source, other) = (log_of(1), log_of(1));
    let error = MemoryImport::into(&other, identity_of(&source).await).unwrap_err();
    assert!(matches!(error, ImportError::OtherLog { .. }), "{error}");
    let next = Identity { generation: 2, ..identity_of(&source).await };
    let error = MemoryImport::into(&source, next).unwrap_err();
    assert!(matches!(error, ImportError::OtherGeneration { here: 1, wanted: 2 }), "{error}");
    assert!(matches!(admit_identity(None, false, next), Err(ImportError::Nameless)));
}

#[test]
fn the_generation_is_raised_only_if_positions_change() {
    let source = Identity { log_id: Uuid::nil(), generation: 4 };
    let next = Identity { generation: 5, ..source };
    assert_eq!(identity_of_copy(source, Positions::Dense, Positions::Dense), source);
    assert_eq!(identity_of_copy(source, Positions::Dense, Positions::Increasing), next);
    assert_eq!(identity_of_copy(source, Positions::Increasing, Positions::Dense), next);
    assert_eq!(identity_of_copy(source, Positions::Increasing, Positions::Increasing), next);
}

/// Several nodes with different clocks write to one KurrentDB.
#[tokio::test]
async fn decreasing_times_between_streams_need_a_source_that_allows_them() {
    let events = all(&log_of(12)).await;
    let other_stream =
        (1..12).find(|n| events[*n].stream != events[n - 1].stream && events[*n].version.0 == 1).unwrap();
    let mut events = events[..=other_stream].to_vec();
    let earlier = Timestamp::from_second(1).unwrap();
    events[other_stream] = rehashed(&events[other_stream], |event| event.recorded_at = earlier);
    let identity = Identity { log_id: Uuid::nil(), generation: 2 };
    let refused =
        Import::new(Box::new(MemoryImport::new(identity, Positions::Dense)), Chain::default()).take(&events).await;
    assert!(matches!(refused, Err(ImportError::Flawed { flaw: Flaw::OutOfTime, .. })), "{refused:?}");
    let target = MemoryImport::new(identity, Positions::Dense);
    let copy = target.store();
    let mut import = Import::new(Box::new(target), Chain::rising_after(u64::MAX));
    import.take(&events).await.unwrap();
    import.read_back(&mut ReadBack::default(), |_| ()).await.unwrap();
    import.finish(unsigned).await.unwrap();
    assert_eq!(copy.times_rise_after().await.unwrap(), events[other_stream].position);
}

#[tokio::test]
async fn decreasing_times_within_a_stream_are_refused() {
    let mut events = all(&log_of(12)).await;
    let again = (1..12).find(|n| events[*n].version.0 == 2).unwrap();
    events[again] = rehashed(&events[again], |event| event.recorded_at = Timestamp::from_second(1).unwrap());
    let target = MemoryImport::new(Identity { log_id: Uuid::nil(), generation: 2 }, Positions::Dense);
    let refused = Import::new(Box::new(target), Chain::rising_after(u64::MAX)).take(&events).await;
    assert!(matches!(refused, Err(ImportError::Flawed { flaw: Flaw::OutOfTime, .. })), "{refused:?}");
}
