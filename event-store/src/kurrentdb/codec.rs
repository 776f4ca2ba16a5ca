//! Encoding of events for KurrentDB, and decoding.
//!
//! `type`, `data` and event id are stored in KurrentDB's own fields; `metadata` is a JSON object with all other hashed fields, and
//! the two ids that KurrentDB's tools look for. Our version n is KurrentDB's revision n - 1.
//!
//! Invariant: a decoded event has the same bytes that were hashed; a record that cannot be decoded is reported as damaged, with its
//! position and the field.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use eventstore::EventData;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    event::{Actor, Position, RecordedEvent, SealedEvent, StreamName, StreamVersion, parse_time_text},
    port::ReadError,
};

/// The largest integer that JSON numbers represent exactly in every language; a log of eight million gigabytes.
pub(super) const MAX_POSITION: u64 = (1 << 53) - 1;
/// The type of KurrentDB's tombstone in a permanently deleted stream.
const TOMBSTONE: &str = "$streamDeleted";

#[derive(Serialize, Deserialize)]
struct Metadata {
    #[serde(rename = "$correlationId")]
    correlation_id: Uuid,
    #[serde(rename = "$causationId", default, skip_serializing_if = "Option::is_none")]
    causation_id: Option<Uuid>,
    schema: u32,
    recorded_at: String,
    actor: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    /// Sealed bytes, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    personal: Option<String>,
    /// Hexadecimal.
    prev_hash: String,
    /// Hexadecimal.
    hash: String,
}

/// An encoded event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outgoing {
    id: Uuid,
    event_type: Arc<str>,
    /// Whether the client would write `data` unchanged as JSON.
    is_json: bool,
    data: Arc<str>,
    metadata: Vec<u8>,
}

impl Outgoing {
    /// Size as the server counts it against its limit: the type in UTF-16.
    pub(super) fn bytes(&self) -> usize {
        self.data.len() + self.metadata.len() + 2 * self.event_type.encode_utf16().count()
    }

    /// Labelled as JSON, so that KurrentDB's tools display it. The client serialises a value for that; a text that it would
    /// change is sent as bytes instead.
    pub(super) fn into_data(self) -> EventData {
        let json = RawValue::from_string(self.data.to_string()).ok().filter(|_| self.is_json);
        let labelled = json.and_then(|json| EventData::json(&self.event_type, &json).ok());
        let data = labelled
            .unwrap_or_else(|| EventData::binary(&self.event_type, Bytes::copy_from_slice(self.data.as_bytes())));
        data.id(self.id).metadata(self.metadata.into())
    }
}

/// Encodes an event. Position, stream and version are not included: they follow from where it is stored.
pub(super) fn encode(recorded: &RecordedEvent) -> Outgoing {
    let RecordedEvent { event, prev_hash, hash, .. } = recorded;
    let metadata = Metadata {
        correlation_id: event.correlation_id,
        causation_id: event.causation_id,
        schema: event.schema,
        recorded_at: recorded.recorded_at_text(),
        actor: event.actor.to_string(),
        subject: event.subject,
        key_id: event.key_id.as_deref().map(str::to_owned),
        personal: event.personal.as_deref().map(|sealed| BASE64_STANDARD.encode(sealed)),
        prev_hash: hex::encode(prev_hash),
        hash: hex::encode(hash),
    };
    let value = serde_json::from_str::<&RawValue>(&event.data);
    Outgoing {
        id: event.event_id,
        event_type: event.event_type.clone(),
        is_json: value.is_ok_and(|value| value.get() == &*event.data),
        data: event.data.clone(),
        metadata: serde_json::to_vec(&metadata).expect("it holds texts and numbers only"),
    }
}

/// A record as returned by the server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored<'a> {
    pub(super) stream: &'a str,
    pub(super) revision: u64,
    pub(super) commit: u64,
    pub(super) id: Uuid,
    pub(super) event_type: &'a str,
    pub(super) data: &'a [u8],
    pub(super) metadata: &'a [u8],
}

impl<'a> From<&'a eventstore::RecordedEvent> for Stored<'a> {
    fn from(event: &'a eventstore::RecordedEvent) -> Self {
        Self {
            stream: event.stream_id(),
            revision: event.revision,
            commit: event.position.commit,
            id: event.id,
            event_type: &event.event_type,
            data: &event.data,
            metadata: &event.custom_metadata,
        }
    }
}

