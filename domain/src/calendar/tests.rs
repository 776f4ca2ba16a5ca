//! Calendars by tables: what they say of instants, and what documents are refused.

mod clock_changes;
mod documents;
mod minutes;
mod original;
mod tables;

use jiff::Timestamp;

use super::{Calendars, Hours};

/// The calendars of a document that has no fault.
fn calendars(text: &str) -> Calendars {
    Calendars::parse(text, 1).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A default calendar of this zone, with more lines after the zone's.
fn calendar(zone: &str, rest: &str) -> Calendars {
    calendars(&format!("[default]\ntime_zone = \"{zone}\"\n{rest}"))
}

/// An instant, as `2026-03-29T02:30+02:00`.
fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn open(closes_at: &str) -> Hours {
    Hours::Open { closes_at: Some(at(closes_at)) }
}

fn closed(opens_at: &str) -> Hours {
    Hours::Closed { opens_at: Some(at(opens_at)) }
}

/// Asserts what a calendar says at each of these instants.
fn check(calendars: &Calendars, rows: &[(&str, Hours)]) {
    for (instant, expected) in rows {
        assert_eq!(calendars.hours(None, at(instant)), *expected, "{instant}");
    }
}
