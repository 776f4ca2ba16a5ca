//! Refused appends, which leave nothing behind.

use super::{
    fixture::{Fixture, ids},
    sample::{full, new_stream, plain, some},
};
use crate::{
    event::{Actor, SealedEvent, StreamName, StreamVersion},
    port::{AppendError, Expected, Positions},
    sequencer::{MAX_EVENT_BYTES, MAX_EVENTS},
};

/// Asserts that an append is refused for its version, with the actual version.
async fn is_refused_at(fixture: &Fixture, stream: &StreamName, expected: Expected, at: u64) {
    match fixture.try_append(stream, expected, &some(2)).await {
        Err(AppendError::WrongExpectedVersion { stream: named, expected: asked, actual }) => {
            assert_eq!((&named, asked, actual), (stream, expected, StreamVersion(at)));
        }
        other => panic!("{expected:?} on a stream at {at} gave {other:?}"),
    }
    assert_eq!(fixture.stream(stream).await.len() as u64, at, "a refused append was stored");
}

/// Asserts that an append is refused as invalid.
async fn is_refused(fixture: &Fixture, events: &[SealedEvent]) {
    let stream = new_stream();
    let answer = fixture.try_append(&stream, Expected::Any, events).await;
    assert!(matches!(answer, Err(AppendError::Refused(_))), "answered {answer:?}");
    assert!(fixture.stream(&stream).await.is_empty(), "a refused append was stored");
    assert!(fixture.written().await.is_empty(), "a refused append is in the log");
    for event in events.iter().take(3) {
        assert_eq!(fixture.find(&stream, event.event_id).await, None);
    }
}

pub(super) async fn no_stream_is_refused_once_the_stream_has_events(fixture: &Fixture) {
    let stream = new_stream();
    fixture.append(&stream, some(1)).await;
    is_refused_at(fixture, &stream, Expected::NoStream, 1).await;
    fixture.append(&stream, some(2)).await;
    is_refused_at(fixture, &stream, Expected::NoStream, 3).await;
}

pub(super) async fn exact_is_refused_at_another_version(fixture: &Fixture) {
    let stream = new_stream();
    is_refused_at(fixture, &stream, Expected::Exact(StreamVersion(1)), 0).await;
    fixture.append(&stream, some(3)).await;
    for version in [0, 1, 2, 4, 5, u64::MAX] {
        is_refused_at(fixture, &stream, Expected::Exact(StreamVersion(version)), 3).await;
    }
}

pub(super) async fn an_empty_append_is_refused(fixture: &Fixture) {
    is_refused(fixture, &[]).await;
}

pub(super) async fn an_append_over_the_limits_is_refused(fixture: &Fixture) {
    is_refused(fixture, &some(MAX_EVENTS + 1)).await;
    is_refused(fixture, &[plain(&"x".repeat(MAX_EVENT_BYTES + 1))]).await;
    let half = "x".repeat(MAX_EVENT_BYTES / 2 + 1);
    is_refused(fixture, &[plain(&half), plain(&half)]).await;
    is_refused(
        fixture,
        &[SealedEvent { personal: Some(half.as_bytes().into()), data: half.as_str().into(), ..full() }],
    )
    .await;
}

pub(super) async fn one_id_twice_in_an_append_is_refused(fixture: &Fixture) {
    let event = plain("{}");
    let other = SealedEvent { data: "[]".into(), ..event.clone() };
    is_refused(fixture, &[event.clone(), event.clone()]).await;
    is_refused(fixture, &[event.clone(), plain("{}"), other]).await;
}

pub(super) async fn a_text_with_nul_is_refused(fixture: &Fixture) {
    let bad = [
        plain("\0"),
        SealedEvent { event_type: "conformance\0".into(), ..plain("{}") },
        SealedEvent { actor: Actor::new("system", "\0"), ..plain("{}") },
        SealedEvent { key_id: Some("\0".into()), ..full() },
    ];
    for event in bad {
        is_refused(fixture, &[plain("{}"), event]).await;
    }
}

pub(super) async fn a_sealed_part_without_its_key_is_refused(fixture: &Fixture) {
    is_refused(fixture, &[SealedEvent { key_id: None, ..full() }]).await;
    is_refused(fixture, &[SealedEvent { personal: None, ..full() }]).await;
}

pub(super) async fn a_refused_append_leaves_nothing(fixture: &Fixture) {
    let stream = new_stream();
    let known = plain("{}");
    fixture.append(&stream, vec![known.clone()]).await;
    let before = fixture.store.head().await.expect("the head can be read");
    let changed = SealedEvent { data: "[]".into(), ..known.clone() };
    let attempts = [
        (Expected::NoStream, some(3)),
        (Expected::Exact(StreamVersion(7)), some(3)),
        (Expected::Any, vec![plain("{}"), changed.clone()]),
        (Expected::Any, vec![changed, plain("{}")]),
    ];
    for (expected, events) in attempts {
        let refused = fixture.try_append(&stream, expected, &events).await;
        assert!(refused.is_err(), "{expected:?} gave {refused:?}");
        assert_eq!(fixture.store.head().await.expect("the head can be read"), before);
        for event in events.iter().filter(|event| event.event_id != known.event_id) {
            assert_eq!(fixture.find(&stream, event.event_id).await, None);
        }
    }
    assert_eq!(ids(&fixture.written().await), [known.event_id]);
    let next = fixture.append(&stream, some(1)).await;
    assert_eq!(next.last_version, StreamVersion(2), "a refused append took a version");
    if fixture.store.positions() == Positions::Dense {
        assert_eq!(next.last_position, before.next(), "a refused append took a position");
    }
    assert_eq!(fixture.stream(&stream).await.len(), 2);
}
