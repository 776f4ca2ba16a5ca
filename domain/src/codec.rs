//! Between events and what is stored: a type name, a schema number, plain JSON, and JSON to be sealed.
//!
//! Invariants: what was ever written can be read for ever (`tests/golden`, upcasters); a personal part can only be read
//! from the sealed JSON and only be written into it, because the two halves are different Rust types here.

pub mod upcast;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::personal::Personal;
use upcast::Upcaster;

/// Which of a subject's keys seals the personal part (frozen by the golden events).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// What was said.
    Message,
    /// Names and addresses.
    Contact,
    /// What staff writes about a customer, for staff alone.
    Note,
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
    /// The stream is of a kind that is named after an id, and this one is not.
    #[error("a stream of category {category} is not named after an id")]
    Stream {
        /// The stream's category.
        category: String,
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

    /// Reads an event whose schema is the current one.
    fn decode_current(
        event_type: &str,
        schema: u32,
        data: Json<'_>,
        personal: PersonalJson<'_>,
    ) -> Result<Self, DecodeError>;
}

/// A JSON object as stored, or as an upcaster made it.
pub(crate) enum Json<'a> {
    Text(&'a str),
    Map(Map<String, Value>),
}

/// A personal part whose schema is the current one.
pub(crate) enum PersonalJson<'a> {
    Absent,
    Known(Json<'a>),
    Erased,
    Sealed,
}

impl Json<'_> {
    /// serde would read a struct out of an array as well, which is nothing that this program writes.
    fn read<T: DeserializeOwned>(self) -> Result<T, serde_json::Error> {
        match self {
            Self::Text(text) if text.trim_start().starts_with('{') => serde_json::from_str(text),
            Self::Text(text) => {
                let map: Map<String, Value> = serde_json::from_str(text)?;
                serde_json::from_value(Value::Object(map))
            }
            Self::Map(map) => serde_json::from_value(Value::Object(map)),
        }
    }
}

/// The table of a stream's events: variant, stored name, schema where it is not the first and, where there is one, the sealed
/// field with its type and class.
macro_rules! stored_events {
    ($event:ident; plain { $($plain:ident = $plain_name:literal $($plain_schema:literal)?,)* } personal { $($sealed:ident = $sealed_name:literal $($sealed_schema:literal)?, $field:ident: $part:ty, $class:ident;)* }) => {
        $(impl $crate::codec::Plain for $plain {
            const TYPE: &'static str = $plain_name;
            $(const SCHEMA: u32 = $plain_schema;)?
        })*
        $(
            impl $crate::codec::Plain for $sealed {
                const TYPE: &'static str = $sealed_name;
                $(const SCHEMA: u32 = $sealed_schema;)?
            }
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
                data: $crate::codec::Json<'_>,
                personal: $crate::codec::PersonalJson<'_>,
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

        /// The event with its personal part, given one that was decoded without. `schema` is the stored one.
        ///
        /// # Errors
        /// The part is malformed, or one is there where the event has none, or the reverse.
        #[allow(unused_variables, reason = "a kind of stream without personal parts has no use for the schema")]
        pub fn with_personal(
            event: &$event,
            schema: u32,
            personal: &$crate::codec::PersonalText,
        ) -> Result<$event, $crate::codec::DecodeError> {
            match event {
                $($event::$plain(payload) => $crate::codec::without_part(payload, personal).map($event::$plain),)*
                $($event::$sealed(payload) => $crate::codec::with_part(UPCASTERS, payload, schema, personal).map($event::$sealed),)*
            }
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
    if !upcast::has_step(upcasters, name, schema) {
        return E::decode_current(name, schema, Json::Text(data), personal_json(&personal));
    }
    let plain: Map<String, Value> = serde_json::from_str(data).map_err(|error| plain_error(name, &error))?;
    let (current, plain) = upcast::plain(upcasters, name, schema, plain);
    let personal = upcast_personal(upcasters, name, schema, &personal)?;
    E::decode_current(name, current, Json::Map(plain), personal)
}

fn personal_json(personal: &PersonalText) -> PersonalJson<'_> {
    match personal {
        PersonalText::Absent => PersonalJson::Absent,
        PersonalText::Erased => PersonalJson::Erased,
        PersonalText::Sealed => PersonalJson::Sealed,
        PersonalText::Known(text) => PersonalJson::Known(Json::Text(text)),
    }
}

fn upcast_personal<'a>(
    upcasters: &[Upcaster],
    event_type: &'static str,
    schema: u32,
    personal: &'a PersonalText,
) -> Result<PersonalJson<'a>, DecodeError> {
    match personal {
        PersonalText::Known(text) if upcast::has_step(upcasters, event_type, schema) => {
            let map = serde_json::from_str(text).map_err(|error| personal_error(event_type, &error))?;
            Ok(PersonalJson::Known(Json::Map(upcast::personal(upcasters, event_type, schema, map))))
        }
        other => Ok(personal_json(other)),
    }
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

pub(crate) fn decode_plain<P: Plain>(data: Json<'_>, personal: &PersonalJson<'_>) -> Result<P, DecodeError> {
    if !matches!(personal, PersonalJson::Absent) {
        return Err(DecodeError::PersonalPart { event_type: P::TYPE });
    }
    data.read().map_err(|error| plain_error(P::TYPE, &error))
}

pub(crate) fn decode_personal<P: WithPersonal>(data: Json<'_>, personal: PersonalJson<'_>) -> Result<P, DecodeError> {
    let mut payload: P = decode_plain(data, &PersonalJson::Absent)?;
    *payload.part_mut() = read_part::<P>(personal)?;
    Ok(payload)
}

pub(crate) fn without_part<P: Plain + Clone>(payload: &P, personal: &PersonalText) -> Result<P, DecodeError> {
    match personal {
        PersonalText::Absent => Ok(payload.clone()),
        PersonalText::Known(_) | PersonalText::Erased | PersonalText::Sealed => {
            Err(DecodeError::PersonalPart { event_type: P::TYPE })
        }
    }
}

pub(crate) fn with_part<P: WithPersonal + Clone>(
    upcasters: &[Upcaster],
    payload: &P,
    schema: u32,
    personal: &PersonalText,
) -> Result<P, DecodeError> {
    let part = read_part::<P>(upcast_personal(upcasters, P::TYPE, schema, personal)?)?;
    let mut payload = payload.clone();
    *payload.part_mut() = part;
    Ok(payload)
}

fn read_part<P: WithPersonal>(personal: PersonalJson<'_>) -> Result<Personal<P::Part>, DecodeError> {
    Ok(match personal {
        PersonalJson::Absent => return Err(DecodeError::PersonalPart { event_type: P::TYPE }),
        PersonalJson::Erased => Personal::Erased,
        PersonalJson::Sealed => Personal::Sealed,
        PersonalJson::Known(json) => Personal::Known(json.read().map_err(|error| personal_error(P::TYPE, &error))?),
    })
}

fn plain_error(event_type: &'static str, error: &serde_json::Error) -> DecodeError {
    DecodeError::Plain { event_type, reason: error.to_string() }
}

fn personal_error(event_type: &'static str, error: &serde_json::Error) -> DecodeError {
    DecodeError::Personal { event_type, line: error.line(), column: error.column() }
}
