//! A log that is filled from another: what is sent together, what is not sent at all, and who else must not write there.

use event_store::{
    EventReader as _, EventStore as _, Expected, Position, RecordedEvent,
    import::{Chain, Import, ImportError, ImportTarget as _},
    kurrentdb::KurrentImport,
    memory::MemoryStore,
    sequencer::Request,
};
use jiff::{SignedDuration, Timestamp};

use super::{limits::sealed, *};

/// A log in memory, each of its events in one append of its own.
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

/// What one write of the import takes may be more than the server takes: sealed bytes are text there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neighbours_are_sent_together_up_to_the_server_s_limit() {
    let (ground, stream) = (Ground::new(), new_stream());
    let (source, events) = log_of((0..20).map(|_| (stream.clone(), sealed(90 * 1024))).collect()).await;
    let mut import = import(target(ground.settings(), &source).await);
    let places = import.take(&events).await.unwrap();
    assert!(places.is_sorted() && places.len() == 20, "{places:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_of_what_one_event_is_too_large_for() {
    let (ground, stream) = (Ground::new(), new_stream());
    let (source, events) =
        log_of(vec![(stream.clone(), event()), (stream.clone(), sealed(2000)), (stream, event())]).await;
    let settings = ground.settings().with_max_append_bytes(2000);
    let error = import(target(settings.clone(), &source).await).take(&events).await.unwrap_err();
    assert!(matches!(error, ImportError::TooLarge { position: Position(2), limit: 2000, .. }), "{error}");
    let there = target(settings, &source).await.reader().read_all(Position::START, 10).await.unwrap();
    assert!(there.is_empty(), "{there:?}");
}

/// Between its writes, into another stream: nothing but the order of all of them tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_else_writes_there_is_found_with_the_next_write() {
    let ground = Ground::new();
    let (source, events) = log_of((0..6).map(|_| (new_stream(), event())).collect()).await;
    let (_, foreign) = log_of(vec![(new_stream(), event())]).await;
    let mut import = import(target(ground.settings(), &source).await);
    import.take(&events[..3]).await.unwrap();
    let mut another = target(ground.settings(), &source).await;
    another.append(&foreign).await.unwrap();
    let error = import.take(&events[3..]).await.unwrap_err();
    assert!(matches!(error, ImportError::Differs { number: 4, .. }), "{error}");
}

/// Nobody would find there by its id alone what may be tried again, in another stream, after the move.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_that_may_be_tried_again_are_claimed() {
    let (ground, source, stream) = (Ground::new(), MemoryStore::default(), new_stream());
    for age in [SignedDuration::from_mins(20), SignedDuration::from_mins(5)] {
        let request = Request { stream: stream.clone(), expected: Expected::Any, events: events(1) };
        source.append_at(&request, Timestamp::now() - age).unwrap();
    }
    let events = source.read_all(Position::START, 10).await.unwrap();
    import(target(ground.settings(), &source).await).take(&events).await.unwrap();
    let copy = target(ground.settings(), &source).await;
    let owner = async |event: &RecordedEvent| copy.reader().owner(event.event.event_id).await.unwrap();
    assert_eq!((owner(&events[0]).await, owner(&events[1]).await), (None, Some(stream)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_copy_that_is_gone_on_with_is_not_whole_until_it_is_finished_again() {
    let (ground, stream) = (Ground::new(), new_stream());
    let (source, events) = log_of((0..4).map(|_| (stream.clone(), event())).collect()).await;
    for part in [2, 4] {
        let mut copy = import(target(ground.settings(), &source).await);
        copy.take(&events[..part]).await.unwrap();
        assert!(!target(ground.settings(), &source).await.reader().is_complete().await.unwrap());
        copy.finish().await.unwrap();
        assert!(target(ground.settings(), &source).await.reader().is_complete().await.unwrap());
    }
}
