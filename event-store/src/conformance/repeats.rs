//! Repeated appends: a client that missed the answer repeats its append, and nothing is stored twice.

use uuid::Uuid;

use super::{
    fixture::{Fixture, concurrently, ids},
    sample::{full, new_stream, plain, sealed, some},
};
use crate::{
    event::{Actor, SealedEvent, StreamName, StreamVersion},
    port::{AppendError, Expected, Positions},
};

/// Every precondition, most of them wrong for a stream that has grown.
const WAYS: [Expected; 5] = [
    Expected::Any,
    Expected::NoStream,
    Expected::Exact(StreamVersion(0)),
    Expected::Exact(StreamVersion(2)),
    Expected::Exact(StreamVersion(99)),
];

pub(super) async fn a_repeat_answers_as_the_first_time(fixture: &Fixture) {
    for count in [1, 3] {
        let (stream, events) = (new_stream(), some(count));
        let first = fixture.append(&stream, events.clone()).await;
        for expected in WAYS {
            let again = fixture.try_append(&stream, expected, &events).await;
            assert_eq!(again.expect("a repeat is answered"), first, "repeated with {expected:?}");
        }
    }
}

pub(super) async fn a_repeat_answers_as_the_first_time_after_others_appended(fixture: &Fixture) {
    let (stream, events) = (new_stream(), some(2));
    let first = fixture.append(&stream, events.clone()).await;
    fixture.append(&stream, some(4)).await;
    fixture.append(&new_stream(), some(4)).await;
    for expected in WAYS {
        let again = fixture.try_append(&stream, expected, &events).await;
        assert_eq!(again.expect("a repeat is answered"), first, "repeated with {expected:?}");
    }
}

pub(super) async fn a_repeat_stores_nothing(fixture: &Fixture) {
    let (stream, events) = (new_stream(), some(3));
    let first = fixture.append(&stream, events.clone()).await;
    for expected in WAYS {
        drop(fixture.try_append(&stream, expected, &events).await);
    }
    assert_eq!(fixture.stream(&stream).await.len(), 3);
    assert_eq!(fixture.written().await.len(), 3);
    assert_eq!(fixture.store.head().await.expect("the head can be read"), first.last_position);
}

pub(super) async fn a_repeat_sealed_anew_is_the_same(fixture: &Fixture) {
    let (stream, event) = (new_stream(), full());
    let first = fixture.append(&stream, vec![event.clone()]).await;
    let again = SealedEvent { personal: Some(sealed(7, b"the same text under another nonce").into()), ..event.clone() };
    let answer = fixture.try_append(&stream, Expected::NoStream, &[again]).await;
    assert_eq!(answer.expect("the content mark is the same"), first);
    assert_eq!(fixture.stream(&stream).await[0].event, event, "the stored bytes were replaced");
}

pub(super) async fn a_repeat_is_known_by_its_content_alone(fixture: &Fixture) {
    let (stream, event) = (new_stream(), full());
    let first = fixture.append(&stream, vec![event.clone()]).await;
    let again = SealedEvent {
        actor: Actor::new("agent", "another"),
        correlation_id: Uuid::new_v4(),
        causation_id: None,
        ..event.clone()
    };
    let answer = fixture.try_append(&stream, Expected::NoStream, &[again]).await;
    assert_eq!(answer.expect("another request, the same content"), first);
    assert_eq!(fixture.stream(&stream).await[0].event, event, "the stored event was replaced");
}

/// Asserts that an append is refused with the stored event that has the id.
async fn is_other_content(fixture: &Fixture, stream: &StreamName, events: &[SealedEvent], stored: (&StreamName, Uuid)) {
    let known = fixture.find(stored.0, stored.1).await.expect("it is recorded");
    match fixture.try_append(stream, Expected::Any, events).await {
        Err(AppendError::DifferentContent { event_id, stored: named }) => {
            assert_eq!(event_id, stored.1);
            assert_eq!(*named, *known, "another event is named than the one stored");
        }
        other => panic!("answered {other:?}"),
    }
}

pub(super) async fn other_content_under_a_known_id_is_refused(fixture: &Fixture) {
    let (stream, event) = (new_stream(), full());
    fixture.append(&stream, vec![event.clone()]).await;
    let others = [
        SealedEvent { event_type: "conformance.other".into(), ..event.clone() },
        SealedEvent { schema: 2, ..event.clone() },
        SealedEvent { data: "{\"n\":2}".into(), ..event.clone() },
        SealedEvent { data: "{\"n\": 1}".into(), ..event.clone() },
        SealedEvent { personal: Some(sealed(8, b"another text").into()), ..event.clone() },
        SealedEvent { personal: None, key_id: None, ..event.clone() },
    ];
    for other in others {
        is_other_content(fixture, &stream, &[other], (&stream, event.event_id)).await;
    }
    let stored = fixture.stream(&stream).await;
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].event, event);
}

