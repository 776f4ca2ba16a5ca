//! An event in a proof file: every hashed field, texts as texts and bytes in hexadecimal.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use uuid::Uuid;

use crate::{
    checkpoint::Checkpoint,
    event::{Actor, Position, RecordedEvent, SealedEvent, StreamName, StreamVersion, parse_time_text},
    hash::event_hash,
    merkle::{Hash, LeafIndex},
};

/// An event and its path to the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of an event, as everywhere")]
pub struct Entry {
    /// Number of events before it in the log.
    pub leaf_index: LeafIndex,
    /// Its position, only in a dense log: in a log with holes it could not be proved.
    pub position: Option<Position>,
    pub stream: String,
    pub version: StreamVersion,
    pub event_id: Uuid,
    #[serde(rename = "type")]
    pub event_type: String,
    pub schema: u32,
    pub recorded_at: String,
    pub actor: String,
    pub subject: Option<Uuid>,
    pub key_id: Option<String>,
    pub correlation_id: Uuid,
    pub causation_id: Option<Uuid>,
    pub data: String,
    pub personal: Option<Hex<Vec<u8>>>,
    pub prev_hash: Hex<Hash>,
    pub hash: Hex<Hash>,
    /// Hashes from the leaf's sibling up to the root's child.
    pub path: Vec<Hex<Hash>>,
}

impl Entry {
    pub(super) fn of(checkpoint: &Checkpoint, index: LeafIndex, recorded: &RecordedEvent, path: Vec<Hash>) -> Self {
        let event = &recorded.event;
        Self {
            leaf_index: index,
            position: proved_position(checkpoint, index),
            stream: recorded.stream.to_string(),
            version: recorded.version,
            event_id: event.event_id,
            event_type: event.event_type.to_string(),
            schema: event.schema,
            recorded_at: recorded.recorded_at_text(),
            actor: event.actor.to_string(),
            subject: event.subject,
            key_id: event.key_id.as_deref().map(str::to_owned),
            correlation_id: event.correlation_id,
            causation_id: event.causation_id,
            data: event.data.to_string(),
            personal: event.personal.as_deref().map(|sealed| Hex(sealed.to_vec())),
            prev_hash: Hex(recorded.prev_hash),
            hash: Hex(recorded.hash),
            path: path.into_iter().map(Hex).collect(),
        }
    }

    /// The hash of the content, or the name of a malformed field.
    pub(super) fn computed_hash(&self) -> Result<Hash, &'static str> {
        let stream = StreamName::parse(&self.stream).map_err(|_| "stream")?;
        let recorded_at = parse_time_text(&self.recorded_at).ok_or("recorded_at")?;
        if self.version == StreamVersion::NONE {
            return Err("version");
        }
        Ok(event_hash(&self.prev_hash.0, &stream, self.version, recorded_at, &self.sealed()))
    }

    fn sealed(&self) -> SealedEvent {
        SealedEvent {
            event_id: self.event_id,
            event_type: self.event_type.as_str().into(),
            schema: self.schema,
            actor: Actor::from_stored(&self.actor),
            subject: self.subject,
            key_id: self.key_id.as_deref().map(Into::into),
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            data: self.data.as_str().into(),
            personal: self.personal.as_ref().map(|sealed| sealed.0.as_slice().into()),
        }
    }
}

/// Positions increase from 1: if the position of the last of n events is n, the log is dense up to there. In a log with holes no
/// position is proved.
pub(super) fn proved_position(checkpoint: &Checkpoint, index: LeafIndex) -> Option<Position> {
    (checkpoint.position.0 == checkpoint.size.0).then(|| Position(index.0).next())
}

/// Bytes, written as hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hex<T>(pub T);

impl<T: AsRef<[u8]>> Serialize for Hex<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de, T: TryFrom<Vec<u8>>> Deserialize<'de> for Hex<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?;
        let bytes = hex::decode(digits).map_err(|_| D::Error::custom("not hexadecimal bytes"))?;
        T::try_from(bytes).map(Self).map_err(|_| D::Error::custom("wrong number of bytes"))
    }
}
