//! Nights on which the clock is moved.

use jiff::SignedDuration;

use super::{at, calendar, check, closed, open};
use crate::calendar::Calendars;

fn every_day(zone: &str, periods: &str) -> Calendars {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    calendar(zone, &days.map(|day| format!("week.{day} = \"{periods}\"\n")).concat())
}

#[test]
fn a_night_shift_is_an_hour_shorter_in_spring_and_longer_in_autumn() {
    let berlin = every_day("Europe/Berlin", "22:00-06:00");
    let rows = [
        ("2026-03-28T22:00+01:00", open("2026-03-29T06:00+02:00")),
        ("2026-03-29T06:00+02:00", closed("2026-03-29T22:00+02:00")),
        ("2026-10-24T22:00+02:00", open("2026-10-25T06:00+01:00")),
    ];
    check(&berlin, &rows);
    let worked = |from: &str, to: &str| berlin.working_time(None, at(from), at(to));
    assert_eq!(worked("2026-03-28T12:00Z", "2026-03-29T12:00Z"), SignedDuration::from_hours(7));
    assert_eq!(worked("2026-10-24T12:00Z", "2026-10-25T12:00Z"), SignedDuration::from_hours(9));
}

#[test]
fn what_starts_or_ends_in_the_skipped_hour_does_so_when_the_clock_is_moved() {
    // Berlin: 02:00 becomes 03:00 on 2026-03-29.
    let rows = [
        ("2026-03-29T01:59:59+01:00", closed("2026-03-29T03:00+02:00")),
        ("2026-03-29T03:00+02:00", open("2026-03-29T10:00+02:00")),
    ];
    check(&every_day("Europe/Berlin", "02:30-10:00"), &rows);
    let rows = [
        ("2026-03-29T01:00+01:00", open("2026-03-29T03:00+02:00")),
        ("2026-03-29T03:00+02:00", closed("2026-03-29T20:00+02:00")),
    ];
    check(&every_day("Europe/Berlin", "20:00-02:30"), &rows);
    // New York: 02:00 becomes 03:00 on 2026-03-08; a shift within the skipped hour does not take place.
    let rows = [
        ("2026-03-08T01:00-05:00", closed("2026-03-09T02:15-04:00")),
        ("2026-03-08T03:30-04:00", closed("2026-03-09T02:15-04:00")),
    ];
    check(&every_day("America/New_York", "02:15-02:45"), &rows);
}

#[test]
fn a_time_that_the_clock_shows_twice_is_the_first() {
    // Berlin: 03:00 becomes 02:00 on 2026-10-25. The shift starts once and goes on through both hours.
    let rows = [
        ("2026-10-25T02:29+02:00", closed("2026-10-25T02:30+02:00")),
        ("2026-10-25T02:30+02:00", open("2026-10-25T10:00+01:00")),
        ("2026-10-25T02:15+01:00", open("2026-10-25T10:00+01:00")),
    ];
    check(&every_day("Europe/Berlin", "02:30-10:00"), &rows);
    // New York: 02:00 becomes 01:00 on 2026-11-01. Who ends at 01:30 goes home at the first.
    let rows = [
        ("2026-11-01T01:29-04:00", open("2026-11-01T01:30-04:00")),
        ("2026-11-01T01:30-04:00", closed("2026-11-01T20:00-05:00")),
        ("2026-11-01T01:10-05:00", closed("2026-11-01T20:00-05:00")),
    ];
    check(&every_day("America/New_York", "20:00-01:30"), &rows);
    // One shift hands over to the next within the doubled hour.
    let rows = [
        ("2026-11-01T01:29-04:00", open("2026-11-01T09:00-05:00")),
        ("2026-11-01T01:30-04:00", open("2026-11-01T09:00-05:00")),
        ("2026-11-01T01:20-05:00", open("2026-11-01T09:00-05:00")),
    ];
    check(&every_day("America/New_York", "01:30-09:00, 20:00-01:30"), &rows);
}

#[test]
fn a_date_that_a_zone_skipped_is_not_worked() {
    // Samoa had no 30 December 2011.
    let apia = every_day("Pacific/Apia", "09:00-18:00");
    check(&apia, &[("2011-12-29T18:00-10:00", closed("2011-12-31T09:00+14:00"))]);
}

#[test]
fn clock_changes_of_far_years_are_known() {
    let rows = [("2060-03-28T00:00+01:00", closed("2060-03-28T03:00+02:00"))];
    check(&every_day("Europe/Berlin", "02:30-10:00"), &rows);
}
