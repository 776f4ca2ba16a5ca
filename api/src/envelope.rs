//! An event as streams show it: the envelope without hashes, and the personal part if the reader may see it.

use bytes::Bytes;
use event_store::Identity;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{reader::Shown, sse::event_frame};

/// An event, without what only the log itself needs of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Envelope<'a> {
    position: u64,
    stream: &'a str,
    /// The place in the stream, from 1.
    version: u64,
    #[schema(value_type = String, format = "uuid")]
    event_id: uuid::Uuid,
    #[serde(rename = "type")]
    event_type: &'a str,
    schema: u32,
    #[schema(format = DateTime)]
    recorded_at: String,
    /// customer, agent, assistant, policy or system, a colon, and its id
    actor: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = "uuid", required = false)]
    subject: Option<uuid::Uuid>,
    #[schema(value_type = String, format = "uuid")]
    correlation_id: uuid::Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = "uuid", required = false)]
    causation_id: Option<uuid::Uuid>,
    #[schema(value_type = Object)]
    data: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// Where it may be shown.
    #[schema(value_type = Object, required = false)]
    personal: Option<&'a RawValue>,
    /// True where there was a personal part whose key was destroyed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    erased: bool,
}

impl<'a> Envelope<'a> {
    fn of(shown: &'a Shown<'a>, data: Option<&'a RawValue>) -> Self {
        let recorded = shown.decoded.recorded();
        let event = &recorded.event;
        Self {
            position: recorded.position.0,
            stream: recorded.stream.as_str(),
            version: recorded.version.0,
            event_id: event.event_id,
            event_type: &event.event_type,
            schema: event.schema,
            recorded_at: recorded.recorded_at_text(),
            actor: event.actor.as_str(),
            subject: event.subject.filter(|_| shown.viewer.may_see_subject()),
            correlation_id: event.correlation_id,
            causation_id: event.causation_id,
            data: data.unwrap_or_else(|| as_stored(&event.data)),
            personal: shown.personal.and_then(|personal| personal.text()).map(as_stored),
            erased: shown.personal.is_some_and(|personal| personal.is_erased()),
        }
    }
}

fn as_stored(json: &str) -> &RawValue {
    serde_json::from_str(json).expect("it has been decoded, so it is JSON")
}

/// The envelope as JSON on one line. Both parts go in as they were written.
#[must_use]
pub fn json(shown: &Shown<'_>) -> String {
    written(&Envelope::of(shown, None))
}

fn written(envelope: &Envelope<'_>) -> String {
    serde_json::to_string(envelope).expect("an envelope has string keys and no values that JSON lacks")
}

/// The envelope as a frame of an event stream.
#[must_use]
pub fn frame(identity: Identity, shown: &Shown<'_>) -> Bytes {
    frame_with(identity, shown, None)
}

/// The same with other data than is stored.
#[must_use]
pub fn frame_with(identity: Identity, shown: &Shown<'_>, data: Option<&RawValue>) -> Bytes {
    let recorded = shown.decoded.recorded();
    event_frame(identity, recorded.position, &recorded.event.event_type, &written(&Envelope::of(shown, data)))
}
