//! Version 0: what the original system's variables say, for a shop that has published no calendar.
//!
//! Invariant: made as a document, so that the shop can take it, change it and publish it.

use std::{collections::BTreeSet, fmt::Write as _, str::FromStr};

use jiff::{civil::Date, tz::TimeZone};

use super::{Calendars, Period, date};

/// What the original's defaults say.
pub(super) const BUILT_IN: &str = include_str!("built_in.toml");

/// A shop that never closes.
pub(super) const ALWAYS_OPEN: &str = include_str!("always_open.toml");

/// The original's variables.
#[derive(Debug, Clone)]
pub struct OriginalHours {
    /// `HUMAN_SHIFT_START` and `HUMAN_SHIFT_END`.
    pub period: Period,
    /// `TIMEZONE`, one that [`time_zone`](super::time_zone) knows.
    pub time_zone: TimeZone,
    /// `WEEKENDS_DISABLED`.
    pub weekends_disabled: bool,
    /// `HOLIDAYS`.
    pub holidays: Holidays,
}

/// Dates with commas between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holidays(BTreeSet<Date>);

/// One of them is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be dates like 2026-10-01 with commas between them")]
pub struct NotADate;

impl FromStr for Holidays {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let dates = text.split(',').map(str::trim).filter(|date| !date.is_empty());
        dates.map(date).collect::<Option<_>>().map(Self).ok_or(NotADate)
    }
}

impl OriginalHours {
    /// The calendars, as version 0.
    #[must_use]
    pub fn calendars(&self) -> Calendars {
        Calendars::parse(&self.document(), 0).expect("it is made of checked values")
    }

    /// Their document.
    #[must_use]
    pub fn document(&self) -> String {
        let zone = self.time_zone.iana_name().unwrap_or("UTC");
        let holidays: Vec<String> = self.holidays.0.iter().map(|date| format!("\"{date}\"")).collect();
        let mut text = format!("[default]\ntime_zone = \"{zone}\"\nholidays = [{}]\n", holidays.join(", "));
        text.push_str("\n[default.week]\n");
        let weekend: &[&str] = if self.weekends_disabled { &[] } else { &["saturday", "sunday"] };
        for day in ["monday", "tuesday", "wednesday", "thursday", "friday"].iter().chain(weekend) {
            writeln!(text, "{day} = \"{}\"", self.period).expect("writing to a string cannot fail");
        }
        text
    }
}
