//! Positions that no event has: invented ones, or those of another log. The server itself refuses them.

use event_store::{EventReader, EventStore as _, Expected, Position, StreamVersion};
use protocol_server::InvalidPosition;

use super::*;

/// More than a page of foreign events in alternating streams.
async fn long(fixture: &Fixture) -> (Arc<KurrentLog>, Vec<StreamName>) {
    let (log, streams) = (fixture.log().await, vec![new_stream(), new_stream()]);
    for _ in 0..4 {
        for stream in &streams {
            log.append(stream, Expected::Any, events(160)).await.unwrap();
        }
    }
    (log, streams)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_accept_any_position() {
    for (invalid_position, refuse_positions_behind_the_end) in
        [(InvalidPosition::Unknown, false), (InvalidPosition::InvalidArgument, true)]
    {
        let fixture =
            Fixture::with(Options { invalid_position, refuse_positions_behind_the_end, ..Options::default() });
        let (log, streams) = long(&fixture).await;
        let all = log.read_all(Position::START, 10_000).await.unwrap();
        assert_eq!(all.len(), 1280);
        let reader = KurrentLog::open_reader(fixture.settings()).await.unwrap();
        for log in [&*log as &dyn EventReader, &*reader] {
            for place in [0, 1, 500, 640, 700, 1278, 1279] {
                let event = &all[place];
                for (number, first) in [(event.position.0 - 1, place), (event.position.0 + 1, place + 1)] {
                    let expected: Vec<_> = all[first..].iter().take(3).cloned().collect();
                    assert_eq!(log.read_all(Position(number), 3).await.unwrap(), expected, "after {number}");
                    assert_eq!(log.read_at(Position(number)).await.unwrap(), None, "at {number}");
                    let of_stream = log.read_stream_after_position(&streams[0], Position(number), 2).await.unwrap();
                    let rest = all[first..].iter().filter(|event| event.stream == streams[0]);
                    assert_eq!(of_stream, rest.take(2).cloned().collect::<Vec<_>>(), "of a stream after {number}");
                }
            }
            for beyond in [1, 1000, 1 << 40, (1 << 53) - 2, 1 << 53, u64::MAX - all[1279].position.0] {
                let number = Position(all[1279].position.0 + beyond);
                assert_eq!(log.read_all(number, 3).await.unwrap(), [], "after {number}");
                assert_eq!(log.read_at(number).await.unwrap(), None, "at {number}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_events_between_ours_are_skipped() {
    let fixture = Fixture::with(Options { stats_every: 1, ..Options::default() });
    let (log, stream) = (fixture.log().await, new_stream());
    let mut foreign = Vec::new();
    for n in 0..60 {
        foreign.push(fixture.write("Foreign", "Happened", &serde_json::json!({"n": n})).await);
        log.append(&stream, Expected::Any, events(1)).await.unwrap();
    }
    for n in 0..40 {
        foreign.push(fixture.write("Foreign", "Happened", &serde_json::json!({"n": n})).await);
    }
    let all = log.read_all(Position::START, 1000).await.unwrap();
    assert_eq!(all, log.read_stream(&stream, StreamVersion::NONE, 1000).await.unwrap());
    assert_eq!((all.len(), log.head().await.unwrap()), (60, all[59].position));
    let fresh = fixture.log().await;
    assert_eq!(fresh.head().await.unwrap(), all[59].position);
    assert_eq!(fresh.read_all(all[59].position, 10).await.unwrap(), []);
    for place in foreign {
        assert_eq!(log.read_at(place).await.unwrap(), None, "what stands at {place} is not ours");
    }
}
