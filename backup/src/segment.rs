//! A segment: consecutive events as they are stored in the log, with what links them to the segment before them.
//!
//! Invariant: an event comes out byte for byte as it went in; whether it proves itself is up to whoever imports it.

use std::sync::Arc;

use event_store::{
    Actor, Identity, Position, Positions, RecordedEvent, SealedEvent, StreamName, StreamVersion, event::parse_time_text,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    fields::{FieldReader, FieldWriter},
    key::{BackupKey, Sealed},
    sealed_file::{self, FileDigest, Flaw},
};

/// What stands in plain before a segment's events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentHead {
    /// Whose events they are.
    pub log: Identity,
    /// From 1, without holes.
    pub number: u64,
    /// Position of the first event.
    pub first: Position,
    /// Position of the last event.
    pub last: Position,
    /// How many events it has.
    pub events: u64,
    /// How many events the segments before it have.
    pub events_before: u64,
    /// SHA-256 in the segment before it, in hexadecimal digits; zeros in the first.
    pub previous: String,
    /// Hash of the last event.
    pub last_hash: String,
    /// When the last event was recorded.
    pub recorded_at: String,
    /// Whether the log numbers its events without holes.
    pub is_dense: bool,
    /// In a log without holes: the number of events after which times rise from event to event.
    pub times_rise_after: u64,
    /// The newest round of keys that was there, and the number of its newest file.
    pub keys: (u64, u64),
}

impl SegmentHead {
    /// How the log assigns positions.
    #[must_use]
    pub fn positions(&self) -> Positions {
        if self.is_dense { Positions::Dense } else { Positions::Increasing }
    }
}

/// A segment that was read and opened.
#[derive(Debug)]
pub struct Segment {
    /// Its head.
    pub head: SegmentHead,
    /// Its events.
    pub events: Vec<Arc<RecordedEvent>>,
    pub(crate) digest: FileDigest,
}

/// The file of a segment.
pub(crate) fn seal(key: &BackupKey, head: &SegmentHead, events: &[Arc<RecordedEvent>]) -> (Vec<u8>, FileDigest) {
    let mut fields = FieldWriter::default();
    events.iter().for_each(|event| write(&mut fields, event));
    sealed_file::seal(key, Sealed::Events, head, &fields.0)
}

/// Opens the file of a segment.
pub(crate) fn open(key: &BackupKey, file: &[u8]) -> Result<Segment, Flaw> {
    let whole = sealed_file::read::<SegmentHead>(file)?;
    let content = whole.open(key, Sealed::Events)?;
    let (mut fields, mut events) = (FieldReader(&content), Vec::new());
    while !fields.is_at_end() {
        events.push(Arc::new(read(&mut fields).ok_or(Flaw::Malformed)?));
    }
    let segment = Segment { head: whole.head, events, digest: whole.digest };
    if segment.fits_its_head() { Ok(segment) } else { Err(Flaw::Malformed) }
}

impl Segment {
    fn fits_its_head(&self) -> bool {
        let (Some(first), Some(last)) = (self.events.first(), self.events.last()) else { return false };
        self.events.len() as u64 == self.head.events
            && (first.position, last.position) == (self.head.first, self.head.last)
            && hex::encode(last.hash) == self.head.last_hash
    }
}

fn write(to: &mut FieldWriter, recorded: &RecordedEvent) {
    let event = &recorded.event;
    to.number(recorded.position.0);
    to.bytes(recorded.stream.as_str().as_bytes());
    to.number(recorded.version.0);
    to.bytes(event.event_id.as_bytes());
    to.bytes(event.event_type.as_bytes());
    to.number(event.schema.into());
    to.bytes(recorded.recorded_at_text().as_bytes());
    to.bytes(event.actor.as_str().as_bytes());
    to.optional(event.subject.as_ref().map(|id| id.as_bytes().as_slice()));
    to.optional(event.key_id.as_deref().map(str::as_bytes));
    to.bytes(event.correlation_id.as_bytes());
    to.optional(event.causation_id.as_ref().map(|id| id.as_bytes().as_slice()));
    to.bytes(event.data.as_bytes());
    to.optional(event.personal.as_deref());
    to.bytes(&recorded.prev_hash);
    to.bytes(&recorded.hash);
}

