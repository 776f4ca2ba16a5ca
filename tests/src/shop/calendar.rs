//! When customers come: how busy each hour of a week is.
//!
//! The shop is in China (UTC+8, no summer time) and sells to Europe as well, so a good part of its customers writes while
//! nobody works (`rules` has the hours).

use jiff::{SignedDuration, Timestamp, civil::Weekday, tz};

/// Arrivals in each hour of a day by the shop's clock, compared with each other: the Chinese morning, afternoon and evening.
const HOME: [u32; 24] = [14, 7, 4, 3, 3, 5, 10, 22, 48, 78, 92, 84, 60, 66, 80, 84, 78, 66, 56, 62, 80, 84, 62, 34];
/// The European day, as the shop's clock has it.
const ABROAD: [u32; 24] = [20, 20, 18, 15, 10, 7, 4, 3, 3, 3, 3, 4, 6, 10, 17, 25, 32, 35, 34, 31, 33, 37, 36, 28];

/// How busy an hour is, and how much of it is from abroad, which decides the customers' languages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Busy {
    /// Arrivals, compared with those of other hours.
    pub(super) weight: f64,
    /// How many of them write English.
    pub(super) abroad: f64,
}

/// How busy the hour is that a moment lies in: weekends are quieter in the morning at home, and busier abroad.
pub(super) fn busy(at: Timestamp) -> Busy {
    let local = local(at);
    let hour = usize::from(local.hour().unsigned_abs());
    let is_weekend = matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday);
    let (home, abroad) = (f64::from(HOME[hour]), f64::from(ABROAD[hour]));
    let (home, abroad) = if is_weekend { (home * 0.7, abroad * 1.3) } else { (home, abroad) };
    Busy { weight: home + abroad, abroad: abroad / (home + abroad) }
}

/// Where the hour ends that a moment lies in.
pub(super) fn end_of_hour(at: Timestamp) -> Timestamp {
    const HOUR: i64 = 3600;
    let second = at.as_second().div_euclid(HOUR) * HOUR + HOUR;
    Timestamp::from_second(second).expect("a shop's days are within the calendar")
}

fn local(at: Timestamp) -> jiff::Zoned {
    at.to_zoned(tz::TimeZone::fixed(tz::offset(8)))
}

/// So many seconds later.
pub(super) fn later(at: Timestamp, seconds: f64) -> Timestamp {
    at.saturating_add(SignedDuration::from_secs_f64(seconds)).expect("a fixed duration can be added")
}

/// Seconds from one moment to another; negative where it lies before.
pub(super) fn seconds_between(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn nights_are_quiet_and_abroad() {
        let (noon, night) = (busy(time("2026-11-23T02:30:00Z")), busy(time("2026-11-22T18:30:00Z")));
        assert!(noon.weight > 3.0 * night.weight);
        assert!(noon.abroad < 0.1 && night.abroad > 0.6);
    }
}
