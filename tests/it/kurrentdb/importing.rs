//! Import into KurrentDB: batches, events that are too large, and other writers.

use event_store::{
    EventReader as _, EventStore as _, Expected, Position, RecordedEvent,
    clock::ManualClock,
    import::{Chain, Import, ImportError, ImportTarget as _},
    kurrentdb::KurrentImport,
    memory::MemoryStore,
    sequencer::Request,
};
use jiff::{SignedDuration, Timestamp};

use super::{limits::sealed, *};

/// A log in memory, one event per append.
async fn log_of(events: Vec<(StreamName, SealedEvent)>) -> (MemoryStore, Vec<Arc<RecordedEvent>>) {
    let log = MemoryStore::default();
    for (stream, event) in events {
        log.append(&stream, Expected::Any, vec![event]).await.unwrap();
    }
    let events = log.read_all(Position::START, 1000).await.unwrap();
    (log, events)
}

async fn target(settings: KurrentSettings, source: &MemoryStore) -> KurrentImport {
    KurrentImport::open(settings, source.identity().await.unwrap()).await.unwrap()
}

fn import(target: KurrentImport) -> Import {
    Import::new(Box::new(target), Chain::default())
}

/// A batch can exceed the limit of the server, because sealed bytes are stored as text.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn import_batches_events_up_to_the_servers_limit() {
    let (fixture, stream) = (Fixture::new(), new_stream());
    let (source, events) = log_of((0..20).map(|_| (stream.clone(), sealed(90 * 1024))).collect()).await;
    let mut import = import(target(fixture.settings(), &source).await);
    let places = import.take(&events).await.unwrap();
    assert!(places.is_sorted() && places.len() == 20, "{places:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn import_with_a_too_large_event_sends_nothing_of_its_batch() {
    let (fixture, stream) = (Fixture::new(), new_stream());
    let (source, events) =
        log_of(vec![(stream.clone(), sealed_event()), (stream.clone(), sealed(2000)), (stream, sealed_event())]).await;
    let settings = fixture.settings().with_max_append_bytes(2000);
    let error = import(target(settings.clone(), &source).await).take(&events).await.unwrap_err();
    assert!(matches!(error, ImportError::TooLarge { position: Position(2), limit: 2000, .. }), "{error}");
    let there = target(settings, &source).await.reader().read_all(Position::START, 10).await.unwrap();
    assert!(there.is_empty(), "{there:?}");
}

/// The other writer uses another stream, so only the global order shows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn import_detects_another_writer() {
    let fixture = Fixture::new();
    let (source, events) = log_of((0..6).map(|_| (new_stream(), sealed_event())).collect()).await;
    let (_, foreign) = log_of(vec![(new_stream(), sealed_event())]).await;
    let mut import = import(target(fixture.settings(), &source).await);
    import.take(&events[..3]).await.unwrap();
    let mut another = target(fixture.settings(), &source).await;
    another.append(&foreign).await.unwrap();
    let error = import.take(&events[3..]).await.unwrap_err();
    assert!(matches!(error, ImportError::Differs { number: 4, .. }), "{error}");
}

/// KurrentDB finds ids in their stream only, so retryable ids need claims after the move.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn import_claims_retryable_ids() {
    let (fixture, source, stream) = (Fixture::new(), MemoryStore::default(), new_stream());
    for age in [SignedDuration::from_mins(20), SignedDuration::from_mins(5)] {
        let request = Request { stream: stream.clone(), expected: Expected::Any, events: events(1) };
        source.append_at(&request, Timestamp::now() - age).unwrap();
    }
    let events = source.read_all(Position::START, 10).await.unwrap();
    import(target(fixture.settings(), &source).await).take(&events).await.unwrap();
    let copy = target(fixture.settings(), &source).await;
    let owner = async |event: &RecordedEvent| copy.reader().owner(event.event.event_id).await.unwrap();
    assert_eq!((owner(&events[0]).await, owner(&events[1]).await), (None, Some(stream)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resumed_import_is_incomplete_until_finished_again() {
    let (fixture, stream) = (Fixture::new(), new_stream());
    let (source, events) = log_of((0..4).map(|_| (stream.clone(), sealed_event())).collect()).await;
    for part in [2, 4] {
        let mut copy = import(target(fixture.settings(), &source).await);
        copy.take(&events[..part]).await.unwrap();
        assert!(!target(fixture.settings(), &source).await.reader().is_complete().await.unwrap());
        copy.finish(|rises_after| event_store::port::Exemption { rises_after, note: None, is_copy: true })
            .await
            .unwrap();
        assert!(target(fixture.settings(), &source).await.reader().is_complete().await.unwrap());
    }
}

/// Each event goes to another stream, so nothing but the order in which they are sent puts them in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn import_keeps_the_order_of_events_of_many_streams() {
    let fixture = Fixture::new();
    let (source, events) = log_of((0..600).map(|_| (new_stream(), sealed_event())).collect()).await;
    // Ids of old events are not claimed, which would be a call each.
    let clock = Arc::new(ManualClock::new(Timestamp::now() + SignedDuration::from_hours(1)));
    let mut import = import(target(fixture.settings(), &source).await.with_clock(clock));
    let places = import.take(&events).await.unwrap();
    assert!(places.is_sorted() && places.len() == 600, "{places:?}");
    let copy = self::target(fixture.settings(), &source).await;
    let there = copy.reader().read_all(Position::START, 1000).await.unwrap();
    let ids = |events: &[Arc<RecordedEvent>]| events.iter().map(|event| event.event.event_id).collect::<Vec<_>>();
    assert_eq!(ids(&there), ids(&events));
}

/// The events before the one that another writer was first with are there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn import_stops_at_a_conflict_among_many_appends() {
    let fixture = Fixture::new();
    let (source, events) = log_of((0..20).map(|_| (new_stream(), sealed_event())).collect()).await;
    let mut import = import(target(fixture.settings(), &source).await);
    import.take(&events[..5]).await.unwrap();
    let (_, foreign) = log_of(vec![(events[10].stream.clone(), sealed_event())]).await;
    target(fixture.settings(), &source).await.append(&foreign).await.unwrap();
    let error = import.take(&events[5..]).await.unwrap_err();
    assert!(matches!(error, ImportError::Differs { number: 6, .. }), "{error}");
}
