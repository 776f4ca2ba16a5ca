//! Days, nights, holidays and extra working days.

use jiff::SignedDuration;

use super::{at, calendar, calendars, check, closed, open};
use crate::{
    calendar::{Calendars, Hours},
    text::Skill,
};

/// Monday to Friday with a break at noon; 2026-10-05 is a Monday.
fn office() -> Calendars {
    let periods = "\"09:00-12:00, 13:00-18:00\"";
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday"].map(|day| format!("week.{day} = {periods}\n"));
    calendar("Asia/Shanghai", &days.concat())
}

#[test]
fn a_period_is_half_open() {
    let rows = [
        ("2026-10-05T08:59:59.999999+08:00", closed("2026-10-05T09:00+08:00")),
        ("2026-10-05T09:00+08:00", open("2026-10-05T12:00+08:00")),
        ("2026-10-05T11:59:59.999999+08:00", open("2026-10-05T12:00+08:00")),
        ("2026-10-05T12:00+08:00", closed("2026-10-05T13:00+08:00")),
        ("2026-10-05T13:00+08:00", open("2026-10-05T18:00+08:00")),
        ("2026-10-05T18:00+08:00", closed("2026-10-06T09:00+08:00")),
    ];
    check(&office(), &rows);
}

#[test]
fn the_next_opening_may_be_today_and_skips_the_weekend() {
    let rows = [
        ("2026-10-05T07:00+08:00", closed("2026-10-05T09:00+08:00")),
        ("2026-10-09T18:00+08:00", closed("2026-10-12T09:00+08:00")),
        ("2026-10-10T12:00+08:00", closed("2026-10-12T09:00+08:00")),
    ];
    check(&office(), &rows);
}

#[test]
fn a_night_shift_belongs_to_the_date_on_which_it_starts() {
    // Friday night runs on into Saturday, which is a holiday and no weekday of work; Sunday night is none.
    let nights = calendar(
        "Asia/Shanghai",
        "holidays = [\"2026-10-10\", \"2026-10-12\"]\nweek.friday = \"22:00-06:00\"\nweek.monday = \"22:00-06:00\"\n",
    );
    let rows = [
        ("2026-10-09T21:59+08:00", closed("2026-10-09T22:00+08:00")),
        ("2026-10-09T23:00+08:00", open("2026-10-10T06:00+08:00")),
        ("2026-10-10T05:59+08:00", open("2026-10-10T06:00+08:00")),
        // Monday the 12th is a holiday, so is the night that starts on it.
        ("2026-10-10T06:00+08:00", closed("2026-10-16T22:00+08:00")),
        ("2026-10-13T03:00+08:00", closed("2026-10-16T22:00+08:00")),
        ("2026-10-20T03:00+08:00", open("2026-10-20T06:00+08:00")),
    ];
    check(&nights, &rows);
}

#[test]
fn shifts_that_touch_or_overlap_close_together() {
    let week = "week.monday = \"08:00-16:00, 16:00-24:00\"\nweek.tuesday = \"00:00-08:00\"\n\
                week.wednesday = \"20:00-04:00\"\nweek.thursday = \"02:00-03:00, 03:30-10:00\"\n";
    let rows = [
        ("2026-10-05T08:00+08:00", open("2026-10-06T08:00+08:00")),
        ("2026-10-07T21:00+08:00", open("2026-10-08T10:00+08:00")),
        ("2026-10-08T03:10+08:00", open("2026-10-08T10:00+08:00")),
    ];
    check(&calendar("Asia/Shanghai", week), &rows);
}

#[test]
fn extra_days_have_their_own_periods_or_those_of_a_weekday() {
    let calendars = calendar(
        "Asia/Shanghai",
        "holidays = [\"2026-10-05\", \"2026-10-06\"]\nweek.monday = \"09:00-18:00\"\n\
         extra_days.2026-10-10 = \"monday\"\nextra_days.2026-10-11 = \"10:00-11:00\"\n",
    );
    let rows = [
        ("2026-10-05T10:00+08:00", closed("2026-10-10T09:00+08:00")),
        ("2026-10-10T10:00+08:00", open("2026-10-10T18:00+08:00")),
        ("2026-10-10T18:00+08:00", closed("2026-10-11T10:00+08:00")),
        ("2026-10-11T11:00+08:00", closed("2026-10-12T09:00+08:00")),
    ];
    check(&calendars, &rows);
}

