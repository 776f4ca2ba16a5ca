//! The event envelope, as stored and as hashed, and the types of its fields.
//!
//! Invariant: `data` and `personal` are stored as the bytes that were hashed; nothing serialises them again.

use std::{fmt, sync::Arc};

use jiff::{Timestamp, tz::Offset};
use uuid::Uuid;

/// The place of an event in the whole log, from 1. Dense in the SQL stores (1, 2, 3, …), increasing in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Position(pub u64);

impl Position {
    /// Before the first event.
    pub const START: Self = Self(0);

    /// The position after this one in a dense log. Saturates, because a reader may ask for what follows any number.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The place of an event in its stream, from 1, dense. 0 means a stream without events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct StreamVersion(pub u64);

impl StreamVersion {
    /// A stream that has no event yet.
    pub const NONE: Self = Self(0);

    /// The version after this one; saturates as [`Position::next`] does.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for StreamVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// `<category>-<rest>`, lower-case ASCII letters, digits, `-` and `_`, at most 100 bytes. Never contains text that a
/// person chose.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct StreamName(Arc<str>);

/// The text is not a valid stream name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a stream name")]
pub struct InvalidStreamName(pub String);

impl StreamName {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 100;

    /// The stream of one entity: category `session` and its id give `session-<uuid>`.
    #[must_use]
    pub fn of(category: &'static str, id: Uuid) -> Self {
        Self(format!("{category}-{id}").into())
    }

    /// Parses a name.
    ///
    /// # Errors
    /// The name is empty, too long, has no category or a character outside `[a-z0-9_-]`.
    pub fn parse(name: &str) -> Result<Self, InvalidStreamName> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let has_category =
            name.split_once('-').is_some_and(|(category, rest)| !category.is_empty() && !rest.is_empty());
        if has_category && name.len() <= Self::MAX_BYTES && name.bytes().all(allowed) {
            return Ok(Self(name.into()));
        }
        Err(InvalidStreamName(name.chars().take(Self::MAX_BYTES).collect()))
    }

    /// The part before the first `-`: `session`, `agent`, ….
    #[must_use]
    pub fn category(&self) -> &str {
        self.0.split_once('-').map_or(&self.0, |(category, _)| category)
    }

    /// The UUID after the category; `None` if the rest is not a UUID.
    #[must_use]
    pub fn id(&self) -> Option<Uuid> {
        self.0.split_once('-').and_then(|(_, id)| Uuid::try_parse(id).ok())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who caused an event: `<kind>:<id>`, with kind customer, agent, assistant, policy or system. Kept as the hashed text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Actor(Arc<str>);

impl Actor {
    /// Builds an actor from kind and id.
    #[must_use]
    pub fn new(kind: &str, id: &str) -> Self {
        Self(format!("{kind}:{id}").into())
    }

    /// Accepts a stored text unchanged.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The part before the colon.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0.split_once(':').map_or(&self.0, |(kind, _)| kind)
    }

    /// The part after the colon.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, id)| id)
    }

    /// `kind:id`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An event ready to be stored; its personal part is already sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedEvent {
    /// Chosen by the writer. A repeated id with the same content is the same event; with other content it is refused.
    pub event_id: Uuid,
    /// Written by hand, like `session.agent_took_over`.
    pub event_type: Arc<str>,
    /// Schema version of `data` and of the personal part, from 1.
    pub schema: u32,
    /// Who caused it.
    pub actor: Actor,
    /// The person whose data the sealed part holds.
    pub subject: Option<Uuid>,
    /// The key that sealed `personal`; present exactly when `personal` is.
    pub key_id: Option<Arc<str>>,
    /// Shared by all events of one request or of one process manager reaction.
    pub correlation_id: Uuid,
    /// The event that caused this one.
    pub causation_id: Option<Uuid>,
    /// JSON text, plain.
    pub data: Arc<str>,
    /// Sealed JSON: see `vault::seal` for its bytes.
    pub personal: Option<Arc<[u8]>>,
}

/// An event as recorded in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Position in the log.
    pub position: Position,
    /// The stream it belongs to.
    pub stream: StreamName,
    /// Version in its stream.
    pub version: StreamVersion,
    /// UTC to the microsecond, strictly later than the event before it in the log.
    pub recorded_at: Timestamp,
    /// The event as the writer gave it.
    pub event: SealedEvent,
    /// Hash of the previous event of the stream; zeros for the first.
    pub prev_hash: [u8; 32],
    /// Hash of this event: `hash::event_hash`.
    pub hash: [u8; 32],
}

impl RecordedEvent {
    /// `recorded_at` as stored and hashed.
    #[must_use]
    pub fn recorded_at_text(&self) -> String {
        time_text(self.recorded_at)
    }

    /// Bytes of its two parts, which is nearly all that it takes in memory.
    #[must_use]
    pub fn content_bytes(&self) -> usize {
        self.event.data.len() + self.event.personal.as_ref().map_or(0, |personal| personal.len())
    }
}

/// A time as stored and hashed: `2026-11-23T02:40:07.123456Z`, always 27 bytes, so that text order is time order.
#[must_use]
pub fn time_text(time: Timestamp) -> String {
    let civil = Offset::UTC.to_datetime(time);
    if civil.year() < 0 {
        return format!("{time:.6}");
    }
    // Written by hand because every event that is written, read or verified needs it: a tenth of the formatter's time.
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    write_digits(&mut text[0..4], civil.year().unsigned_abs().into());
    let fields = [civil.month(), civil.day(), civil.hour(), civil.minute(), civil.second()];
    for (place, field) in fields.into_iter().enumerate() {
        write_digits(&mut text[5 + 3 * place..7 + 3 * place], field.unsigned_abs().into());
    }
    write_digits(&mut text[20..26], civil.subsec_nanosecond().unsigned_abs() / 1_000);
    String::from_utf8(text.to_vec()).expect("digits and signs are ASCII")
}

fn write_digits(to: &mut [u8], mut number: u32) {
    for digit in to.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Parses the output of [`time_text`]. `None` for any other form, even a valid time, because it would hash differently.
#[must_use]
pub fn parse_time_text(text: &str) -> Option<Timestamp> {
    let time: Timestamp = text.parse().ok()?;
    (time_text(time) == text).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_of_a_time_is_parsed() {
        let text = "2026-11-23T02:40:07.123456Z";
        let time = parse_time_text(text).expect("written by time_text");
        assert_eq!(time_text(time), text);
        assert_eq!(time_text(Timestamp::from_second(0).expect("epoch")), "1970-01-01T00:00:00.000000Z");
        assert_eq!(parse_time_text("2026-11-23T02:40:07.12345Z"), None);
        assert_eq!(parse_time_text("2026-11-23T02:40:60.000000Z"), None);
        assert_eq!(parse_time_text("2026-11-23T03:40:07.123456+01:00"), None);
    }

    #[test]
    fn time_text_equals_the_formatter_output() {
        for seconds in (-70_000_000_000..250_000_000_000_i64).step_by(99_999_989) {
            let time = Timestamp::new(seconds, (seconds.unsigned_abs() % 1_000_000_000) as i32).expect("in range");
            assert_eq!(time_text(time), format!("{time:.6}"));
        }
    }

    #[test]
    fn invalid_stream_names_are_refused() {
        let id = Uuid::nil();
        assert_eq!(StreamName::of("session", id).id(), Some(id));
        assert_eq!(StreamName::parse("settings-policy").map(|s| s.category().to_owned()), Ok("settings".to_owned()));
        for bad in ["", "session", "-x", "session-", "Session-1", "session-ü", "session-a b", &"a-".repeat(60)] {
            assert!(StreamName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