fn read(from: &mut FieldReader<'_>) -> Option<RecordedEvent> {
    let position = Position(from.number()?);
    let stream = StreamName::parse(from.text()?).ok()?;
    let version = StreamVersion(from.number()?);
    let event_id = Uuid::from_slice(from.bytes()?).ok()?;
    let event_type = from.text()?.into();
    let schema = from.number()?.try_into().ok()?;
    let recorded_at = parse_time_text(from.text()?)?;
    let event = SealedEvent {
        event_id,
        event_type,
        schema,
        actor: Actor::from_stored(from.text()?),
        subject: from.optional()?.map(Uuid::from_slice).transpose().ok()?,
        key_id: from.optional_text()?.map(Into::into),
        correlation_id: Uuid::from_slice(from.bytes()?).ok()?,
        causation_id: from.optional()?.map(Uuid::from_slice).transpose().ok()?,
        data: from.text()?.into(),
        personal: from.optional()?.map(Into::into),
    };
    let prev_hash = from.bytes()?.try_into().ok()?;
    let hash = from.bytes()?.try_into().ok()?;
    Some(RecordedEvent { position, stream, version, recorded_at, event, prev_hash, hash })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn event(position: u64, personal: Option<&[u8]>) -> Arc<RecordedEvent> {
        Arc::new(RecordedEvent {
            position: Position(position),
            stream: StreamName::of("session", Uuid::from_u128(1)),
            version: StreamVersion(position),
            recorded_at: "2026-11-30T12:00:00.000001Z".parse().unwrap(),
            event: SealedEvent {
                event_id: Uuid::from_u128(position.into()),
                event_type: "session.opened".into(),
                schema: 2,
                actor: Actor::new("customer", "x"),
                subject: personal.map(|_| Uuid::from_u128(9)),
                key_id: personal.map(|_| "key".into()),
                correlation_id: Uuid::from_u128(3),
                causation_id: None,
                data: "{\"a\": 1}".into(),
                personal: personal.map(Into::into),
            },
            prev_hash: [1; 32],
            hash: [u8::try_from(position).unwrap(); 32],
        })
    }

    fn head(events: &[Arc<RecordedEvent>]) -> SegmentHead {
        SegmentHead {
            log: Identity { log_id: Uuid::from_u128(1), generation: 1 },
            number: 1,
            first: events[0].position,
            last: events[events.len() - 1].position,
            events: events.len() as u64,
            events_before: 0,
            previous: hex::encode([0; 32]),
            last_hash: hex::encode(events[events.len() - 1].hash),
            recorded_at: events[0].recorded_at_text(),
            is_dense: true,
            times_rise_after: 0,
            keys: (1, 1),
        }
    }

    #[test]
    fn events_come_out_as_they_went_in() {
        let (key, events) = (BackupKey::from_secret(&[7; 32]), [event(1, Some(b"sealed")), event(2, None)]);
        let (file, digest) = seal(&key, &head(&events), &events);
        let opened = open(&key, &file).unwrap();
        assert_eq!((opened.head, &opened.events[..], opened.digest), (head(&events), &events[..], digest));
    }

    #[test]
    fn a_head_that_does_not_fit_its_events_is_refused() {
        let (key, events) = (BackupKey::from_secret(&[7; 32]), [event(1, None), event(2, None)]);
        let right = head(&events);
        let wrong = [
            SegmentHead { events: 3, ..right.clone() },
            SegmentHead { last: Position(3), ..right.clone() },
            SegmentHead { last_hash: hex::encode([0; 32]), ..right },
        ];
        for wrong in wrong {
            let (file, _) = seal(&key, &wrong, &events);
            assert_eq!(open(&key, &file).err(), Some(Flaw::Malformed));
        }
    }
}