#[test]
fn leap_days_are_dates_like_others() {
    let thursday = "week.thursday = \"09:00-18:00\"\n";
    let rows = [
        ("2024-02-28T12:00+08:00", closed("2024-02-29T09:00+08:00")),
        ("2024-02-29T12:00+08:00", open("2024-02-29T18:00+08:00")),
    ];
    check(&calendar("Asia/Shanghai", thursday), &rows);
    let without = format!("holidays = [\"2024-02-29\"]\n{thursday}");
    check(&calendar("Asia/Shanghai", &without), &[("2024-02-29T12:00+08:00", closed("2024-03-07T09:00+08:00"))]);
    let night = "week.wednesday = \"22:00-06:00\"\n";
    check(&calendar("Asia/Shanghai", night), &[("2024-02-29T05:00+08:00", open("2024-02-29T06:00+08:00"))]);
}

#[test]
fn an_opening_is_found_however_far_away_and_none_if_there_is_none() {
    let rest = "[default.week]\n[default.extra_days]\n2024-02-29 = \"09:00-10:00\"\n2032-02-29 = \"09:00-10:00\"\n";
    let rows =
        [("2024-02-29T10:00Z", closed("2032-02-29T09:00Z")), ("2032-02-29T10:00Z", Hours::Closed { opens_at: None })];
    check(&calendar("UTC", rest), &rows);
    // Two years of holidays, one after the other.
    let first: jiff::civil::Date = "2026-01-01".parse().expect("a date");
    let dates = first.series(jiff::Span::new().days(1)).take(730).map(|date| format!("\"{date}\""));
    let holidays = dates.collect::<Vec<String>>().join(",");
    let week = "week.friday = \"09:00-18:00\"\n";
    let long = calendar("UTC", &format!("holidays = [{holidays}]\n{week}"));
    check(&long, &[("2026-01-01T00:00Z", closed("2028-01-07T09:00Z"))]);
}

#[test]
fn who_never_rests_never_closes() {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let week = days.map(|day| format!("week.{day} = \"00:00-24:00\"\n")).concat();
    check(&calendar("Europe/Berlin", &week), &[("2026-10-05T10:00Z", Hours::Open { closes_at: None })]);
    let but_one = format!("holidays = [\"2027-10-05\"]\n{week}");
    check(&calendar("UTC", &but_one), &[("2026-10-05T10:00Z", open("2027-10-05T00:00Z"))]);
}

#[test]
fn a_group_has_its_own_hours_and_inherits_the_rest() {
    let calendars = calendars(
        "[default]\ntime_zone = \"Asia/Shanghai\"\nholidays = [\"2026-10-05\"]\n[default.week]\nmonday = \"09:00-18:00\"\n\
         [default.extra_days]\n2026-10-10 = \"monday\"\n\
         [groups.repairs]\nweek.monday = \"10:00-11:00\"\n\
         [groups.europe]\ntime_zone = \"Europe/Berlin\"\nholidays = [\"2026-10-10\"]\n\
         [groups.\"电池\"]\nextra_days.2026-10-05 = \"20:00-21:00\"\n",
    );
    let opening = |group: &str, instant: &str| {
        let skill = Skill::parse(group).expect("a skill");
        calendars.hours(Some(&skill), at(instant)).opens_at()
    };
    let rows = [
        ("nobody", "2026-10-05T00:00+08:00", "2026-10-10T09:00+08:00"),
        ("repairs", "2026-10-05T00:00+08:00", "2026-10-10T10:00+08:00"),
        ("europe", "2026-10-05T00:00+02:00", "2026-10-05T09:00+02:00"),
        ("europe", "2026-10-10T00:00+02:00", "2026-10-12T09:00+02:00"),
        ("电池", "2026-10-05T00:00+08:00", "2026-10-05T20:00+08:00"),
        ("电池", "2026-10-06T00:00+08:00", "2026-10-12T09:00+08:00"),
    ];
    for (group, instant, expected) in rows {
        assert_eq!(opening(group, instant), Some(at(expected)), "{group} {instant}");
    }
}

#[test]
fn working_time_counts_what_is_worked_once() {
    let rows = [
        ("2026-10-05T08:00+08:00", "2026-10-05T09:00+08:00", 0),
        ("2026-10-05T11:00+08:00", "2026-10-05T14:00+08:00", 2 * 60),
        ("2026-10-09T17:30+08:00", "2026-10-12T09:10+08:00", 40),
        ("2026-10-05T00:00+08:00", "2026-10-12T00:00+08:00", 5 * 8 * 60),
        ("2026-10-05T14:00+08:00", "2026-10-05T11:00+08:00", 0),
    ];
    for (from, to, minutes) in rows {
        assert_eq!(office().working_time(None, at(from), at(to)), SignedDuration::from_mins(minutes), "{from} {to}");
    }
    let overlapping = calendar("UTC", "week.monday = \"20:00-04:00\"\nweek.tuesday = \"02:00-05:00\"\n");
    let night = overlapping.working_time(None, at("2026-10-05T00:00Z"), at("2026-10-07T00:00Z"));
    assert_eq!(night, SignedDuration::from_hours(9));
}
