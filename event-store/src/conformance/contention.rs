//! Many concurrent writers: no event is lost, duplicated or stored in place of another.

use std::{collections::HashSet, sync::Arc};

use super::{
    fixture::{Fixture, concurrently, ids},
    sample::{new_stream, some},
};
use crate::{
    event::{SealedEvent, StreamName, StreamVersion},
    port::{AppendError, Appended, EventStore, Expected},
};

const WRITERS: usize = 32;

async fn append(
    store: Arc<dyn EventStore>,
    stream: StreamName,
    expected: Expected,
    events: Vec<SealedEvent>,
) -> Result<Appended, AppendError> {
    store.append(&stream, expected, events).await
}

pub(super) async fn many_writers_to_one_stream_are_all_stored_once(fixture: &Fixture) {
    let stream = new_stream();
    let mut wanted = HashSet::new();
    for _ in 0..4 {
        let brought: Vec<_> = (0..WRITERS).map(|n| some(1 + n % 3)).collect();
        wanted.extend(brought.iter().flatten().map(|event| event.event_id));
        let appends = brought.clone().into_iter();
        let answers =
            concurrently(appends.map(|events| append(fixture.store.clone(), stream.clone(), Expected::Any, events)))
                .await;
        for (answer, events) in answers.into_iter().zip(brought) {
            answers_its_own(fixture, &stream, answer.expect("any append is taken"), &events).await;
        }
    }
    let stored = fixture.stream(&stream).await;
    assert_eq!(stored.len(), wanted.len());
    assert_eq!(ids(&stored).into_iter().collect::<HashSet<_>>(), wanted);
    assert_eq!(fixture.written().await, stored);
}

/// The answer refers to the append's own events, which are consecutive.
async fn answers_its_own(fixture: &Fixture, stream: &StreamName, answer: Appended, events: &[SealedEvent]) {
    let before = StreamVersion(answer.last_version.0 - events.len() as u64);
    let stored = fixture.store.read_stream(stream, before, events.len()).await.expect("a stream can be read");
    let contents: Vec<_> = stored.iter().map(|recorded| recorded.event.clone()).collect();
    assert_eq!(contents, events, "the answer refers to another append's events");
    assert_eq!(stored.last().map(|event| event.position), Some(answer.last_position));
}

pub(super) async fn many_streams_at_once_are_all_stored_once(fixture: &Fixture) {
    let streams: Vec<_> = (0..WRITERS).map(|_| new_stream()).collect();
    let appends = streams.iter().flat_map(|stream| [stream, stream]);
    let answers =
        concurrently(appends.map(|stream| append(fixture.store.clone(), stream.clone(), Expected::Any, some(2)))).await;
    let positions: HashSet<_> = answers.into_iter().map(|a| a.expect("any append is taken").last_position).collect();
    assert_eq!(positions.len(), 2 * WRITERS, "two appends got the same position");
    assert_eq!(fixture.written().await.len(), 4 * WRITERS);
    for stream in &streams {
        assert_eq!(fixture.stream(stream).await.len(), 4);
    }
}

/// In each round many writers append at the same version.
pub(super) async fn one_exact_writer_wins_each_version(fixture: &Fixture) {
    let stream = new_stream();
    for version in 0..6 {
        let expected = Expected::Exact(StreamVersion(version));
        one_wins(fixture, &stream, expected, version + 1).await;
    }
    assert_eq!(fixture.stream(&stream).await.len(), 6);
}

pub(super) async fn one_writer_makes_a_stream(fixture: &Fixture) {
    for _ in 0..6 {
        let stream = new_stream();
        one_wins(fixture, &stream, Expected::NoStream, 1).await;
        assert_eq!(fixture.stream(&stream).await.len(), 1);
    }
}

/// Every writer reserves the id for its own stream, and appends if it is the owner: one event is stored. Later reservations return
/// that owner.
pub(super) async fn an_id_reserved_by_many_streams_belongs_to_one(fixture: &Fixture) {
    for _ in 0..4 {
        let event = some(1).remove(0);
        let id = event.event_id;
        let claims = (0..WRITERS).map(|_| reserve_and_append(fixture.store.clone(), new_stream(), event.clone()));
        let mut owners: Vec<StreamName> = concurrently(claims).await.into_iter().flatten().collect();
        assert_eq!(owners.len(), 1, "the event was stored for {}", owners.len());
        let owner = owners.remove(0);
        for asked in [&owner, &new_stream()] {
            let told = fixture.store.reserve(id, asked).await.expect("an id can be reserved");
            assert_eq!(told, owner, "it is reserved a second time");
        }
        assert_eq!(fixture.store.owner(id).await.expect("the owner of an id can be asked for"), Some(owner.clone()));
        assert_eq!(ids(&fixture.stream(&owner).await), [id]);
    }
    let unknown = fixture.store.owner(uuid::Uuid::new_v4()).await;
    assert_eq!(unknown.expect("the owner of an id can be asked for"), None);
    assert_eq!(fixture.written().await.len(), 4, "a reservation shows as an event");
}

/// The stream, if the event was stored there.
async fn reserve_and_append(store: Arc<dyn EventStore>, own: StreamName, event: SealedEvent) -> Option<StreamName> {
    let owner = store.reserve(event.event_id, &own).await.expect("an id can be reserved");
    if owner != own {
        return None;
    }
    match store.append(&own, Expected::NoStream, vec![event]).await {
        Ok(_) => Some(own),
        Err(AppendError::DifferentContent { .. }) => None,
        Err(other) => panic!("a late writer got {other}"),
    }
}

async fn one_wins(fixture: &Fixture, stream: &StreamName, expected: Expected, then: u64) {
    let brought: Vec<_> = (0..WRITERS).map(|_| some(1)).collect();
    let appends = brought.clone().into_iter();
    let answers =
        concurrently(appends.map(|events| append(fixture.store.clone(), stream.clone(), expected, events))).await;
    let mut winners = Vec::new();
    for (answer, events) in answers.into_iter().zip(brought) {
        match answer {
            Ok(appended) => {
                assert_eq!(appended.last_version, StreamVersion(then));
                winners.push(events[0].event_id);
            }
            Err(AppendError::WrongExpectedVersion { actual, .. }) => assert_eq!(actual, StreamVersion(then)),
            Err(other) => panic!("a late writer got {other}"),
        }
    }
    let stored = fixture.stream(stream).await;
    assert_eq!(winners.len(), 1, "{} writers succeeded at one version", winners.len());
    assert_eq!(ids(&stored).last(), winners.last(), "the winner's event is not the one stored");
}
