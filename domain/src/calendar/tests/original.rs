//! The original's variables, and what it got wrong with them (1.9 of its description).

use jiff::civil::Weekday;

use super::{at, check, closed, open};
use crate::{
    calendar::{Calendars, Hours, OriginalHours, Period, TimeOfDay, time_zone},
    settings::Document as _,
};

fn original(start: &str, end: &str, weekends_disabled: bool, holidays: &str) -> OriginalHours {
    let time = |text: &str| text.parse::<TimeOfDay>().expect("a time of day");
    OriginalHours {
        period: Period::new(time(start), time(end)).expect("two times"),
        time_zone: time_zone("Asia/Shanghai").expect("a time zone"),
        weekends_disabled,
        holidays: holidays.parse().expect("dates"),
    }
}

fn defaults() -> Calendars {
    original("09:00", "18:00", true, "").calendars()
}

#[test]
fn the_document_that_the_program_brings_is_the_originals_defaults() {
    assert_eq!(Calendars::built_in(), original("09:00", "18:00", true, "").document());
}

#[test]
fn version_0_is_what_the_variables_say() {
    let calendars = original("09:00", "18:00", true, "2026-10-01, 2026-10-02,").calendars();
    assert_eq!(calendars.version(), 0);
    let calendar = calendars.of(None);
    assert_eq!(calendar.time_zone().iana_name(), Some("Asia/Shanghai"));
    assert!(calendar.weekday(Weekday::Saturday).is_empty() && calendar.weekday(Weekday::Sunday).is_empty());
    let holidays: Vec<String> = calendar.holidays().map(|date| date.to_string()).collect();
    assert_eq!(holidays, ["2026-10-01", "2026-10-02"]);
    let shown: Vec<String> = calendar.current_periods(at("2026-10-01T12:00Z")).iter().map(Period::to_string).collect();
    assert_eq!(shown, ["09:00-18:00"]);
    check(&calendars, &[("2026-09-30T18:00+08:00", closed("2026-10-05T09:00+08:00"))]);
    let weekends = original("09:00", "18:00", false, "").calendars();
    check(&weekends, &[("2026-10-10T10:00+08:00", open("2026-10-10T18:00+08:00"))]);
}

#[test]
fn the_end_is_exclusive_where_the_original_still_worked() {
    check(&defaults(), &[("2026-10-05T18:00+08:00", closed("2026-10-06T09:00+08:00"))]);
}

#[test]
fn before_the_shift_the_next_opening_is_today_where_the_original_said_tomorrow() {
    check(&defaults(), &[("2026-10-05T07:00+08:00", closed("2026-10-05T09:00+08:00"))]);
}

#[test]
fn an_opening_beyond_a_week_is_found_where_the_original_gave_up() {
    let dates: Vec<String> = (1..=16).map(|day| format!("2026-10-{day:02}")).collect();
    let calendars = original("09:00", "18:00", true, &dates.join(",")).calendars();
    check(&calendars, &[("2026-10-01T10:00+08:00", closed("2026-10-19T09:00+08:00"))]);
}

#[test]
fn fridays_night_runs_on_into_saturday_where_the_original_stopped_at_midnight() {
    let nights = original("22:00", "06:00", true, "").calendars();
    let rows = [
        ("2026-10-10T03:00+08:00", open("2026-10-10T06:00+08:00")),
        // The original worked here: Monday's first hours belong to Sunday's night, which is off.
        ("2026-10-12T03:00+08:00", closed("2026-10-12T22:00+08:00")),
    ];
    check(&nights, &rows);
}

#[test]
fn bad_values_are_refused_where_the_original_replaced_them() {
    assert!("nine".parse::<TimeOfDay>().is_err() && time_zone("Shanghai").is_none());
    assert!("2026-02-30".parse::<crate::calendar::Holidays>().is_err());
}

#[test]
fn the_time_zone_database_is_in_the_program() {
    for zone in ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "UTC"] {
        let found = time_zone(zone).unwrap_or_else(|| panic!("{zone} is not built in"));
        assert_eq!(found.iana_name(), Some(zone));
    }
}

#[test]
fn a_calendar_without_any_hours_never_opens() {
    let never = super::calendar("UTC", "week = {}\n");
    assert_eq!(never.hours(None, at("2026-10-05T00:00Z")), Hours::Closed { opens_at: None });
    assert!(never.of(None).current_periods(at("2026-10-05T00:00Z")).is_empty());
}
