//! What documents are refused, and where they say it is.

use crate::calendar::{Calendars, Period, Periods, TimeOfDay};

#[test]
fn a_fault_is_named_with_line_and_field() {
    let head = "[default]\ntime_zone = \"UTC\"\nweek.monday = \"09:00-18:00\"\n";
    let rows = [
        ("", 1, None, "missing field `default`"),
        ("[default]\nweek = {}\n", 1, Some("default"), "must have time_zone"),
        ("[default]\ntime_zone = \"UTC\"\n", 1, Some("default"), "must have week"),
        (
            "[default]\ntime_zone = \"Mars/Base\"\n",
            2,
            Some("default.time_zone"),
            "must be a time zone like Asia/Shanghai",
        ),
        ("[default]\nweek.moonday = \"\"\n", 2, Some("default.week.moonday"), "must be a weekday"),
        ("[default]\nweek.monday = \"09:00\"\n", 2, Some("default.week.monday"), "must be periods like"),
        ("[default]\nweek.monday = \"09:00-25:00\"\n", 2, Some("default.week.monday"), "must have times from 00:00 to"),
        ("[default]\nweek.monday = \"09:00-09:00\"\n", 2, Some("default.week.monday"), "ends when it starts"),
        ("[default]\nholidays = [\n\"2026-10-01\",\n\"2026-2-1\"]\n", 4, Some("default.holidays[2]"), "must be a date"),
        ("[default]\nholidays = [\"2026-02-29\"]\n", 2, Some("default.holidays[1]"), "must be a date"),
        (
            "[default]\nextra_days.2026-10-10 = \"someday\"\n",
            2,
            Some("default.extra_days.2026-10-10"),
            "the name of a weekday",
        ),
        ("[default]\nextra_days.today = \"monday\"\n", 2, Some("default.extra_days.today"), "must be a date"),
        ("[default]\nopen = true\n", 2, Some("default.open"), "unknown field `open`"),
    ];
    for (text, line, field, reason) in rows {
        let error = Calendars::parse(text, 1).expect_err(text);
        assert_eq!((error.line, error.field.as_deref()), (line, field), "{text}\n{error}");
        assert!(error.reason.contains(reason), "{text}\n{error}");
    }
    let rows = [
        ("holidays = [\"2026-10-01\"]\nextra_days.2026-10-01 = \"monday\"\n", 5, "default.extra_days.2026-10-01"),
        ("[groups.repairs]\nweek.sunday = \"9-17\"\n", 5, "groups.repairs.week.sunday"),
        (
            "[groups.repairs]\nextra_days.2026-10-01 = \"\"\nholidays = [\"2026-10-01\"]",
            5,
            "groups.repairs.extra_days.2026-10-01",
        ),
        ("[groups.\" repairs\"]\n", 4, "groups. repairs"),
    ];
    for (rest, line, field) in rows {
        let error = Calendars::parse(&format!("{head}{rest}"), 1).expect_err(rest);
        assert_eq!((error.line, error.field.as_deref()), (line, Some(field)), "{rest}\n{error}");
    }
}

#[test]
fn an_error_reads_as_a_sentence() {
    let error = Calendars::parse("[default]\ntime_zone = \"Mars\"\n", 1).expect_err("there is no such zone");
    let expected = "line 2, default.time_zone: must be a time zone like Asia/Shanghai, not \"Mars\"";
    assert_eq!(error.to_string(), expected);
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
