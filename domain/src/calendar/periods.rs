//! Periods of a day: `09:00-12:00, 13:00-18:00`; `22:00-06:00` ends on the next date.
//!
//! Invariant: the periods of a day are in order and do not overlap; each is longer than nothing and at most a day.

use std::{fmt, ops::Deref, str::FromStr};

use jiff::{
    Timestamp,
    civil::Date,
    tz::{AmbiguousOffset, TimeZone},
};

const DAY: u16 = 24 * 60;

/// What is wrong with the text of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// It is no time of day.
    #[error("must have times from 00:00 to 24:00, like 09:00-18:00")]
    Time,
    /// It is not two times.
    #[error("must be periods like 09:00-12:00, 13:00-18:00")]
    Malformed,
    /// It has no length, or starts at 24:00.
    #[error("must not have a period that ends when it starts; a whole day is 00:00-24:00")]
    Empty,
    /// The periods are in disorder.
    #[error("must have the periods in order, without overlap")]
    Disorder,
}

/// A time of day in minutes from midnight, 24:00 included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

impl FromStr for TimeOfDay {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let (hours, minutes) = text.split_once(':').ok_or(PeriodError::Time)?;
        let number = |digits: &str, lengths: &[usize]| {
            let is_number = lengths.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| digits.parse::<u16>().ok()).flatten().ok_or(PeriodError::Time)
        };
        let (hours, minutes) = (number(hours, &[1, 2])?, number(minutes, &[2])?);
        let total = hours * 60 + minutes;
        if minutes < 60 && total <= DAY { Ok(Self(total)) } else { Err(PeriodError::Time) }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

/// Part of a day, half-open; it may end on the next date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    start: u16,
    /// From the midnight before `start`, so beyond 24:00 on the next date.
    end: u16,
}

impl Period {
    /// From one time to the other, on the next date if that is not later.
    ///
    /// # Errors
    /// They are the same, or it starts at 24:00.
    pub fn new(start: TimeOfDay, end: TimeOfDay) -> Result<Self, PeriodError> {
        if start == end || start.0 == DAY {
            return Err(PeriodError::Empty);
        }
        let end = if end > start { end.0 } else { end.0 + DAY };
        Ok(Self { start: start.0, end })
    }

    /// When it starts.
    #[must_use]
    pub fn start(self) -> TimeOfDay {
        TimeOfDay(self.start)
    }

    /// When it ends, on this date or the next.
    #[must_use]
    pub fn end(self) -> TimeOfDay {
        TimeOfDay(if self.end > DAY { self.end - DAY } else { self.end })
    }

    /// The instants at which the period of a date starts and ends; `None` beyond the years that can be stored.
    pub(super) fn on(self, date: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
        Some((instant(date, self.start, zone)?, instant(date, self.end, zone)?))
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let (start, end) = text.split_once('-').ok_or(PeriodError::Malformed)?;
        Self::new(start.trim().parse()?, end.trim().parse()?)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.start(), self.end())
    }
}

/// The first instant at which the clock shows this time or a later one.
fn instant(date: Date, minutes: u16, zone: &TimeZone) -> Option<Timestamp> {
    let date = if minutes < DAY { date } else { date.tomorrow().ok()? };
    let part = |number: u16| i8::try_from(number).ok();
    let shown = date.at(part(minutes % DAY / 60)?, part(minutes % 60)?, 0, 0);
    let found = zone.to_ambiguous_timestamp(shown);
    // Of a time that the clock shows twice, the first. For one that it skips this is an instant shortly before.
    let earlier = found.earlier().ok()?;
    match found.offset() {
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => Some(earlier),
        AmbiguousOffset::Gap { after, .. } => {
            let skip = zone.following(earlier).find(|transition| transition.offset() == after);
            skip.map(|transition| transition.timestamp())
        }
    }
}

/// The periods of a day; none on a day off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Periods(Vec<Period>);

impl FromStr for Periods {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let periods = text.split(',').map(str::parse).collect::<Result<Vec<Period>, _>>()?;
        if periods.windows(2).any(|pair| pair[0].end > pair[1].start) {
            return Err(PeriodError::Disorder);
        }
        Ok(Self(periods))
    }
}

impl Deref for Periods {
    type Target = [Period];

    fn deref(&self) -> &[Period] {
        &self.0
    }
}
