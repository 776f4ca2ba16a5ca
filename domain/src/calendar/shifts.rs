//! From dates and periods to instants.
//!
//! Invariant: shifts come in the order in which they start. Those of neighbouring dates may touch or overlap; what they
//! cover together counts once.

use std::iter::successors;

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::{Calendar, Hours, Period};

/// A period of a date as instants.
#[derive(Debug, Clone, Copy)]
struct Shift {
    date: Date,
    start: Timestamp,
    end: Timestamp,
}

/// How far ahead an end is looked for where one shift follows the other.
const HORIZON: SignedDuration = SignedDuration::from_hours(400 * 24);

impl Calendar {
    /// Whether somebody works at this instant.
    #[must_use]
    pub fn hours(&self, at: Timestamp) -> Hours {
        let mut shifts = self.shifts(at);
        let Some(first) = shifts.next() else { return Hours::Closed { opens_at: None } };
        if first.start > at {
            return Hours::Closed { opens_at: Some(first.start) };
        }
        let mut closes_at = first.end;
        for shift in shifts {
            if shift.start > closes_at {
                break;
            }
            closes_at = closes_at.max(shift.end);
            if closes_at.duration_since(at) > HORIZON {
                return Hours::Open { closes_at: None };
            }
        }
        Hours::Open { closes_at: Some(closes_at) }
    }

    /// How much of the time between two instants is working time.
    #[must_use]
    pub fn working_time(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        let mut total = SignedDuration::ZERO;
        let mut counted = from;
        for shift in self.shifts(from).take_while(|shift| shift.start < to) {
            let (start, end) = (shift.start.max(counted), shift.end.min(to));
            if start < end {
                total += end.duration_since(start);
                counted = end;
            }
        }
        total
    }

    /// The periods of the date whose shift is under way, or else of the date that is worked next.
    #[must_use]
    pub fn current_periods(&self, at: Timestamp) -> &[Period] {
        self.shifts(at).next().map_or(&[], |shift| self.periods(shift.date))
    }

    /// The shifts from the first that ends after this instant.
    fn shifts(&self, at: Timestamp) -> impl Iterator<Item = Shift> + '_ {
        let today = self.zone.to_datetime(at).date();
        // A shift of yesterday may be under way.
        let first = today.yesterday().unwrap_or(today);
        let dates = successors(self.worked_date(Some(first)), |date| self.worked_date(date.tomorrow().ok()));
        dates.flat_map(|date| self.shifts_of(date)).skip_while(move |shift| shift.end <= at)
    }

    fn shifts_of(&self, date: Date) -> impl Iterator<Item = Shift> + '_ {
        let on_date = move |period: &Period| {
            let (start, end) = period.on(date, &self.zone)?;
            (start < end).then_some(Shift { date, start, end })
        };
        self.periods(date).iter().filter_map(on_date)
    }

    /// The first date from this one on that may be worked. Where no weekday is worked, only dates with a rule of their own
    /// are: a calendar that never opens must not be followed to the end of time.
    fn worked_date(&self, from: Option<Date>) -> Option<Date> {
        let from = from?;
        if self.week.iter().any(|periods| !periods.is_empty()) {
            return Some(from);
        }
        self.days.range(from..).next().map(|(date, _)| *date)
    }
}
