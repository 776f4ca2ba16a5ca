//! An event as streams show it: the envelope without hashes, the personal part opened as far as the reader may see it.

use event_store::{Log, RecordedEvent, Unsealed, log::LogError, vault::VaultError};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The customer whose session it is.
    Customer,
    /// Staff with the right to personal data.
    Staff,
    /// Staff that follows the log without it.
    Log,
}

/// What a customer is not shown: what went wrong behind the scenes, and what was said but withheld.
const NOT_FOR_CUSTOMERS: &[&str] =
    &["session.assistant_failed", "session.assistant_reply_withheld", "session.command_confirmed"];

/// Events whose personal part is about the customer but not for it.
const SEALED_FOR_CUSTOMERS: &[&str] = &["session.escalated"];

/// Events whose personal part nobody is shown: it is there to be checked against, not to be read.
const SECRET: &[&str] = &[
    "agent.password_set",
    "agent.second_factor_offered",
    "agent.second_factor_enabled",
    "agent.recovery_codes_replaced",
];

/// Whether a reader is shown events of this type.
#[must_use]
pub fn is_shown(reader: Reader, event_type: &str) -> bool {
    reader != Reader::Customer || !NOT_FOR_CUSTOMERS.contains(&event_type)
}

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

fn is_opened(reader: Reader, event_type: &str) -> bool {
    match reader {
        Reader::Staff => !SECRET.contains(&event_type),
        Reader::Customer => !SEALED_FOR_CUSTOMERS.contains(&event_type) && !SECRET.contains(&event_type),
        Reader::Log => false,
    }
}

/// The envelope's JSON. Both parts go in as they were written: they are parsed only to see that they are JSON.
///
/// # Errors
/// A part is not JSON, so the event is not one of ours.
pub fn envelope(reader: Reader, recorded: &RecordedEvent, opened: &Unsealed) -> Result<String, serde_json::Error> {
    let event = &recorded.event;
    let for_reader = is_opened(reader, &event.event_type);
    let personal = match opened {
        Unsealed::Known(text) if for_reader => Some(serde_json::from_str(text)?),
        Unsealed::Known(_) | Unsealed::Nothing | Unsealed::Erased => None,
    };
    serde_json::to_string(&Envelope {
        position: recorded.position.0,
        stream: recorded.stream.as_str(),
        version: recorded.version.0,
        event_id: event.event_id,
        event_type: &event.event_type,
        schema: event.schema,
        recorded_at: recorded.recorded_at_text(),
        actor: event.actor.as_str(),
        subject: event.subject.filter(|_| reader != Reader::Customer),
        correlation_id: event.correlation_id,
        causation_id: event.causation_id,
        data: serde_json::from_str(&event.data)?,
        personal,
        erased: *opened == Unsealed::Erased,
    })
}

/// The envelope of an event of the log, opened first; what cannot be shown is logged here.
///
/// # Errors
/// The event cannot be opened or shown.
pub async fn shown(log: &Log, reader: Reader, recorded: &RecordedEvent) -> Result<String, LogError> {
    let said = |error: &(dyn std::error::Error + 'static)| {
        tracing::error!(position = recorded.position.0, error, "an event cannot be shown");
    };
    let is_opened = is_opened(reader, &recorded.event.event_type);
    let opened = if is_opened { log.open(recorded).await.inspect_err(|error| said(error))? } else { Unsealed::Nothing };
    envelope(reader, recorded, &opened).map_err(|error| {
        said(&error);
        VaultError::Damaged(recorded.position).into()
    })
}
