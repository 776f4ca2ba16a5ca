//! Between events and what is stored: a type name, a schema number, plain JSON, and JSON to be sealed.
//!
//! Invariants: what was ever written can be read for ever (`tests/golden`, upcasters); a personal part can only be read
//! from the sealed JSON and only be written into it, because the two halves are different Rust types here.

pub mod upcast;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::personal::Personal;
use upcast::{PersonalMap, PlainMap, Upcaster};

/// Which of a subject's keys seals the personal part (frozen by the golden events).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// What was said.
    Message,
    /// Names and addresses.
    Contact,
    /// Of a member of staff: name, password's hash, where it signed in from.
    Staff,
}

/// An event as it goes to the log.
#[derive(Clone, PartialEq, Eq)]
pub struct Encoded {
    /// `session.…`, `agent.…`, `customer.…`
    pub event_type: &'static str,
    /// The shape of both parts.
    pub schema: u32,
    /// Plain JSON.
    pub data: String,
    /// JSON to be sealed, and with which of the subject's keys.
    pub personal: Option<(Class, String)>,
}

/// A personal part as the log gave it.
#[derive(Clone, PartialEq, Eq)]
pub enum PersonalText {
    /// The event has none.
    Absent,
    /// Opened.
    Known(String),
    /// Its key was destroyed.
    Erased,
    /// The reader holds no keys.
    Sealed,
}

/// Why a stored event cannot be read. It names type and field, never content.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Written by a newer program, or by none of ours.
    #[error("unknown event {event_type} schema {schema}")]
    Unknown {
        /// The stored type.
        event_type: String,
        /// The stored schema.
        schema: u32,
    },
    /// The plain part does not have the shape of its schema.
    #[error("the plain part of {event_type} is malformed: {reason}")]
    Plain {
        /// The stored type.
        event_type: &'static str,
        /// What serde said; the plain part holds nothing personal.
        reason: String,
    },
    /// The personal part does not have the shape of its schema.
    #[error("the personal part of {event_type} is malformed at line {line} column {column}")]
    Personal {
        /// The stored type.
        event_type: &'static str,
        /// Where, as nothing of it may be quoted.
        line: usize,
        /// Where.
        column: usize,
    },
    /// The event must have a personal part, or must not.
    #[error("{event_type} has a personal part where it should have none, or the reverse")]
    PersonalPart {
        /// The stored type.
        event_type: &'static str,
    },
}

/// A payload without a personal part.
pub(crate) trait Plain: Serialize + DeserializeOwned {
    const TYPE: &'static str;
    const SCHEMA: u32 = 1;
}

/// A payload with one.
pub(crate) trait WithPersonal: Plain {
    type Part: Serialize + DeserializeOwned;
    const CLASS: Class;
    fn part(&self) -> &Personal<Self::Part>;
    fn part_mut(&mut self) -> &mut Personal<Self::Part>;
}

/// The events of one kind of stream.
pub(crate) trait Stored: Sized {
    /// Every stored type name.
    const TYPES: &'static [&'static str];

    /// Reads an event that is up to date.
    fn decode_current(
        event_type: &str,
        schema: u32,
        data: PlainMap,
        personal: PersonalMap,
    ) -> Result<Self, DecodeError>;
}

