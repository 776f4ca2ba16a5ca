//! Envelopes that the server sends, read back into the domain's events.

use domain::{DomainEvent, PersonalText};
use serde_json::Value;
use uuid::Uuid;

/// The event of an envelope that was sent to somebody who may see its personal part, without that part.
///
/// # Panics
/// It is no envelope of an event of ours.
#[must_use]
pub fn event_of(envelope: &Value) -> DomainEvent {
    let text = |field: &str| envelope[field].as_str().unwrap_or_else(|| panic!("{field} of {envelope}"));
    let (category, id) = text("stream").split_once('-').expect("a stream has a category");
    let has_part = envelope.get("personal").is_some() || envelope["erased"] == true;
    let part = if has_part { PersonalText::Sealed } else { PersonalText::Absent };
    let schema = envelope["schema"].as_u64().and_then(|schema| schema.try_into().ok()).expect("a schema is a number");
    let data = envelope["data"].to_string();
    let event = DomainEvent::decode(category, Uuid::parse_str(id).ok(), text("type"), schema, &data, part);
    event.unwrap_or_else(|error| panic!("{error}: {envelope}"))
}
