//! Answers that break off are never taken for the end of a stream or the log.

use event_store::{EventReader as _, EventStore as _, Expected, Position, ReadError, StreamVersion};
use futures::StreamExt as _;
use journal::Tail;
use protocol_server::Ending;
use tokio::time::timeout;

use super::*;

const ENDINGS: [Ending; 4] = [Ending::ConnectionCut, Ending::Ok, Ending::Unavailable, Ending::TooSlow];

async fn of_forty(fixture: &Fixture) -> (Arc<KurrentLog>, StreamName) {
    let (log, stream) = (fixture.log().await, new_stream());
    for _ in 0..4 {
        log.append(&stream, Expected::Any, events(10)).await.unwrap();
    }
    (log, stream)
}

/// Either the whole stream, or an error.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stream_read_is_complete_or_fails() {
    let fixture = Fixture::new();
    let (log, stream) = of_forty(&fixture).await;
    for ending in ENDINGS {
        for after in [0, 1, 39] {
            fixture.server().faults().on_read(after, ending);
            match log.read_stream(&stream, StreamVersion::NONE, 100).await {
                Err(ReadError::Unavailable(_)) => {}
                other => panic!("{ending:?} after {after}: {:?} events", other.map(|events| events.len())),
            }
            assert_eq!(log.read_stream(&stream, StreamVersion::NONE, 100).await.unwrap().len(), 40);
        }
    }
}

/// The client reports a cut connection and an invalid position alike.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn existing_event_is_never_reported_missing() {
    let fixture = Fixture::new();
    let (log, _) = of_forty(&fixture).await;
    let all = log.read_all(Position::START, 100).await.unwrap();
    for ending in ENDINGS {
        for event in [&all[0], &all[20], &all[39]] {
            for failures in [1, 2] {
                fixture.server().faults().on_reads(0, ending, failures);
                match log.read_at(event.position).await {
                    Ok(Some(found)) => assert_eq!(found, *event, "{ending:?}"),
                    Err(ReadError::Unavailable(_)) => {}
                    other => panic!("{ending:?}, {failures}: {other:?}"),
                }
                fixture.server().faults().clear();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_read_has_no_gap_and_ends_at_the_head() {
    let fixture = Fixture::new();
    let (log, _) = of_forty(&fixture).await;
    let reader = KurrentLog::open_reader(fixture.settings()).await.unwrap();
    let all = log.read_all(Position::START, 100).await.unwrap();
    for ending in ENDINGS {
        for after in [0, 1, 2, 20, 40] {
            for reader in [&*log as &dyn event_store::EventReader, &*reader] {
                fixture.server().faults().on_reads(after, ending, 1);
                let (mut seen, mut tries) = (Vec::new(), 0);
                loop {
                    let cursor =
                        seen.last().map_or(Position::START, |event: &Arc<event_store::RecordedEvent>| event.position);
                    match reader.read_all(cursor, 30).await {
                        Ok(page) if page.is_empty() => break,
                        Ok(page) => seen.extend(page),
                        Err(ReadError::Unavailable(_)) if tries < 3 => tries += 1,
                        Err(error) => panic!("{ending:?} after {after}: {error}"),
                    }
                }
                assert_eq!(seen, all, "{ending:?} after {after}");
                fixture.server().faults().clear();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_is_never_too_low() {
    let fixture = Fixture::new();
    let (log, _) = of_forty(&fixture).await;
    let head = log.head().await.unwrap();
    for ending in ENDINGS {
        for after in [0, 1] {
            fixture.server().faults().on_read(after, ending);
            match log.head().await {
                Ok(told) => assert_eq!(told, head, "{ending:?} after {after}"),
                Err(ReadError::Unavailable(_)) => {}
                Err(error) => panic!("{ending:?} after {after}: {error}"),
            }
            fixture.server().faults().clear();
        }
    }
    assert_eq!(log.head().await.unwrap(), head);
}

/// Whatever happens to the hints, every event arrives once, in order and soon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscription_survives_the_end_of_its_hints() {
    let fixture = Fixture::new();
    let (log, stream) = of_forty(&fixture).await;
    let mut events_seen = log.subscribe(Position::START);
    let mut wanted = log.read_all(Position::START, 100).await.unwrap();
    for round in 0..3 {
        for ending in [ENDINGS[0], ENDINGS[1], ENDINGS[2], ENDINGS[3], Ending::Silence] {
            {
                let server = fixture.server();
                server.faults().on_subscription(round, ending);
                server.faults().end_subscriptions(ending);
            }
            // Of another node, so that no hint comes from this process.
            let other = fixture.log().await;
            for _ in 0..3 {
                other.append(&stream, Expected::Any, events(1)).await.unwrap();
            }
            wanted = log.read_all(Position::START, 1000).await.unwrap();
        }
    }
    for event in wanted {
        let given = timeout(PATIENCE, events_seen.next()).await.unwrap().unwrap().unwrap();
        assert_eq!(given, event);
    }
}

/// An event that the tail can decode.
fn reopened() -> SealedEvent {
    SealedEvent { event_type: "session.reopened".into(), data: "{}".into(), ..sealed_event() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn event_of_another_node_arrives_at_once() {
    let fixture = Fixture::new();
    let (log, stream) = of_forty(&fixture).await;
    let other = fixture.log().await;
    let tail = Tail::start(log.clone(), log.head().await.unwrap());
    let mut followed = tail.follow(tail.position());
    let mut quickest = Duration::MAX;
    for _ in 0..10 {
        let began = std::time::Instant::now();
        other.append(&stream, Expected::Any, vec![reopened()]).await.unwrap();
        timeout(PATIENCE, followed.next()).await.unwrap().unwrap().unwrap();
        quickest = quickest.min(began.elapsed());
    }
    // The poll alone would be slower than this in one of ten rounds.
    assert!(quickest < Duration::from_millis(500), "{quickest:?}");
}

/// The server limits a page, and each further page begins with the last record of the page before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paged_read_gives_every_event_once() {
    let fixture = Fixture::new();
    let log = fixture.log().await;
    let streams = [new_stream(), new_stream()];
    for n in 0..34 {
        log.append(&streams[n % 2], Expected::Any, events(250)).await.unwrap();
    }
    for limit in [4_000, 4_500, 8_500, usize::MAX] {
        let read = log.read_all(Position::START, limit).await.unwrap();
        assert_eq!(read.len(), limit.min(8_500));
        assert!(read.is_sorted_by(|before, after| before.position < after.position), "{limit}");
    }
}