/// The table of a stream's events: variant, stored name and, where there is one, the sealed field with its type and class.
macro_rules! stored_events {
    ($event:ident; plain { $($plain:ident = $plain_name:literal,)* } personal { $($sealed:ident = $sealed_name:literal, $field:ident: $part:ty, $class:ident;)* }) => {
        $(impl $crate::codec::Plain for $plain { const TYPE: &'static str = $plain_name; })*
        $(
            impl $crate::codec::Plain for $sealed { const TYPE: &'static str = $sealed_name; }
            impl $crate::codec::WithPersonal for $sealed {
                type Part = $part;
                const CLASS: $crate::codec::Class = $crate::codec::Class::$class;
                fn part(&self) -> &$crate::personal::Personal<$part> { &self.$field }
                fn part_mut(&mut self) -> &mut $crate::personal::Personal<$part> { &mut self.$field }
            }
        )*

        /// Every stored type name, for tools that list them.
        pub const EVENT_TYPES: &[&str] = &[$($plain_name,)* $($sealed_name,)*];

        impl $crate::codec::Stored for $event {
            const TYPES: &'static [&'static str] = EVENT_TYPES;

            fn decode_current(
                event_type: &str,
                schema: u32,
                data: $crate::codec::upcast::PlainMap,
                personal: $crate::codec::upcast::PersonalMap,
            ) -> Result<Self, $crate::codec::DecodeError> {
                use $crate::codec::Plain;
                match (event_type, schema) {
                    $((<$plain as Plain>::TYPE, <$plain as Plain>::SCHEMA) => $crate::codec::decode_plain(data, &personal).map(Self::$plain),)*
                    $((<$sealed as Plain>::TYPE, <$sealed as Plain>::SCHEMA) => $crate::codec::decode_personal(data, personal).map(Self::$sealed),)*
                    _ => Err($crate::codec::DecodeError::Unknown { event_type: event_type.to_owned(), schema }),
                }
            }
        }

        /// Writes an event. A part that is not known is left out, so only what `decide` made should be written.
        #[must_use]
        pub fn encode(event: &$event) -> $crate::codec::Encoded {
            match event {
                $($event::$plain(payload) => $crate::codec::encode_plain(payload),)*
                $($event::$sealed(payload) => $crate::codec::encode_personal(payload),)*
            }
        }

        /// Reads a stored event, bringing an old schema up to date first.
        ///
        /// # Errors
        /// The event is unknown or malformed; whoever reads the log must stop there.
        pub fn decode(
            event_type: &str,
            schema: u32,
            data: &str,
            personal: $crate::codec::PersonalText,
        ) -> Result<$event, $crate::codec::DecodeError> {
            $crate::codec::decode_with(UPCASTERS, event_type, schema, data, personal)
        }
    };
}
pub(crate) use stored_events;

/// The sealed part where there is none to read yet; decoding puts the real one in its place.
pub(crate) fn sealed<T>() -> Personal<T> {
    Personal::Sealed
}

pub(crate) fn decode_with<E: Stored>(
    upcasters: &[Upcaster],
    event_type: &str,
    schema: u32,
    data: &str,
    personal: PersonalText,
) -> Result<E, DecodeError> {
    let name = E::TYPES.iter().copied().find(|known| *known == event_type);
    let Some(name) = name else { return Err(DecodeError::Unknown { event_type: event_type.to_owned(), schema }) };
    let plain: Map<String, Value> = serde_json::from_str(data).map_err(|error| plain_error(name, &error))?;
    let personal = parse_personal(name, personal)?;
    let (schema, plain, personal) = upcast::bring_up_to_date(upcasters, name, schema, PlainMap(plain), personal);
    E::decode_current(name, schema, plain, personal)
}

fn parse_personal(event_type: &'static str, text: PersonalText) -> Result<PersonalMap, DecodeError> {
    Ok(match text {
        PersonalText::Absent => PersonalMap::Absent,
        PersonalText::Erased => PersonalMap::Erased,
        PersonalText::Sealed => PersonalMap::Sealed,
        PersonalText::Known(text) => {
            PersonalMap::Known(serde_json::from_str(&text).map_err(|error| personal_error(event_type, &error))?)
        }
    })
}

pub(crate) fn encode_plain<P: Plain>(payload: &P) -> Encoded {
    Encoded { event_type: P::TYPE, schema: P::SCHEMA, data: to_json(payload), personal: None }
}

pub(crate) fn encode_personal<P: WithPersonal>(payload: &P) -> Encoded {
    let personal = payload.part().known().map(|part| (P::CLASS, to_json(part)));
    Encoded { personal, ..encode_plain(payload) }
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("events have string keys and no values that JSON lacks")
}

pub(crate) fn decode_plain<P: Plain>(data: PlainMap, personal: &PersonalMap) -> Result<P, DecodeError> {
    if !matches!(personal, PersonalMap::Absent) {
        return Err(DecodeError::PersonalPart { event_type: P::TYPE });
    }
    serde_json::from_value(Value::Object(data.0)).map_err(|error| plain_error(P::TYPE, &error))
}

pub(crate) fn decode_personal<P: WithPersonal>(data: PlainMap, personal: PersonalMap) -> Result<P, DecodeError> {
    let mut payload: P = decode_plain(data, &PersonalMap::Absent)?;
    *payload.part_mut() = match personal {
        PersonalMap::Absent => return Err(DecodeError::PersonalPart { event_type: P::TYPE }),
        PersonalMap::Erased => Personal::Erased,
        PersonalMap::Sealed => Personal::Sealed,
        PersonalMap::Known(map) => Personal::Known(
            serde_json::from_value(Value::Object(map)).map_err(|error| personal_error(P::TYPE, &error))?,
        ),
    };
    Ok(payload)
}

fn plain_error(event_type: &'static str, error: &serde_json::Error) -> DecodeError {
    DecodeError::Plain { event_type, reason: error.to_string() }
}

fn personal_error(event_type: &'static str, error: &serde_json::Error) -> DecodeError {
    DecodeError::Personal { event_type, line: error.line(), column: error.column() }
}