/// Decodes a record.
pub(super) fn decode(stored: Stored<'_>) -> Result<Arc<RecordedEvent>, ReadError> {
    let position = Position(stored.commit);
    let damaged = |what: String| ReadError::Damaged { position, what };
    let malformed = |field: &str| damaged(format!("{field} is malformed in stream {}", stored.stream));
    if stored.event_type == TOMBSTONE {
        return Err(damaged(format!("the stream {} was deleted in KurrentDB (tombstone)", stored.stream)));
    }
    if position == Position::START || position.0 > MAX_POSITION {
        return Err(malformed("the position"));
    }
    let version = stored.revision.checked_add(1).filter(|version| i64::try_from(*version).is_ok());
    let metadata: Metadata = serde_json::from_slice(stored.metadata).map_err(|error| {
        damaged(format!("the metadata in stream {} do not belong to an event of this log: {error}", stored.stream))
    })?;
    let personal = metadata.personal.map(|text| BASE64_STANDARD.decode(text)).transpose();
    let event = SealedEvent {
        event_id: stored.id,
        event_type: stored.event_type.into(),
        schema: metadata.schema,
        actor: Actor::from_stored(&metadata.actor),
        subject: metadata.subject,
        key_id: metadata.key_id.map(Into::into),
        correlation_id: metadata.correlation_id,
        causation_id: metadata.causation_id,
        data: std::str::from_utf8(stored.data).map_err(|_| malformed("data"))?.into(),
        personal: personal.map_err(|_| malformed("personal"))?.map(Into::into),
    };
    Ok(Arc::new(RecordedEvent {
        position,
        stream: StreamName::parse(stored.stream).map_err(|_| malformed("the stream's name"))?,
        version: StreamVersion(version.ok_or_else(|| malformed("the revision"))?),
        recorded_at: parse_time_text(&metadata.recorded_at).ok_or_else(|| malformed("recorded_at"))?,
        event,
        prev_hash: hash(&metadata.prev_hash).ok_or_else(|| malformed("prev_hash"))?,
        hash: hash(&metadata.hash).ok_or_else(|| malformed("hash"))?,
    }))
}

