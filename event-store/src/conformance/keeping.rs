//! Stored bytes are returned unchanged, also after the log was closed and opened again.

use super::{
    fixture::{Fixture, ids},
    sample::{full, new_stream, plain, sealed, some},
};
use crate::{
    event::{Position, SealedEvent, StreamVersion},
    port::Expected,
};

/// JSON that an adapter might normalise, or that a text column might change.
const AWKWARD: [&str; 14] = [
    "{}",
    "{ }",
    "{\"b\":1,\"a\":2}",
    "{\"a\" : 1 ,\n\t\"a\":2}\r\n",
    "\n  [1, 2,3]  ",
    "{\"n\":18446744073709551616,\"f\":1.0,\"g\":1e2,\"h\":0.10,\"m\":-0}",
    "{\"t\":\"\\u0041\\/\\u00e9 é e\u{301}\"}",
    "{\"t\":\"电动自行车🚲刹车👩‍👩‍👧‍👦\"}",
    "{\"t\":\"it's \\\"quoted\\\" and $1 ? :x @y \\\\ %s -- ; drop table event\"}",
    "{\"t\":\"\u{feff}\u{200b}\u{202e}\u{2028}\u{7f}\u{80}\u{ffff}\u{10ffff}\"}",
    "{\"t\":\"\\u0001 \\ud83d\\udeb2\"}",
    "{\"t\":\"trailing spaces   \"}   ",
    "\"\"",
    "null",
];

pub(super) async fn every_field_comes_back(fixture: &Fixture) {
    let stream = new_stream();
    let events = vec![full(), plain("{}"), full()];
    fixture.append(&stream, events.clone()).await;
    let stored = fixture.stream(&stream).await;
    assert_eq!(stored.len(), events.len());
    for (stored, event) in stored.iter().zip(&events) {
        assert_eq!(stored.event, *event);
        assert_eq!(stored.stream, stream);
    }
}

pub(super) async fn texts_come_back_unchanged(fixture: &Fixture) {
    let stream = new_stream();
    fixture.append(&stream, AWKWARD.map(plain).to_vec()).await;
    let stored = fixture.stream(&stream).await;
    let texts: Vec<&str> = stored.iter().map(|recorded| &*recorded.event.data).collect();
    assert_eq!(texts, AWKWARD);
}

pub(super) async fn sealed_bytes_come_back_unchanged(fixture: &Fixture) {
    let stream = new_stream();
    let every_byte: Vec<u8> = (0..=255).rev().chain(0..=255).collect();
    let large = every_byte.repeat(600);
    let parts = [sealed(0, &[]), sealed(0xff, &every_byte), sealed(b'\\', &large), sealed(1, &[0; 64])];
    let events = parts.clone().map(|part| SealedEvent { personal: Some(part.into()), ..full() });
    fixture.append(&stream, events.to_vec()).await;
    let stored = fixture.stream(&stream).await;
    for (recorded, part) in stored.iter().zip(&parts) {
        assert_eq!(recorded.event.personal.as_deref(), Some(part.as_slice()));
    }
    assert_eq!(stored.len(), parts.len());
}

pub(super) async fn all_reads_give_the_same_event(fixture: &Fixture) {
    let stream = new_stream();
    fixture.append(&stream, vec![full(), plain("{}"), full()]).await;
    let (store, written) = (&fixture.store, fixture.written().await);
    assert_eq!(fixture.stream(&stream).await, written);
    let of_stream = store.read_stream_after_position(&stream, Position::START, 10).await;
    assert_eq!(of_stream.expect("a stream can be read"), written);
    for event in &written {
        assert_eq!(fixture.find(&stream, event.event.event_id).await.as_ref(), Some(event));
        let at = store.read_at(event.position).await.expect("the log can be read");
        assert_eq!(at.as_ref(), Some(event));
    }
    fixture.expect_next(&mut store.subscribe(fixture.start), &written).await;
}

pub(super) async fn events_survive_reopening(fixture: &Fixture) {
    let stream = new_stream();
    fixture.append(&stream, AWKWARD.map(plain).to_vec()).await;
    fixture.append(&new_stream(), vec![full(), full()]).await;
    let (written, head) = (fixture.written().await, fixture.store.head().await.expect("the head can be read"));
    let Some(store) = fixture.reopened().await else { return };
    assert_eq!(store.head().await.expect("the head can be read"), head);
    assert_eq!(store.read_all(fixture.start, 1000).await.expect("the log can be read"), written);
    let of_stream = store.read_stream(&stream, StreamVersion::NONE, 1000).await;
    assert_eq!(of_stream.expect("a stream can be read"), written[..AWKWARD.len()]);
}

pub(super) async fn numbering_and_repeats_go_on_after_reopening(fixture: &Fixture) {
    let (stream, events) = (new_stream(), some(3));
    fixture.append(&new_stream(), some(2)).await;
    let first = fixture.append(&stream, events.clone()).await;
    let Some(store) = fixture.reopened().await else { return };
    let again = store.append(&stream, Expected::NoStream, events).await;
    assert_eq!(again.expect("a repeat is answered"), first);
    let next = store.append(&stream, Expected::Exact(StreamVersion(3)), some(1)).await;
    let next = next.expect("the stream is where it was");
    let written = store.read_all(fixture.start, 1000).await.expect("the log can be read");
    assert_eq!(written.len(), 6);
    assert_eq!((written[5].version, written[5].position), (next.last_version, next.last_position));
    assert_eq!(written[5].prev_hash, written[4].hash);
    assert!(written[5].recorded_at > written[4].recorded_at && written[5].position > written[4].position);
    assert_eq!(ids(&store.read_stream(&stream, StreamVersion(2), 9).await.expect("a stream can be read")).len(), 2);
}

pub(super) async fn the_identity_stays(fixture: &Fixture) {
    let identity = fixture.store.identity().await.expect("the identity can be read");
    assert!(identity.generation > 0 && !identity.log_id.is_nil());
    fixture.append(&new_stream(), some(1)).await;
    assert_eq!(fixture.store.identity().await.expect("the identity can be read"), identity);
    if let Some(store) = fixture.reopened().await {
        assert_eq!(store.identity().await.expect("the identity can be read"), identity);
    }
}
