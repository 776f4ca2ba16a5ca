//! An event as JSON: the envelope, its hashes in hexadecimal, and both parts with the stored text.

use domain::PersonalText;
use event_store::{RecordedEvent, verify::Flaw};
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use uuid::Uuid;

/// The JSON form of an event.
#[derive(Debug, Serialize)]
pub struct Envelope<'a> {
    position: u64,
    stream: &'a str,
    version: u64,
    event_id: Uuid,
    #[serde(rename = "type")]
    event_type: &'a str,
    schema: u32,
    recorded_at: String,
    actor: &'a str,
    subject: Option<Uuid>,
    key_id: Option<&'a str>,
    correlation_id: Uuid,
    causation_id: Option<Uuid>,
    data: Json,
    personal: Option<Json>,
    /// `absent`, `known`, `erased`, `sealed`, or `destroyed_without_record`.
    personal_state: &'static str,
    prev_hash: String,
    hash: String,
    /// Why the event does not prove itself, if it was checked and does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    flaw: Option<Flaw>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Json {
    /// The stored text.
    Stored(Box<RawValue>),
    /// The stored text without line breaks, so that a document stays on one line.
    OnOneLine(Value),
    /// A stored text that is not JSON, as a JSON string.
    Broken(String),
}

impl Json {
    fn of(text: &str) -> Self {
        if text.contains(['\n', '\r', '\t']) {
            return serde_json::from_str(text).map_or_else(|_| Self::Broken(text.to_owned()), Self::OnOneLine);
        }
        RawValue::from_string(text.to_owned()).map_or_else(|_| Self::Broken(text.to_owned()), Self::Stored)
    }
}

impl<'a> Envelope<'a> {
    /// Combines an event and its visible personal part.
    #[must_use]
    pub fn of(recorded: &'a RecordedEvent, personal: &PersonalText) -> Self {
        let event = &recorded.event;
        let (personal_state, personal) = match personal {
            PersonalText::Absent => ("absent", None),
            PersonalText::Known(text) => ("known", Some(Json::of(text))),
            PersonalText::Erased => ("erased", None),
            PersonalText::Sealed => ("sealed", None),
        };
        Self {
            position: recorded.position.0,
            stream: recorded.stream.as_str(),
            version: recorded.version.0,
            event_id: event.event_id,
            event_type: &event.event_type,
            schema: event.schema,
            recorded_at: recorded.recorded_at_text(),
            actor: event.actor.as_str(),
            subject: event.subject,
            key_id: event.key_id.as_deref(),
            correlation_id: event.correlation_id,
            causation_id: event.causation_id,
            data: Json::of(&event.data),
            personal,
            personal_state,
            prev_hash: hex::encode(recorded.prev_hash),
            hash: hex::encode(recorded.hash),
            flaw: None,
        }
    }

    /// The same, if the key of the personal part is gone without an erasure on record.
    #[must_use]
    pub fn without_record(self, is_lost: bool) -> Self {
        if is_lost { Self { personal_state: "destroyed_without_record", ..self } } else { self }
    }

    /// The same with why it does not prove itself.
    #[must_use]
    pub fn with_flaw(self, flaw: Option<Flaw>) -> Self {
        Self { flaw, ..self }
    }
}
