//! An attacker who recomputes hashes, so that the rewritten log verifies without checkpoints.

use std::{collections::HashMap, sync::Arc};

use event_store::{
    Position, RecordedEvent, StreamName, StreamVersion,
    event::time_text,
    hash::{NO_HASH, event_hash},
};
use jiff::SignedDuration;

/// SQL literals of a database.
#[derive(Clone, Copy)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// The events with new positions, times, links and hashes, as if appended one after the other.
pub(crate) fn relinked(events: &[Arc<RecordedEvent>]) -> Vec<RecordedEvent> {
    let mut streams: HashMap<StreamName, (StreamVersion, [u8; 32])> = HashMap::new();
    let mut forged: Vec<RecordedEvent> = Vec::with_capacity(events.len());
    for event in events {
        let (version, prev_hash) =
            streams.get(&event.stream).map_or((StreamVersion(1), NO_HASH), |(last, hash)| (last.next(), *hash));
        let soonest = forged.last().map(|before| before.recorded_at + SignedDuration::from_micros(1));
        let recorded_at = soonest.map_or(event.recorded_at, |soonest| event.recorded_at.max(soonest));
        let hash = event_hash(&prev_hash, &event.stream, version, recorded_at, &event.event);
        streams.insert(event.stream.clone(), (version, hash));
        let position = Position(forged.len() as u64 + 1);
        forged.push(RecordedEvent { position, version, recorded_at, prev_hash, hash, ..(**event).clone() });
    }
    forged
}

/// The statements that replace the log by these events, with a matching head.
pub(crate) fn replacing_all(events: &[RecordedEvent], dialect: Dialect) -> String {
    let rows = events.iter().map(|event| inserting(event, dialect)).collect::<String>();
    format!("delete from event; {rows} {}", moving_head(events.last(), dialect))
}

/// The statement that sets the head to this event.
pub(crate) fn moving_head(last: Option<&RecordedEvent>, dialect: Dialect) -> String {
    let (position, time, hash) = last.map_or((0, "1970-01-01T00:00:00.000000Z".to_owned(), NO_HASH), |last| {
        (last.position.0, last.recorded_at_text(), last.hash)
    });
    format!("update head set position = {position}, recorded_at = '{time}', hash = {};", bytes(&hash, dialect))
}

pub(crate) fn inserting(recorded: &RecordedEvent, dialect: Dialect) -> String {
    let RecordedEvent { position, stream, version, recorded_at, event, prev_hash, hash } = recorded;
    let optional = |value: Option<&[u8]>| value.map_or("null".to_owned(), |value| bytes(value, dialect));
    let text = |value: &str| format!("'{}'", value.replace('\'', "''"));
    format!(
        "insert into event values ({position}, '{stream}', {version}, {}, {}, {}, '{}', {}, {}, {}, {}, {}, {}, {}, {}, {});",
        bytes(event.event_id.as_bytes(), dialect),
        text(&event.event_type),
        event.schema,
        time_text(*recorded_at),
        text(event.actor.as_str()),
        optional(event.subject.as_ref().map(|id| id.as_bytes().as_slice())),
        event.key_id.as_deref().map_or("null".to_owned(), text),
        bytes(event.correlation_id.as_bytes(), dialect),
        optional(event.causation_id.as_ref().map(|id| id.as_bytes().as_slice())),
        text(&event.data),
        optional(event.personal.as_deref()),
        bytes(prev_hash, dialect),
        bytes(hash, dialect),
    )
}

fn bytes(value: &[u8], dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => format!("x'{}'", hex::encode(value)),
        Dialect::Postgres => format!("'\\x{}'::bytea", hex::encode(value)),
    }
}

/// The change that precedes the rewrite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forgery {
    Changed,
    Removed,
    Inserted,
    SwappedWithinAStream,
    SwappedAcrossStreams,
    Retimed,
}

pub(crate) const FORGERIES: [Forgery; 6] = [
    Forgery::Changed,
    Forgery::Removed,
    Forgery::Inserted,
    Forgery::SwappedWithinAStream,
    Forgery::SwappedAcrossStreams,
    Forgery::Retimed,
];

impl Forgery {
    /// The log with this done to the event at a position, and everything from there on made to fit; none where the log has
    /// nothing to swap that event with.
    pub(crate) fn of(self, events: &[Arc<RecordedEvent>], position: u64) -> Option<Vec<RecordedEvent>> {
        let mut events = events.to_vec();
        let at = position as usize - 1;
        match self {
            Self::Changed => Arc::make_mut(&mut events[at]).event.data = "{\"n\":0}".into(),
            Self::Removed => drop(events.remove(at)),
            Self::Inserted => {
                let mut more = (*events[at]).clone();
                more.event.event_id = uuid::Uuid::new_v4();
                events.insert(at, Arc::new(more));
            }
            Self::SwappedWithinAStream => {
                let next = (at + 1..events.len()).find(|next| events[*next].stream == events[at].stream)?;
                events.swap(at, next);
            }
            Self::SwappedAcrossStreams => {
                let next = (at + 1..events.len()).find(|next| events[*next].stream != events[at].stream)?;
                events.swap(at, next);
            }
            Self::Retimed => {
                let event = Arc::make_mut(&mut events[at]);
                event.recorded_at += SignedDuration::from_micros(1);
            }
        }
        Some(relinked(&events))
    }
}