pub(super) async fn a_known_id_in_another_stream_is_refused(fixture: &Fixture) {
    let (stream, other, event) = (new_stream(), new_stream(), plain("{}"));
    fixture.append(&stream, vec![event.clone()]).await;
    if fixture.store.positions() == Positions::Increasing {
        return is_another_event(fixture, (&stream, &other), event).await;
    }
    is_other_content(fixture, &other, std::slice::from_ref(&event), (&stream, event.event_id)).await;
    assert!(fixture.stream(&other).await.is_empty());
}

/// If ids are unique per stream only, the same id in another stream is another event, and each is found in its own stream.
async fn is_another_event(fixture: &Fixture, (stream, other): (&StreamName, &StreamName), event: SealedEvent) {
    let id = event.event_id;
    for _again in 0..2 {
        let answer = fixture.append(other, vec![event.clone()]).await;
        assert_eq!(answer.last_version, StreamVersion(1));
    }
    for name in [stream, other] {
        let found = fixture.find(name, id).await.expect("it is recorded");
        assert_eq!((&found.stream, found.version), (name, StreamVersion(1)));
    }
    assert_eq!(ids(&fixture.written().await), [id, id]);
}

pub(super) async fn a_partial_repeat_is_refused(fixture: &Fixture) {
    let (stream, event) = (new_stream(), plain("{}"));
    fixture.append(&stream, vec![event.clone()]).await;
    let added = plain("{}");
    is_other_content(fixture, &stream, &[event.clone(), added.clone()], (&stream, event.event_id)).await;
    is_other_content(fixture, &stream, &[added.clone(), event.clone()], (&stream, event.event_id)).await;
    assert_eq!(fixture.find(&stream, added.event_id).await, None);
    assert_eq!(fixture.stream(&stream).await.len(), 1);
}

pub(super) async fn a_repeat_in_another_order_is_refused(fixture: &Fixture) {
    let (stream, mut events) = (new_stream(), some(3));
    fixture.append(&stream, events.clone()).await;
    events.swap(0, 2);
    let answer = fixture.try_append(&stream, Expected::Any, &events).await;
    assert!(matches!(answer, Err(AppendError::DifferentContent { .. })), "answered {answer:?}");
    assert_eq!(fixture.stream(&stream).await.len(), 3);
}

/// Some share a batch, some do not; the answer is the same.
pub(super) async fn concurrent_repeats_are_stored_once(fixture: &Fixture) {
    for round in 0..5 {
        let (stream, events) = (new_stream(), some(2));
        let expected = if round % 2 == 0 { Expected::NoStream } else { Expected::Any };
        let answers = concurrently((0..24).map(|_| {
            let (store, stream, events) = (fixture.store.clone(), stream.clone(), events.clone());
            async move { store.append(&stream, expected, events).await }
        }))
        .await;
        let stored = fixture.stream(&stream).await;
        assert_eq!(ids(&stored), events.iter().map(|event| event.event_id).collect::<Vec<_>>());
        for answer in answers {
            let answer = answer.expect("every repeat is answered");
            assert_eq!((answer.last_version, answer.last_position), (StreamVersion(2), stored[1].position));
        }
    }
}

/// An adapter that decides many requests together must not take a late repeat for a conflict.
pub(super) async fn a_repeat_among_new_appends_answers_as_the_first_time(fixture: &Fixture) {
    for _ in 0..5 {
        let (repeated, events) = (new_stream(), some(1));
        let first = fixture.append(&repeated, events.clone()).await;
        fixture.append(&repeated, some(1)).await;
        let answers = concurrently((0..24).map(|writer| {
            let again = (repeated.clone(), Expected::NoStream, events.clone());
            let new = (new_stream(), Expected::NoStream, some(1));
            let (stream, expected, events) = if writer % 3 == 0 { again } else { new };
            let store = fixture.store.clone();
            async move { (writer % 3 == 0, store.append(&stream, expected, events).await) }
        }))
        .await;
        for (is_repeat, answer) in answers {
            let answer = answer.expect("both repeats and new events are answered");
            assert_eq!(answer == first, is_repeat);
        }
    }
}
