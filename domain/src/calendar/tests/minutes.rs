//! A second, naive definition: a clock is looked at minute by minute, and whether somebody works is read off the list.

use jiff::{SignedDuration, Timestamp, civil::DateTime};
use proptest::{prelude::*, sample::select};

use super::calendar;
use crate::calendar::{Calendars, Hours, time_zone};

/// Zone, and the date on which the walk begins, a few days before the clock is moved or a month ends.
const WALKS: &[(&str, &str)] = &[
    ("Europe/Berlin", "2026-03-25"),
    ("Europe/Berlin", "2026-10-21"),
    ("America/New_York", "2026-03-04"),
    ("America/New_York", "2026-10-28"),
    ("America/Sao_Paulo", "2018-02-14"),
    ("America/Sao_Paulo", "2018-10-31"),
    ("Australia/Lord_Howe", "2026-04-01"),
    ("Asia/Shanghai", "2024-02-25"),
];
const DAYS: i64 = 9;
const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Minutes from midnight, the end beyond 24:00 for the next date.
type MinutesOfDay = (i64, i64);

/// What the clock shows at each minute of the walk, and who works then.
struct Walk {
    begin: Timestamp,
    is_open: Vec<bool>,
}

impl Walk {
    fn new(zone: &str, first: &str, worked: &dyn Fn(DateTime) -> Vec<MinutesOfDay>) -> Self {
        let zone = time_zone(zone).expect("a time zone");
        let first: jiff::civil::Date = first.parse().expect("a date");
        let begin = first.to_zoned(zone.clone()).expect("an instant").timestamp();
        let minute = |index: i64| begin + SignedDuration::from_mins(index);
        let clock: Vec<DateTime> = (0..DAYS * 1440).map(|index| zone.to_datetime(minute(index))).collect();
        // The first minute at which the clock shows this or later.
        let reaches = |shown: DateTime| clock.iter().position(|now| *now >= shown).unwrap_or(clock.len());
        let mut is_open = vec![false; clock.len()];
        for day in 0..DAYS {
            let midnight = DateTime::from(first) + SignedDuration::from_hours(24 * day);
            for (start, end) in worked(midnight) {
                let (start, end) = (SignedDuration::from_mins(start), SignedDuration::from_mins(end));
                is_open[reaches(midnight + start)..reaches(midnight + end)].fill(true);
            }
        }
        Self { begin, is_open }
    }

    fn minute(&self, index: usize) -> Timestamp {
        self.begin + SignedDuration::from_mins(i64::try_from(index).expect("few minutes"))
    }

    /// The next minute from this one on at which it is so.
    fn next(&self, from: usize, is_open: bool) -> Option<Timestamp> {
        let found = self.is_open[from..].iter().position(|open| *open == is_open)?;
        Some(self.minute(from + found))
    }
}

/// Up to two periods, the second of which may end on the next date.
fn periods() -> impl Strategy<Value = Vec<MinutesOfDay>> {
    // Mostly times at which clocks are moved, and borders that touch.
    let time = || prop_oneof![select(vec![0i64, 60, 90, 120, 150, 180, 1380, 1410, 1440]), 0i64..=1440];
    prop_oneof![
        1 => Just(Vec::new()),
        2 => (time(), time()).prop_filter_map("has a length", |(start, end)| period(start, end).map(|one| vec![one])),
        2 => (time(), time(), time(), time()).prop_filter_map("is in order", |(a, b, c, d)| {
            let (one, two) = (period(a, b)?, period(c, d)?);
            (one.1 <= two.0).then(|| vec![one, two])
        }),
    ]
}

fn period(start: i64, end: i64) -> Option<MinutesOfDay> {
    let end = if end > start { end } else { end + 1440 };
    (start < 1440 && end - start < 1440).then_some((start, end))
}

fn text(periods: &[MinutesOfDay]) -> String {
    let time = |minutes: i64| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let end = |minutes: i64| if minutes > 1440 { time(minutes - 1440) } else { time(minutes) };
    let texts: Vec<String> = periods.iter().map(|(start, until)| format!("{}-{}", time(*start), end(*until))).collect();
    texts.join(", ")
}

fn document(week: &[Vec<MinutesOfDay>], holiday: &str, extra: Option<(&str, &[MinutesOfDay])>) -> String {
    let mut rest = format!("holidays = [\"{holiday}\"]\n");
    if let Some((date, periods)) = extra {
        rest.push_str(&format!("extra_days.{date} = \"{}\"\n", text(periods)));
    }
    rest + &NAMES
        .iter()
        .zip(week)
        .map(|(day, periods)| format!("week.{day} = \"{}\"\n", text(periods)))
        .collect::<String>()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_minute_is_as_the_clock_shows_it(
        walk in select(WALKS),
        week in proptest::collection::vec(periods(), 7),
        holiday in 0i64..DAYS,
        extra in (0i64..DAYS, periods()),
        looked_at in proptest::collection::vec((1440usize..7 * 1440, 0i64..60), 60),
    ) {
        let (zone, first) = walk;
        let begin: jiff::civil::Date = first.parse().expect("a date");
        let date = |day: i64| (begin + SignedDuration::from_hours(24 * day)).to_string();
        let (holiday, (extra_day, extra_periods)) = (date(holiday), (date(extra.0), extra.1));
        let has_extra = extra_day != holiday;
        let worked = |midnight: DateTime| {
            let date = midnight.date().to_string();
            if date == holiday {
                Vec::new()
            } else if has_extra && date == extra_day {
                extra_periods.clone()
            } else {
                week[usize::from(midnight.weekday().to_monday_zero_offset().unsigned_abs())].clone()
            }
        };
        let text = document(&week, &holiday, has_extra.then_some((extra_day.as_str(), extra_periods.as_slice())));
        let calendars = calendar(zone, &text);
        let walk = Walk::new(zone, first, &worked);
        for (minute, seconds) in &looked_at {
            agrees(&calendars, &walk, *minute, *seconds)?;
        }
        for border in 1440..7 * 1440 {
            if walk.is_open[border] != walk.is_open[border - 1] {
                agrees(&calendars, &walk, border, 0)?;
            }
        }
        for pair in looked_at.windows(2) {
            let (from, to) = (pair[0].0.min(pair[1].0), pair[0].0.max(pair[1].0));
            let open = walk.is_open[from..to].iter().filter(|open| **open).count();
            let counted = calendars.working_time(None, walk.minute(from), walk.minute(to));
            prop_assert_eq!(counted, SignedDuration::from_mins(i64::try_from(open).expect("few")), "{} to {}", from, to);
        }
    }
}

fn agrees(calendars: &Calendars, walk: &Walk, minute: usize, seconds: i64) -> Result<(), TestCaseError> {
    let at = walk.minute(minute) + SignedDuration::from_secs(seconds);
    let hours = calendars.hours(None, at);
    prop_assert_eq!(hours.is_open(), walk.is_open[minute], "at {}", at);
    // Beyond the walk's end it says nothing.
    match (hours, walk.next(minute, !walk.is_open[minute])) {
        (Hours::Open { closes_at }, Some(end)) => prop_assert_eq!(closes_at, Some(end), "closes after {}", at),
        (Hours::Closed { opens_at }, Some(end)) => prop_assert_eq!(opens_at, Some(end), "opens after {}", at),
        (Hours::Open { .. } | Hours::Closed { .. }, None) => {}
    }
    Ok(())
}
