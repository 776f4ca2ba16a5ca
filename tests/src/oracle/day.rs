//! When a day began, by looking at clocks.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// The first moment from which on, up to `now`, clocks of a time zone have shown the date that they show now: found by
/// going back minute by minute. It is not always midnight, and a day not always 24 hours.
///
/// # Panics
/// At the end of time.
#[must_use]
pub fn day_start(now: Timestamp, zone: &TimeZone) -> Timestamp {
    let date_at = |time: Timestamp| zone.to_datetime(time).date();
    let whole_minute = now.as_second() - now.as_second().rem_euclid(60);
    let mut start = Timestamp::from_second(whole_minute).expect("it is right before another time");
    loop {
        let before = start - SignedDuration::from_nanos(1);
        if date_at(before) != date_at(now) {
            return start;
        }
        start -= SignedDuration::from_mins(1);
    }
}
