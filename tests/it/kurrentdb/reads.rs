//! Answers that end in the middle: none is taken for the end of what there is.

use event_store::{EventReader as _, EventStore as _, Expected, Position, ReadError, StreamVersion};
use futures::StreamExt as _;
use journal::Tail;
use protocol_server::Ending;
use tokio::time::timeout;

use super::*;

const ENDINGS: [Ending; 4] = [Ending::ConnectionCut, Ending::Ok, Ending::Unavailable, Ending::TooSlow];

async fn of_forty(ground: &Ground) -> (Arc<KurrentLog>, StreamName) {
    let (log, stream) = (ground.log().await, new_stream());
    for _ in 0..4 {
        log.append(&stream, Expected::Any, events(10)).await.unwrap();
    }
    (log, stream)
}

/// Either all that was asked for, or no answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_read_whole_or_not_at_all() {
    let ground = Ground::new();
    let (log, stream) = of_forty(&ground).await;
    for ending in ENDINGS {
        for after in [0, 1, 39] {
            ground.server().faults().on_read(after, ending);
            match log.read_stream(&stream, StreamVersion::NONE, 100).await {
                Err(ReadError::Unavailable(_)) => {}
                other => panic!("{ending:?} after {after}: {:?} events", other.map(|events| events.len())),
            }
            assert_eq!(log.read_stream(&stream, StreamVersion::NONE, 100).await.unwrap().len(), 40);
        }
    }
}

/// A cut connection looks to the client as a refused number does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_is_there_is_never_called_missing() {
    let ground = Ground::new();
    let (log, _) = of_forty(&ground).await;
    let all = log.read_all(Position::START, 100).await.unwrap();
    for ending in ENDINGS {
        for event in [&all[0], &all[20], &all[39]] {
            for failures in [1, 2] {
                ground.server().faults().on_reads(0, ending, failures);
                match log.read_at(event.position).await {
                    Ok(Some(found)) => assert_eq!(found, *event, "{ending:?}"),
                    Err(ReadError::Unavailable(_)) => {}
                    other => panic!("{ending:?}, {failures}: {other:?}"),
                }
                ground.server().faults().clear();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_read_without_a_hole_and_its_end_is_its_end() {
    let ground = Ground::new();
    let (log, _) = of_forty(&ground).await;
    let reader = KurrentLog::open_reader(ground.settings()).await.unwrap();
    let all = log.read_all(Position::START, 100).await.unwrap();
    for ending in ENDINGS {
        for after in [0, 1, 2, 20, 40] {
            for reader in [&*log as &dyn event_store::EventReader, &*reader] {
                ground.server().faults().on_reads(after, ending, 1);
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
                ground.server().faults().clear();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_head_is_never_told_too_low() {
    let ground = Ground::new();
    let (log, _) = of_forty(&ground).await;
    let head = log.head().await.unwrap();
    for ending in ENDINGS {
        for after in [0, 1] {
            ground.server().faults().on_read(after, ending);
            match log.head().await {
                Ok(told) => assert_eq!(told, head, "{ending:?} after {after}"),
                Err(ReadError::Unavailable(_)) => {}
                Err(error) => panic!("{ending:?} after {after}: {error}"),
            }
            ground.server().faults().clear();
        }
    }
    assert_eq!(log.head().await.unwrap(), head);
}

/// Whatever becomes of the hints: every event comes once and in order, and soon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_outlives_whatever_ends_its_hints() {
    let ground = Ground::new();
    let (log, stream) = of_forty(&ground).await;
    let mut events_seen = log.subscribe(Position::START);
    let mut wanted = log.read_all(Position::START, 100).await.unwrap();
    for round in 0..3 {
        for ending in [ENDINGS[0], ENDINGS[1], ENDINGS[2], ENDINGS[3], Ending::Silence] {
            {
                let server = ground.server();
                server.faults().on_subscription(round, ending);
                server.faults().end_subscriptions(ending);
            }
            // Another node's, so that nothing in this process tells of it.
            let other = ground.log().await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_of_another_node_comes_at_once() {
    let ground = Ground::new();
    let (log, stream) = of_forty(&ground).await;
    let other = ground.log().await;
    let tail = Tail::start(log.clone(), log.head().await.unwrap());
    let mut followed = tail.follow(tail.position());
    let mut quickest = Duration::MAX;
    for _ in 0..10 {
        let began = std::time::Instant::now();
        other.append(&stream, Expected::Any, events(1)).await.unwrap();
        timeout(PATIENCE, followed.next()).await.unwrap().unwrap().unwrap();
        quickest = quickest.min(began.elapsed());
    }
    // Without hints it would be the poll that finds it: then no ten of them are all so quick.
    assert!(quickest < Duration::from_millis(500), "{quickest:?}");
}

/// The server gives no more than so many at a time, and each further answer begins with the record that the last ended with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_takes_several_answers_gives_every_event_once() {
    let ground = Ground::new();
    let log = ground.log().await;
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
