//! Positions, versions, times and hashes assigned by the log.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    fixture::{Fixture, concurrently},
    sample::{full, new_stream, some},
};
use crate::{
    event::{StreamName, StreamVersion},
    hash::{NO_HASH, event_hash},
    port::{Expected, Positions},
};

/// Tolerated difference between the clocks of a node and of the log's server.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

/// Appends of several sizes to several streams concurrently, with several writers per stream.
async fn write_mixed(fixture: &Fixture) {
    let streams: Vec<StreamName> = (0..4).map(|_| new_stream()).collect();
    concurrently((0..16).map(|n| {
        let (store, stream) = (fixture.store.clone(), streams[n % 4].clone());
        async move {
            for round in 0..6 {
                let mut events = some(1 + (n + round) % 5);
                events[0] = full();
                store.append(&stream, Expected::Any, events).await.expect("any append of new events is taken");
            }
        }
    }))
    .await;
}

pub(super) async fn positions_follow_each_other(fixture: &Fixture) {
    write_mixed(fixture).await;
    let written = fixture.written().await;
    let mut last = fixture.start;
    for event in &written {
        match fixture.store.positions() {
            Positions::Dense => assert_eq!(event.position, last.next()),
            Positions::Increasing => assert!(event.position > last, "{} follows {last}", event.position),
        }
        last = event.position;
    }
    assert_eq!(fixture.store.head().await.expect("the head can be read"), last);
}

pub(super) async fn versions_are_dense_in_each_stream(fixture: &Fixture) {
    write_mixed(fixture).await;
    let mut streams: HashMap<StreamName, StreamVersion> = HashMap::new();
    for event in fixture.written().await {
        let last = streams.entry(event.stream.clone()).or_default();
        assert_eq!(event.version, last.next(), "at position {}", event.position);
        *last = event.version;
    }
}

/// In the whole log if it is dense, otherwise within each stream. Large appends have many events in one microsecond.
pub(super) async fn times_rise_with_positions(fixture: &Fixture) {
    write_mixed(fixture).await;
    for _ in 0..4 {
        fixture.append(&new_stream(), some(256)).await;
    }
    let mut times: HashMap<Option<StreamName>, Timestamp> = HashMap::new();
    for event in fixture.written().await {
        let scope = match fixture.store.positions() {
            Positions::Dense => None,
            Positions::Increasing => Some(event.stream.clone()),
        };
        let (position, after) = (event.position, event.recorded_at);
        if let Some(before) = times.insert(scope, after) {
            assert!(after > before, "{before}, then {after} at {position}");
        }
        assert_eq!(after.as_nanosecond() % 1000, 0, "{after} has more digits than are stored");
    }
}

pub(super) async fn times_are_those_of_the_append(fixture: &Fixture) {
    let earliest = Timestamp::now() - CLOCKS_DIFFER;
    fixture.append(&new_stream(), some(2)).await;
    let latest = Timestamp::now() + CLOCKS_DIFFER;
    for event in fixture.written().await {
        assert!(event.recorded_at > earliest && event.recorded_at < latest, "recorded at {}", event.recorded_at);
    }
}

pub(super) async fn hashes_chain_each_stream(fixture: &Fixture) {
    write_mixed(fixture).await;
    let mut streams: HashMap<StreamName, [u8; 32]> = HashMap::new();
    for event in fixture.written().await {
        let last = streams.entry(event.stream.clone()).or_insert(NO_HASH);
        assert_eq!(event.prev_hash, *last, "at position {}", event.position);
        let hash = event_hash(last, &event.stream, event.version, event.recorded_at, &event.event);
        assert_eq!(event.hash, hash, "at position {}", event.position);
        *last = hash;
    }
}
