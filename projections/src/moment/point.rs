//! Which moment is meant: a position of the log, or a time.

use std::str::FromStr;

use event_store::{Position, RecordedEvent};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// A moment of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// When the log ended at this position.
    Position(Position),
    /// Everything recorded up to this time, that very time included.
    Time(Timestamp),
}

/// The text is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a position like 1042, or a time like 2026-11-23T14:05:00Z, 2026-11-23T15:05:00+01:00 or \
     '2026-11-23 14:05[:00]' (UTC)"
)]
pub struct NotAMoment;

impl Moment {
    /// Whether an event had happened by then.
    #[must_use]
    pub fn includes(self, event: &RecordedEvent) -> bool {
        match self {
            Self::Position(position) => event.position <= position,
            Self::Time(time) => event.recorded_at <= time,
        }
    }
}

impl FromStr for Moment {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return text.parse().map(|position| Self::Position(Position(position))).map_err(|_| NotAMoment);
        }
        if let Ok(time) = text.parse() {
            return Ok(Self::Time(time));
        }
        let civil =
            ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"].iter().find_map(|form| DateTime::strptime(form, text).ok());
        let zoned = civil.and_then(|civil| civil.to_zoned(TimeZone::UTC).ok()).ok_or(NotAMoment)?;
        Ok(Self::Time(zoned.timestamp()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time_of(text: &str) -> Option<String> {
        match text.parse() {
            Ok(Moment::Time(time)) => Some(time.to_string()),
            Ok(Moment::Position(_)) | Err(NotAMoment) => None,
        }
    }

    #[test]
    fn a_number_is_a_position() {
        for (text, position) in [("0", 0), ("1042", 1042), ("18446744073709551615", u64::MAX)] {
            assert_eq!(text.parse(), Ok(Moment::Position(Position(position))));
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
            assert_eq!(text.parse::<Moment>(), Err(NotAMoment), "{text}");
        }
    }
}
