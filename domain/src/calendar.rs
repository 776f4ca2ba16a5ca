//! Working hours: when somebody of a skill group can be expected to answer.
//!
//! A calendar has a time zone, periods for each weekday, and dates of their own: holidays, and extra working days. A period
//! belongs to the date on which it starts, also past midnight, and is half-open: at its end nobody works any more.
//! Where the clock is moved, a time of day is the first instant at which the clock shows it or a later one; so a shift that
//! starts in the skipped hour starts when the clock is moved, and periods that touch neither leave a gap nor overlap.
//!
//! Invariant: pure. Time zones come from the database that is built into the program, so the same program says the same
//! on every machine.

mod document;
mod original;
mod periods;
mod shifts;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::LazyLock};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Weekday},
    tz::{TimeZone, TimeZoneDatabase},
};

pub use original::{Holidays, OriginalHours};
pub use periods::{Period, PeriodError, Periods, TimeOfDay};

use crate::{
    settings::{Document, DocumentError, Topic},
    text::Skill,
};

/// What a calendar says of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hours {
    /// Somebody works.
    Open {
        /// Until when; `None` if not within the next 400 days.
        closes_at: Option<Timestamp>,
    },
    /// Nobody works.
    Closed {
        /// When somebody works again; `None` if never.
        opens_at: Option<Timestamp>,
    },
}

impl Hours {
    /// Whether somebody works.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// When somebody works again, if nobody does.
    #[must_use]
    pub fn opens_at(&self) -> Option<Timestamp> {
        match self {
            Self::Open { .. } => None,
            Self::Closed { opens_at } => *opens_at,
        }
    }
}

/// The shop's calendars: one for each group that has its own, and one for all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendars {
    version: u32,
    default: Calendar,
    groups: BTreeMap<Skill, Calendar>,
}

impl Document for Calendars {
    const TOPIC: Topic = Topic::Calendar;

    fn parse(text: &str, version: u32) -> Result<Self, DocumentError> {
        let (default, groups) = document::parse(text)?;
        Ok(Self { version, default, groups })
    }

    fn built_in() -> &'static str {
        original::BUILT_IN
    }

    fn version(&self) -> u32 {
        self.version
    }
}

impl Calendars {
    /// Reads a document (`docs/hours.md`); `version` is the number it is known by.
    ///
    /// # Errors
    /// It is not such a document; the error says line and field.
    pub fn parse(text: &str, version: u32) -> Result<Self, DocumentError> {
        Document::parse(text, version)
    }

    /// A shop that never closes.
    #[must_use]
    pub fn always_open() -> Self {
        Self::parse(original::ALWAYS_OPEN, 0).expect("the document is right")
    }

    /// 0 = made from the settings, else the published version.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The calendar of a group: the default one for a group without its own, and for none.
    #[must_use]
    pub fn of(&self, group: Option<&Skill>) -> &Calendar {
        group.and_then(|group| self.groups.get(group)).unwrap_or(&self.default)
    }

    /// Whether somebody of the group works at this instant.
    #[must_use]
    pub fn hours(&self, group: Option<&Skill>, at: Timestamp) -> Hours {
        self.of(group).hours(at)
    }

    /// How much of the time between two instants is working time of the group.
    #[must_use]
    pub fn working_time(&self, group: Option<&Skill>, from: Timestamp, to: Timestamp) -> SignedDuration {
        self.of(group).working_time(from, to)
    }
}

/// One calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    zone: TimeZone,
    /// From Monday.
    week: [Periods; 7],
    days: BTreeMap<Date, DayRule>,
}

/// A date that is not as its weekday.
#[derive(Debug, Clone, PartialEq, Eq)]
enum DayRule {
    Off,
    AsOn(Weekday),
    Extra(Periods),
}

impl Calendar {
    /// The time zone that dates and times are of.
    #[must_use]
    pub fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    /// What is worked on weekdays of this name.
    #[must_use]
    pub fn weekday(&self, weekday: Weekday) -> &Periods {
        &self.week[usize::from(weekday.to_monday_zero_offset().unsigned_abs())]
    }

    /// The dates off.
    pub fn holidays(&self) -> impl Iterator<Item = Date> + '_ {
        self.days.iter().filter(|(_, rule)| **rule == DayRule::Off).map(|(date, _)| *date)
    }

    /// What is worked on a date.
    #[must_use]
    pub fn periods(&self, date: Date) -> &[Period] {
        match self.days.get(&date) {
            None => self.weekday(date.weekday()),
            Some(DayRule::Off) => &[],
            Some(DayRule::AsOn(weekday)) => self.weekday(*weekday),
            Some(DayRule::Extra(periods)) => periods,
        }
    }
}

static TIME_ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The time zone of this name; `None` if there is none.
#[must_use]
pub fn time_zone(name: &str) -> Option<TimeZone> {
    TIME_ZONES.get(name).ok()
}

/// A date as `2026-10-01`, and in no other form.
fn date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|date: &Date| date.to_string() == text)
}
