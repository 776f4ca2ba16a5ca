//! Upcasters: each brings one event type from one schema to the next, plain part and personal part apart.
//!
//! Invariant: personal data cannot become plain, since the function that makes the new plain part is never given the
//! personal one; and an erased event is brought up to date like any other.

use serde_json::{Map, Value};

/// One step of one event type.
pub struct Upcaster {
    /// Which events.
    pub event_type: &'static str,
    /// From this schema to the next.
    pub from_schema: u32,
    /// The new plain part, from the old one alone.
    pub plain: fn(Map<String, Value>) -> Map<String, Value>,
    /// The new personal part, where it is known.
    pub personal: fn(Map<String, Value>) -> Map<String, Value>,
}

/// Whether a stored event of this schema has to be brought up to date.
pub(super) fn has_step(upcasters: &[Upcaster], event_type: &str, schema: u32) -> bool {
    steps(upcasters, event_type, schema).next().is_some()
}

/// The plain part at the current schema, and which that is.
pub(super) fn plain(
    upcasters: &[Upcaster],
    event_type: &str,
    schema: u32,
    plain: Map<String, Value>,
) -> (u32, Map<String, Value>) {
    steps(upcasters, event_type, schema)
        .fold((schema, plain), |(schema, plain), step| (schema + 1, (step.plain)(plain)))
}

/// The known personal part at the current schema.
pub(super) fn personal(
    upcasters: &[Upcaster],
    event_type: &str,
    schema: u32,
    personal: Map<String, Value>,
) -> Map<String, Value> {
    steps(upcasters, event_type, schema).fold(personal, |personal, step| (step.personal)(personal))
}

/// Every step from a stored schema on.
fn steps<'a>(upcasters: &'a [Upcaster], event_type: &'a str, schema: u32) -> impl Iterator<Item = &'a Upcaster> {
    (schema..=u32::MAX).map_while(move |schema| {
        upcasters.iter().find(|step| step.event_type == event_type && step.from_schema == schema)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        codec::{DecodeError, PersonalText, decode_with},
        personal::Personal,
        session::event::Event,
    };

    /// Suppose schema 0 of `opened` called the visitor `guest` and the name `title`.
    const OLD: &[Upcaster] = &[Upcaster {
        event_type: "session.opened",
        from_schema: 0,
        plain: |map| rename(map, "guest", "visitor"),
        personal: |map| rename(map, "title", "session_name"),
    }];

    fn rename(mut map: Map<String, Value>, from: &str, to: &str) -> Map<String, Value> {
        if let Some(value) = map.remove(from) {
            map.insert(to.to_owned(), value);
        }
        map
    }

    fn old_event(personal: PersonalText) -> Result<Event, DecodeError> {
        let id = uuid::Uuid::nil();
        decode_with(OLD, "session.opened", 0, &json!({"guest": id, "context": id}).to_string(), personal)
    }

    #[test]
    fn an_old_event_is_brought_up_to_date() {
        let decoded = old_event(PersonalText::Known(json!({"title": "s1"}).to_string())).expect("decodes");
        let Event::Opened(opened) = decoded else { panic!("not {decoded:?}") };
        assert_eq!(opened.name.known().map(|named| named.session_name.as_str()), Some("s1"));
    }

    #[test]
    fn its_erased_twin_as_well() {
        let decoded = old_event(PersonalText::Erased).expect("decodes");
        let Event::Opened(opened) = decoded else { panic!("not {decoded:?}") };
        assert!(matches!(opened.name, Personal::Erased));
    }

    #[test]
    fn a_schema_from_the_future_is_refused() {
        let refused = decode_with::<Event>(OLD, "session.opened", 2, "{}", PersonalText::Erased);
        assert!(matches!(refused, Err(DecodeError::Unknown { schema: 2, .. })));
    }
}
