//! A point in the past: a position of the log, or a time.

use std::str::FromStr;

use event_store::{Position, RecordedEvent};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// A point in the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsOf {
    /// Everything up to this position.
    Position(Position),
    /// Everything recorded up to and at this time.
    Time(Timestamp),
}

/// The text is neither a position nor a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a position like 1042, or a time like 2026-11-23T14:05:00Z, 2026-11-23T15:05:00+01:00 or \
     '2026-11-23 14:05[:00]' (UTC)"
)]
pub struct InvalidAsOf;

impl AsOf {
    /// Whether an event had been recorded by then.
    #[must_use]
    pub fn includes(self, event: &RecordedEvent) -> bool {
        match self {
            Self::Position(position) => event.position <= position,
            Self::Time(time) => event.recorded_at <= time,
        }
    }
}

impl FromStr for AsOf {
    type Err = InvalidAsOf;

    fn from_str(text: &str) -> Result<Self, InvalidAsOf> {
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return text.parse().map(|position| Self::Position(Position(position))).map_err(|_| InvalidAsOf);
        }
        if let Ok(time) = text.parse() {
            return Ok(Self::Time(time));
        }
        let civil =
            ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"].iter().find_map(|form| DateTime::strptime(form, text).ok());
        let zoned = civil.and_then(|civil| civil.to_zoned(TimeZone::UTC).ok()).ok_or(InvalidAsOf)?;
        Ok(Self::Time(zoned.timestamp()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time_of(text: &str) -> Option<String> {
        match text.parse() {
            Ok(AsOf::Time(time)) => Some(time.to_string()),
            Ok(AsOf::Position(_)) | Err(InvalidAsOf) => None,
        }
    }

    #[test]
    fn a_number_is_a_position() {
        for (text, position) in [("0", 0), ("1042", 1042), ("18446744073709551615", u64::MAX)] {
            assert_eq!(text.parse(), Ok(AsOf::Position(Position(position))));
        }
    }

    #[test]
    fn a_time_is_rfc_3339_or_a_date_and_a_clock_in_utc() {
        assert_eq!(time_of("2026-11-23T14:05:06.5Z").as_deref(), Some("2026-11-23T14:05:06.5Z"));
        assert_eq!(time_of("2026-11-23T15:05:00+01:00").as_deref(), Some("2026-11-23T14:05:00Z"));
        assert_eq!(time_of("2026-11-23 14:05").as_deref(), Some("2026-11-23T14:05:00Z"));
        assert_eq!(time_of("2026-11-23 14:05:06").as_deref(), Some("2026-11-23T14:05:06Z"));
        assert_eq!(time_of("2026-11-23 14:05:06.123456").as_deref(), Some("2026-11-23T14:05:06.123456Z"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "now",
            "2026-11-23",
            "14:05",
            "2026-13-01 00:00",
            "2026-11-23T14:05:00",
            "23.11.2026 14:05",
            "-1",
            "+1",
            "1.5",
            "1-42",
            "18446744073709551616",
            "2026-11-23T15:05:00 01:00",
        ] {
            assert_eq!(text.parse::<AsOf>(), Err(InvalidAsOf), "{text}");
        }
    }
}
