//! Inserted events, from a plain copy to one with a valid hash in the right place.

use event_store::{
    RecordedEvent, StreamName, StreamVersion,
    event::time_text,
    hash::{NO_HASH, event_hash},
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{EVENTS, Written, event, positions, tampering};

/// Makes room at a position.
fn shifted(position: u64) -> String {
    format!(
        "update event set position = -position - 1 where position >= {position}; \
         update event set position = -position where position < 0;"
    )
}

/// A forged event with every column valid.
fn forged(stream: &StreamName, after: StreamVersion, prev_hash: [u8; 32], recorded_at: Timestamp) -> RecordedEvent {
    let (event, version) = (event(1), after.next());
    let hash = event_hash(&prev_hash, stream, version, recorded_at, &event);
    let position = event_store::Position(0);
    RecordedEvent { position, stream: stream.clone(), version, recorded_at, event, prev_hash, hash }
}

fn insert(position: u64, forged: &RecordedEvent) -> String {
    let RecordedEvent { stream, version, recorded_at, event, prev_hash, hash, .. } = forged;
    format!(
        "insert into event values ({position}, '{stream}', {version}, x'{}', '{}', {}, '{}', '{}', null, null, x'{}', null, '{}', null, x'{}', x'{}');",
        event.event_id.simple(),
        event.event_type,
        event.schema,
        time_text(*recorded_at),
        event.actor,
        event.correlation_id.simple(),
        event.data,
        hex::encode(prev_hash),
        hex::encode(hash),
    )
}

/// A copy of a row under a new id in a new stream.
fn copied(position: u64, from: u64) -> String {
    format!(
        "insert into event select {position}, 'session-forged', 1, randomblob(16), type, schema, recorded_at, actor, \
         subject, key_id, correlation_id, causation_id, data, personal, zeroblob(32), hash from event where position = {from};"
    )
}

fn new_stream() -> StreamName {
    StreamName::of("session", Uuid::new_v4())
}

#[tokio::test]
async fn copied_event_is_found_where_it_was_inserted() {
    let written = Written::new().await;
    for position in positions("copies") {
        let sql = copied(0, position)
            + &shifted(position)
            + &format!("update event set position = {position} where position = 0;");
        written.is_found(&tampering("copied into the middle", sql, position)).await;
    }
    written.is_found(&tampering("copied to the end", copied(EVENTS + 1, EVENTS), EVENTS + 1)).await;
}

#[tokio::test]
async fn forged_event_with_a_valid_hash_at_the_end_is_found() {
    let written = Written::new().await;
    let last = written.at(EVENTS);
    let later = last.recorded_at + SignedDuration::from_secs(1);
    let in_own_stream = insert(EVENTS + 1, &forged(&new_stream(), StreamVersion::NONE, NO_HASH, later));
    let in_stream = insert(EVENTS + 1, &forged(&last.stream, last.version, last.hash, later));
    for sql in [in_own_stream, in_stream] {
        written.is_found(&tampering("forged at the end", &*sql, EVENTS + 1)).await;
        let with_head = sql + "update head set position = position + 1;";
        written.is_found(&tampering("forged at the end, head moved", with_head, EVENTS + 1)).await;
    }
}

#[tokio::test]
async fn forged_event_with_a_copied_time_is_found_where_it_was_inserted() {
    let written = Written::new().await;
    for position in positions("times").into_iter().filter(|position| *position > 2) {
        for copied_time in [1, position - 2, position - 1] {
            let time = written.at(copied_time).recorded_at;
            let sql = shifted(position) + &insert(position, &forged(&new_stream(), StreamVersion::NONE, NO_HASH, time));
            written.is_found(&tampering("forged with another's time", sql, position)).await;
        }
    }
}

/// Even with a valid time, the next event of the stream no longer links to the one before it.
#[tokio::test]
async fn forged_event_inside_a_stream_is_found_at_the_streams_next_event() {
    let written = Written::new().await;
    for position in positions("streams").into_iter().filter(|position| (2..EVENTS - 20).contains(position)) {
        let before = written.at(position - 1);
        let next =
            written.events.iter().find(|event| event.stream == before.stream && event.position > before.position);
        let next = next.expect("every stream goes on to the end").position.0;
        let time = before.recorded_at + SignedDuration::from_micros(1);
        if time >= written.at(position).recorded_at {
            continue;
        }
        // The forged event takes the version of the next one, which is renumbered.
        let forged = forged(&before.stream, before.version, before.hash, time);
        let renumber = format!(
            "update event set version = -version - 1 where stream = '{0}' and version > {1}; \
             update event set version = -version where stream = '{0}' and version < 0;",
            before.stream, before.version
        );
        let sql = shifted(position) + &renumber + &insert(position, &forged);
        written.is_found(&tampering("forged inside a stream", sql, next + 1)).await;
    }
}

/// In a new stream with a valid hash and time, it is found because the last event no longer matches the head.
#[tokio::test]
async fn relinked_forgery_is_found_by_the_head() {
    let written = Written::new().await;
    let after = |position| written.at(position).recorded_at + SignedDuration::from_micros(1);
    let position = (2..EVENTS).find(|position| written.at(*position).recorded_at > after(position - 1));
    let position = position.expect("appends take more than a microsecond");
    let time = after(position - 1);
    let sql = shifted(position) + &insert(position, &forged(&new_stream(), StreamVersion::NONE, NO_HASH, time));
    written.is_found(&tampering("perfectly forged", sql, EVENTS)).await;
}
