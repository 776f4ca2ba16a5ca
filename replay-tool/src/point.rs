//! A moment of a session: a time, a position of the log or a version of the stream; and the history up to it.

use std::{str::FromStr, sync::Arc};

use event_store::{Position, RecordedEvent, StreamVersion};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use crate::{cli::ShowArgs, failure::Failure};

/// A time as an auditor writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Timestamp);

/// The text is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the time as 2026-11-23T14:05:00Z, 2026-11-23T15:05:00+01:00 or '2026-11-23 14:05[:00]' (UTC)")]
pub struct NotATime;

impl FromStr for Time {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        if let Ok(time) = text.parse() {
            return Ok(Self(time));
        }
        let civil =
            ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"].iter().find_map(|form| DateTime::strptime(form, text).ok());
        let zoned = civil.and_then(|civil| civil.to_zoned(TimeZone::UTC).ok()).ok_or(NotATime)?;
        Ok(Self(zoned.timestamp()))
    }
}

/// Which moment of a session is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The newest.
    Now,
    /// Everything recorded up to a time, that time included.
    At(Timestamp),
    /// When the log ended at a position.
    Position(u64),
    /// After the session's own event of this number.
    Version(u64),
}

impl Moment {
    /// The moment that the arguments name; clap lets only one of them through.
    #[must_use]
    pub fn of(wanted: &ShowArgs) -> Self {
        let at = wanted.at.map(|Time(time)| Self::At(time));
        let position = wanted.position.map(Self::Position);
        at.or(position).or(wanted.version.map(Self::Version)).unwrap_or(Self::Now)
    }

    /// The part of a session's history that had happened by then.
    ///
    /// # Errors
    /// The session had not begun, or the moment is not in this log.
    pub fn cut(self, history: &[Arc<RecordedEvent>], head: Position) -> Result<&[Arc<RecordedEvent>], Failure> {
        let (Some(first), Some(last)) = (history.first(), history.last()) else { return Err(Failure::NoSession) };
        let happened = match self {
            Self::Now => history.len(),
            Self::At(time) => history.partition_point(|event| event.recorded_at <= time),
            Self::Position(wanted) if wanted > head.0 => return Err(Failure::BeyondHead { wanted, head }),
            Self::Position(wanted) => history.partition_point(|event| event.position <= Position(wanted)),
            Self::Version(wanted) if wanted > last.version.0 => {
                return Err(Failure::NoSuchVersion { wanted, last: last.version });
            }
            Self::Version(wanted) => history.partition_point(|event| event.version <= StreamVersion(wanted)),
        };
        if happened == 0 {
            return Err(Failure::NotYet { opened_at: first.recorded_at_text(), position: first.position });
        }
        Ok(&history[..happened])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(text: &str) -> Option<String> {
        text.parse::<Time>().ok().map(|Time(time)| time.to_string())
    }

    #[test]
    fn a_time_is_rfc_3339_or_a_date_and_a_clock_in_utc() {
        assert_eq!(text_of("2026-11-23T14:05:06.5Z").as_deref(), Some("2026-11-23T14:05:06.5Z"));
        assert_eq!(text_of("2026-11-23T15:05:00+01:00").as_deref(), Some("2026-11-23T14:05:00Z"));
        assert_eq!(text_of("2026-11-23 14:05").as_deref(), Some("2026-11-23T14:05:00Z"));
        assert_eq!(text_of("2026-11-23 14:05:06").as_deref(), Some("2026-11-23T14:05:06Z"));
        assert_eq!(text_of("2026-11-23 14:05:06.123456").as_deref(), Some("2026-11-23T14:05:06.123456Z"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "now", "2026-11-23", "14:05", "2026-13-01 00:00", "2026-11-23T14:05:00", "23.11.2026 14:05"] {
            assert_eq!(text.parse::<Time>(), Err(NotATime), "{text}");
        }
    }
}
