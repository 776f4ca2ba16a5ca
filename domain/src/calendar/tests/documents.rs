//! What documents are refused, and where they say it is.

use jiff::civil::Weekday;

use crate::{
    calendar::{Calendars, Period, Periods, TimeOfDay},
    text::Skill,
};

#[test]
fn a_fault_is_named_with_line_and_field() {
    let head = "[default]\ntime_zone = \"UTC\"\nweek.monday = \"09:00-18:00\"\n";
    let rows = [
        ("", 1, "", "must have a table [default]"),
        ("[default]\nweek = {}\n", 1, "default", "must have time_zone"),
        ("[default]\ntime_zone = \"UTC\"\n", 1, "default", "must have week"),
        ("[default]\ntime_zone = \"Mars\"\n", 2, "default.time_zone", "must be a time zone like Asia/Shanghai"),
        ("[default]\ntime_zone = 8\n", 2, "default.time_zone", "must be a text in quotes"),
        ("[default]\nweek.moonday = \"\"\n", 2, "default.week.moonday", "is no weekday"),
        ("[default]\nweek.monday = \"09:00\"\n", 2, "default.week.monday", "must be periods like"),
        ("[default]\nweek.monday = \"09:00-25:00\"\n", 2, "default.week.monday", "must have times from 00:00 to"),
        ("[default]\nweek.monday = \"09:00-09:00\"\n", 2, "default.week.monday", "ends when it starts"),
        ("[default]\nholidays = [\n\"2026-10-01\",\n\"2026-2-1\"]\n", 4, "default.holidays", "must be a date"),
        ("[default]\nholidays = [\"2026-02-29\"]\n", 2, "default.holidays", "must be a date"),
        ("[default]\nextra_days.2026-10-10 = \"later\"\n", 2, "default.extra_days.2026-10-10", "name of a weekday"),
        ("[default]\nextra_days.today = \"monday\"\n", 2, "default.extra_days.today", "must be a date"),
        ("[default]\nopen = true\n", 2, "default.open", "is not known"),
        ("a = 1\nb = \n", 2, "", "value"),
    ];
    for (text, line, field, reason) in rows {
        let error = Calendars::parse(text, 1).expect_err(text);
        assert_eq!((error.line, error.field.as_str()), (line, field), "{text}\n{error}");
        assert!(error.problem.contains(reason), "{text}\n{error}");
    }
    let rows = [
        ("extra_days.2026-10-01 = \"monday\"\nholidays = [\"2026-10-01\"]\n", 5, "default.holidays"),
        ("[groups.repairs]\nweek.sunday = \"9-17\"\n", 5, "groups.repairs.week.sunday"),
        ("[groups.\"e.u.\"]\nextra_days.2026-10-01 = \"\"\nholidays = [\"2026-10-01\"]\n", 6, "groups.e.u..holidays"),
        ("[groups.\" repairs\"]\n", 4, "groups. repairs"),
        ("[group.repairs]\n", 4, "group"),
    ];
    for (rest, line, field) in rows {
        let error = Calendars::parse(&format!("{head}{rest}"), 1).expect_err(rest);
        assert_eq!((error.line, error.field.as_str()), (line, field), "{rest}\n{error}");
    }
}

#[test]
fn the_name_of_a_group_may_have_dots() {
    let text = "[default]\ntime_zone = \"UTC\"\nweek = {}\n[groups.\"e.u.\"]\nweek.monday = \"09:00-18:00\"\n";
    let calendars = Calendars::parse(text, 1).expect("it has no fault");
    let group = Skill::parse("e.u.").expect("a skill");
    assert!(!calendars.of(Some(&group)).weekday(Weekday::Monday).is_empty());
}

#[test]
fn an_error_reads_as_a_sentence() {
    let error = Calendars::parse("[default]\ntime_zone = \"Mars\"\n", 1).expect_err("there is no such zone");
    assert_eq!(error.to_string(), "line 2: default.time_zone must be a time zone like Asia/Shanghai, not \"Mars\"");
}

#[test]
fn periods_are_in_order_and_times_in_a_day() {
    for good in ["", "9:00-18:00", "00:00-24:00", "09:00-12:00,12:00-18:00", "22:00-06:00", "22:00-00:00"] {
        assert!(good.parse::<Periods>().is_ok(), "{good}");
    }
    for bad in ["09:00-12:00, 11:00-18:00", "13:00-18:00, 09:00-12:00", "22:00-06:00, 23:00-24:00", "24:00-06:00", "-"]
    {
        assert!(bad.parse::<Periods>().is_err(), "{bad}");
    }
    for bad in ["", "9", "9:0", "009:00", "24:01", "12:60", "+9:00", "٠٩:٠٠", "09:00:00"] {
        assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
    }
    for (text, shown) in [("9:00-18:00", "09:00-18:00"), ("22:00-6:00", "22:00-06:00"), ("00:00-24:00", "00:00-24:00")]
    {
        assert_eq!(text.parse::<Period>().map(|period| period.to_string()), Ok(shown.to_owned()));
    }
}