fn hash(text: &str) -> Option<[u8; 32]> {
    hex::decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::hash::{event_hash, is_intact};

    fn recorded(event: SealedEvent, version: u64) -> RecordedEvent {
        let (stream, version) = (StreamName::of("session", Uuid::from_u128(7)), StreamVersion(version));
        let recorded_at = Timestamp::from_microsecond(1_795_400_000_000_001).expect("a time");
        let prev_hash = [5; 32];
        let hash = event_hash(&prev_hash, &stream, version, recorded_at, &event);
        RecordedEvent { position: Position(version.0 * 311), stream, version, recorded_at, event, prev_hash, hash }
    }

    fn stored<'a>(recorded: &'a RecordedEvent, sent: &'a Outgoing) -> Stored<'a> {
        Stored {
            stream: recorded.stream.as_str(),
            revision: recorded.version.0 - 1,
            commit: recorded.position.0,
            id: sent.id,
            event_type: &sent.event_type,
            data: sent.data.as_bytes(),
            metadata: &sent.metadata,
        }
    }

    fn event(data: &str, personal: Option<Vec<u8>>) -> SealedEvent {
        SealedEvent {
            event_id: Uuid::from_u128(1),
            event_type: "session.noted".into(),
            schema: 3,
            actor: Actor::new("agent", "ana"),
            subject: personal.as_ref().map(|_| Uuid::from_u128(2)),
            key_id: personal.as_ref().map(|_| "3f0c-message-2026-11".into()),
            correlation_id: Uuid::from_u128(3),
            causation_id: personal.as_ref().map(|_| Uuid::from_u128(4)),
            data: data.into(),
            personal: personal.map(Into::into),
        }
    }

    proptest! {
        #[test]
        fn every_event_round_trips(
            data in "\\PC{0,40}",
            personal in prop::option::of(prop::collection::vec(any::<u8>(), 0..80)),
            event_type in "[a-z]{1,9}\\.[a-z_]{1,20}",
            schema: u32, version in 1..u64::MAX / 1000,
        ) {
            let event = SealedEvent { event_type: event_type.into(), schema, ..event(&data, personal) };
            let recorded = recorded(event, version % 1_000_000 + 1);
            let back = decode(stored(&recorded, &encode(&recorded))).expect("it was encoded");
            prop_assert!(is_intact(&back));
            prop_assert_eq!(&*back, &recorded);
        }

        /// Any stored record gives an event or a damaged position.
        #[test]
        fn arbitrary_records_are_reported_as_damaged(metadata in "\\PC{0,60}", data in prop::collection::vec(any::<u8>(), 0..20)) {
            let stored = Stored {
                stream: "session-1",
                revision: 0,
                commit: 9,
                id: Uuid::nil(),
                event_type: "x",
                data: &data,
                metadata: metadata.as_bytes(),
            };
            let refused = matches!(decode(stored), Err(ReadError::Damaged { position: Position(9), .. }));
            prop_assert!(refused);
        }
    }

    /// The format is frozen: existing logs must stay readable, and KurrentDB's tools look for the ids.
    #[test]
    fn the_metadata_format_is_frozen() {
        let recorded = recorded(event("{\"n\":1}", Some(vec![1, 2, 255])), 4);
        let sent = encode(&recorded);
        assert_eq!(
            String::from_utf8(sent.metadata).expect("JSON"),
            format!(
                "{{\"$correlationId\":\"00000000-0000-0000-0000-000000000003\",\
                 \"$causationId\":\"00000000-0000-0000-0000-000000000004\",\"schema\":3,\
                 \"recorded_at\":\"2026-11-23T02:13:20.000001Z\",\"actor\":\"agent:ana\",\
                 \"subject\":\"00000000-0000-0000-0000-000000000002\",\"key_id\":\"3f0c-message-2026-11\",\
                 \"personal\":\"AQL/\",\"prev_hash\":\"{}\",\"hash\":\"{}\"}}",
                "05".repeat(32),
                hex::encode(recorded.hash)
            )
        );
        let plain = encode(&self::recorded(event("{}", None), 1));
        let metadata: serde_json::Value = serde_json::from_slice(&plain.metadata).expect("JSON");
        let names: Vec<&str> = metadata.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(names, ["$correlationId", "actor", "hash", "prev_hash", "recorded_at", "schema"]);
    }

    #[test]
    fn json_that_would_be_rewritten_is_sent_as_bytes() {
        for (data, is_json) in [
            ("{\"b\":1, \"a\" : 1.0e2}", true),
            ("null", true),
            ("{} ", false),
            ("\n[1]", false),
            ("no json", false),
            ("", false),
        ] {
            let sent = encode(&recorded(event(data, None), 1));
            assert_eq!((sent.is_json, &*sent.data), (is_json, data));
            let shown = format!("{:?}", sent.into_data());
            assert_eq!(shown.contains("application/json"), is_json, "{shown}");
        }
    }

    #[test]
    fn changed_records_are_detected() {
        let recorded = recorded(event("{\"n\":1}", Some(b"sealed".to_vec())), 4);
        let sent = encode(&recorded);
        let right = stored(&recorded, &sent);
        let changed = [
            Stored { revision: 4, ..right },
            Stored { stream: "session-other", ..right },
            Stored { id: Uuid::from_u128(9), ..right },
            Stored { event_type: "session.other", ..right },
            Stored { data: b"{\"n\":2}", ..right },
        ];
        for changed in changed {
            assert!(!is_intact(&decode(changed).expect("it is well-formed")), "{changed:?}");
        }
        let tombstone = Stored { event_type: TOMBSTONE, revision: i64::MAX.unsigned_abs(), metadata: b"{}", ..right };
        let no_position = Stored { commit: u64::MAX, ..right };
        for (damaged, what) in [
            (tombstone, "was deleted"),
            (no_position, "the position"),
            (Stored { commit: 0, ..right }, "the position"),
            (Stored { revision: u64::MAX, ..right }, "the revision"),
            (Stored { data: b"\xff", ..right }, "data"),
            (Stored { stream: "Order-1", ..right }, "name"),
            (Stored { metadata: b"{\"a\":1}", ..right }, "metadata"),
        ] {
            let said = decode(damaged).expect_err("it is damaged").to_string();
            assert!(said.contains(what), "{said}");
        }
    }
}
