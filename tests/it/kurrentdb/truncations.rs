//! Truncated, deleted and foreign streams, and what `verify` reports about them.

use event_store::{
    AppendError, EventReader, EventStore as _, Expected, Position, ReadError, StreamVersion,
    verify::{Flaw, verify},
};
use eventstore::{DeleteStreamOptions, TombstoneStreamOptions};
use protocol_server::Ending;

use super::*;

async fn flaw(log: &dyn EventReader) -> Option<(Position, Flaw)> {
    verify(log, |_| ()).await.unwrap().first_flaw.map(|first| (first.to, first.flaw))
}

/// Three streams of six events each, and the positions of the second one's.
async fn three_streams(fixture: &Fixture) -> (Arc<KurrentLog>, StreamName, Vec<Position>) {
    let log = fixture.log().await;
    let streams: Vec<StreamName> = (0..3).map(|_| new_stream()).collect();
    for _ in 0..6 {
        for stream in &streams {
            log.append(stream, Expected::Any, events(1)).await.unwrap();
        }
    }
    assert_eq!(flaw(&*log).await, None);
    let positions = log.read_stream(&streams[1], StreamVersion::NONE, 10).await.unwrap();
    (log, streams[1].clone(), positions.iter().map(|event| event.position).collect())
}

async fn describe(fixture: &Fixture, stream: &StreamName, metadata: &serde_json::Value) {
    fixture.write(&format!("$${stream}"), "$metadata", metadata).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truncated_stream_is_reported_before_and_after_the_scavenge() {
    let fixture = Fixture::new();
    let (log, stream, positions) = three_streams(&fixture).await;
    describe(&fixture, &stream, &serde_json::json!({"$tb": 2})).await;
    let withheld = Flaw::Withheld { stream: stream.clone(), what: "$tb is 2".to_owned() };
    assert_eq!(flaw(&*log).await, Some((positions[0], withheld)));
    let first = log.read_at(positions[0]).await.unwrap().expect("it is still in the log");
    let found = log.find(&stream, first.event.event_id).await;
    assert!(matches!(found, Err(ReadError::Damaged { .. })), "where it stood, another stands: {found:?}");
    let left = log.read_stream(&stream, StreamVersion::NONE, 10).await.unwrap();
    assert_eq!(left.first().map(|event| event.version), Some(StreamVersion(3)), "the stream's readers miss it at once");
    // A process without the stream in memory cannot know its events, and must stop.
    let answer = fixture.log().await.append(&stream, Expected::Any, events(1)).await;
    let Err(AppendError::Unavailable(why)) = answer else { panic!("{answer:?}") };
    assert!(why.to_string().contains(&format!("stream {stream} has version 3 instead of 1")), "{why}");

    assert_eq!(fixture.server().scavenge().unwrap(), 2);
    let gone = Flaw::Gone { stream: stream.clone(), from: StreamVersion(1), to: StreamVersion(2) };
    assert_eq!(flaw(&*log).await, Some((positions[2], gone.clone())));
    assert!(gone.to_string().contains(&format!("events 1 to 2 of stream {stream} are gone: truncated or scavenged")));
    // Removing the metadata restores nothing.
    describe(&fixture, &stream, &serde_json::json!({})).await;
    assert_eq!(flaw(&*log).await, Some((positions[2], gone)));
}

/// An answer that ends early without an error is not taken as complete.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reported_truncations_are_read_completely() {
    let fixture = Fixture::new();
    let (log, stream, _) = three_streams(&fixture).await;
    let another = new_stream();
    log.append(&another, Expected::Any, events(1)).await.unwrap();
    for told in [&stream, &another] {
        describe(&fixture, told, &serde_json::json!({"$tb": 1})).await;
    }
    fixture.server().faults().on_reads(1, Ending::Ok, 2);
    let cut = log.truncations().await;
    assert!(matches!(cut, Err(ReadError::Unavailable(_))), "{cut:?}");
    assert_eq!(log.truncations().await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stream_with_max_count_or_max_age_is_reported() {
    for (metadata, what) in [
        (serde_json::json!({"$maxCount": 4}), "$maxCount is 4"),
        (serde_json::json!({"$maxAge": 86400}), "$maxAge is 86400"),
    ] {
        let fixture = Fixture::new();
        let (log, stream, positions) = three_streams(&fixture).await;
        describe(&fixture, &stream, &metadata).await;
        let withheld = Flaw::Withheld { stream: stream.clone(), what: what.to_owned() };
        assert_eq!(flaw(&*log).await, Some((positions[0], withheld)));
        describe(&fixture, &stream, &serde_json::json!({"$acl": {"$r": "$all"}})).await;
        assert_eq!(flaw(&*log).await, None, "it was taken back before anything was scavenged");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_stream_is_reported() {
    let fixture = Fixture::new();
    let (log, stream, positions) = three_streams(&fixture).await;
    let client = fixture.client("");
    client.delete_stream(stream.as_str(), &DeleteStreamOptions::default()).await.unwrap();
    match flaw(&*log).await {
        Some((position, Flaw::Withheld { stream: told, .. })) => {
            assert_eq!((position, told), (positions[0], stream.clone()))
        }
        other => panic!("{other:?}"),
    }
    fixture.server().scavenge().unwrap();
    let found = flaw(&*log).await.expect("it is gone");
    assert!(
        matches!(&found.1, Flaw::Gone { stream: told, .. } | Flaw::Withheld { stream: told, .. } if *told == stream),
        "{found:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tombstoned_stream_is_reported_and_refuses_appends() {
    let fixture = Fixture::new();
    let (log, stream, _) = three_streams(&fixture).await;
    let other = fixture.log().await;
    fixture.client("").tombstone_stream(stream.as_str(), &TombstoneStreamOptions::default()).await.unwrap();
    for log in [&log, &other] {
        let refused = log.append(&stream, Expected::Any, events(1)).await;
        assert!(matches!(refused, Err(AppendError::Refused(_))), "{refused:?}");
        match log.read_stream(&stream, StreamVersion::NONE, 10).await {
            Err(ReadError::Damaged { what, .. }) => assert!(what.contains("was deleted"), "{what}"),
            other => panic!("{other:?}"),
        }
    }
    match flaw(&*log).await {
        Some((_, Flaw::Damaged { what })) => {
            assert!(what.contains(stream.as_str()) && what.contains("tombstone"), "{what}")
        }
        other => panic!("{other:?}"),
    }
}

/// Events of another program in streams with our names stop the reader, with the reason; names that only look like ours do not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_event_is_named() {
    let fixture = Fixture::new();
    let log = fixture.log().await;
    log.append(&new_stream(), Expected::Any, events(1)).await.unwrap();
    fixture.write("order-4711", "OrderPlaced", &serde_json::json!({"total": 12})).await;
    fixture.write("session-foreign", "OrderPlaced", &serde_json::json!({"total": 12})).await;
    fixture.write("$stats-x", "$statsCollected", &serde_json::json!({})).await;
    fixture.write("Orders", "OrderPlaced", &serde_json::json!({})).await;
    assert_eq!(log.read_all(Position::START, 10).await.unwrap().len(), 1);
    assert_eq!(log.head().await.unwrap(), log.read_all(Position::START, 10).await.unwrap()[0].position);
    let ours = new_stream();
    fixture.write(ours.as_str(), "OrderPlaced", &serde_json::json!({"total": 12})).await;
    match log.read_all(Position::START, 10).await {
        Err(ReadError::Damaged { position, what }) => {
            assert!(position > Position::START && what.contains(ours.as_str()), "{position}: {what}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(log.read_all(Position::START, 1).await.unwrap().len(), 1, "what stands before it can be read");
}
