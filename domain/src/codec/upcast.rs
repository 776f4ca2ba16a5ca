//! Upcasters: each brings one event type from one schema to the next, plain part and personal part apart.
//!
//! Invariant: personal data cannot become plain, since the function that makes the new plain part is never given the
//! personal one; and an erased event is brought up to date like any other.

use serde_json::{Map, Value};

/// The plain part while it is brought up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainMap(pub(super) Map<String, Value>);

/// The personal part while it is brought up to date.
#[derive(Clone, PartialEq, Eq)]
pub enum PersonalMap {
    /// The event has none.
    Absent,
    /// Opened.
    Known(Map<String, Value>),
    /// Its key was destroyed.
    Erased,
    /// The reader holds no keys.
    Sealed,
}

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

/// Applies every step from a stored schema on.
pub(super) fn bring_up_to_date(
    upcasters: &[Upcaster],
    event_type: &str,
    mut schema: u32,
    mut plain: PlainMap,
    mut personal: PersonalMap,
) -> (u32, PlainMap, PersonalMap) {
    while let Some(step) = upcasters.iter().find(|step| step.event_type == event_type && step.from_schema == schema) {
        plain = PlainMap((step.plain)(plain.0));
        personal = match personal {
            PersonalMap::Known(map) => PersonalMap::Known((step.personal)(map)),
            unknown => unknown,
        };
        schema += 1;
    }
    (schema, plain, personal)
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
