//! Successful appends.

use super::{
    fixture::{Fixture, ids},
    sample::{new_stream, plain, some},
};
use crate::{
    event::StreamVersion,
    port::Expected,
    sequencer::{MAX_EVENT_BYTES, MAX_EVENTS},
};

pub(super) async fn an_append_answers_the_last_version_and_position(fixture: &Fixture) {
    let stream = new_stream();
    let one = fixture.append(&stream, some(1)).await;
    let three = fixture.append(&stream, some(3)).await;
    let stored = fixture.stream(&stream).await;
    assert_eq!(one.last_version, StreamVersion(1));
    assert_eq!(three.last_version, StreamVersion(4));
    assert_eq!(one.last_position, stored[0].position);
    assert_eq!(three.last_position, stored[3].position);
    assert_eq!(fixture.store.head().await.expect("the head can be read"), three.last_position);
}

pub(super) async fn an_append_is_stored_whole_and_in_order(fixture: &Fixture) {
    let stream = new_stream();
    let events = some(40);
    fixture.append(&stream, events.clone()).await;
    let stored = fixture.stream(&stream).await;
    let contents: Vec<_> = stored.iter().map(|recorded| recorded.event.clone()).collect();
    assert_eq!(contents, events);
    assert_eq!(ids(&fixture.written().await), ids(&stored), "the log has other events than the stream");
}

pub(super) async fn an_answered_append_shows_in_every_read(fixture: &Fixture) {
    let stream = new_stream();
    for event in some(10) {
        let before = fixture.store.head().await.expect("the head can be read");
        let id = event.event_id;
        let answer = fixture.append(&stream, vec![event]).await;
        let store = &fixture.store;
        assert_eq!(store.head().await.expect("the head can be read"), answer.last_position);
        assert!(store.find(&stream, id).await.expect("the log can be searched").is_some());
        assert_eq!(ids(&store.read_all(before, 10).await.expect("the log can be read")), [id]);
        let of_stream = store.read_stream_after_position(&stream, before, 10).await;
        assert_eq!(ids(&of_stream.expect("a stream can be read")), [id]);
        assert_eq!(fixture.stream(&stream).await.len() as u64, answer.last_version.0);
    }
}

pub(super) async fn no_stream_appends_to_a_stream_without_events(fixture: &Fixture) {
    let stream = new_stream();
    let answer = fixture.try_append(&stream, Expected::NoStream, &some(2)).await;
    assert_eq!(answer.expect("the stream has no events").last_version, StreamVersion(2));
    assert_eq!(fixture.stream(&stream).await.len(), 2);
}

pub(super) async fn exact_appends_at_that_version(fixture: &Fixture) {
    let stream = new_stream();
    for version in 0..5 {
        let answer = fixture.try_append(&stream, Expected::Exact(StreamVersion(version)), &some(1)).await;
        assert_eq!(answer.expect("the stream is at that version").last_version, StreamVersion(version + 1));
    }
    assert_eq!(fixture.stream(&stream).await.len(), 5);
}

pub(super) async fn any_appends_after_whatever_is_there(fixture: &Fixture) {
    let stream = new_stream();
    for count in 1..=5 {
        let answer = fixture.try_append(&stream, Expected::Any, &some(1)).await;
        assert_eq!(answer.expect("any version will do").last_version, StreamVersion(count));
    }
    assert_eq!(fixture.stream(&stream).await.len(), 5);
}

pub(super) async fn the_largest_append_is_stored(fixture: &Fixture) {
    let (many, large) = (new_stream(), new_stream());
    let most = fixture.append(&many, some(MAX_EVENTS)).await;
    assert_eq!(most.last_version.0, MAX_EVENTS as u64);
    assert_eq!(fixture.stream(&many).await.len(), MAX_EVENTS);

    let text = format!("\"{}\"", "x".repeat(MAX_EVENT_BYTES - 2));
    fixture.append(&large, vec![plain(&text)]).await;
    assert_eq!(*fixture.stream(&large).await[0].event.data, *text);
}
