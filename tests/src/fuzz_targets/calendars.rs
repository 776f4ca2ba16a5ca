//! The calendars' document, and what it is asked.

use domain::{
    calendar::{Calendars, Hours},
    settings::Document as _,
};
use jiff::{SignedDuration, Timestamp};

use super::{lines, text};

/// A document. What it says of an instant holds at the border that it names, and what is refused is told with a line of it.
pub(super) fn calendars(bytes: &[u8]) -> bool {
    let Some(document) = text(bytes) else { return false };
    match Calendars::parse(document, 1) {
        Ok(calendars) => {
            let at = Timestamp::from_second(1_800_000_000).expect("it is in 2027");
            match calendars.hours(None, at) {
                Hours::Closed { opens_at: Some(border) } => assert!(calendars.hours(None, border).is_open()),
                Hours::Open { closes_at: Some(border) } => assert!(!calendars.hours(None, border).is_open()),
                Hours::Closed { opens_at: None } | Hours::Open { closes_at: None } => {}
            }
            let week = calendars.working_time(None, at, at + SignedDuration::from_hours(168));
            assert!((SignedDuration::ZERO..=SignedDuration::from_hours(168)).contains(&week), "{week}");
            true
        }
        Err(error) => {
            assert!((1..=document.lines().count().max(1) + 1).contains(&error.line), "{error}");
            false
        }
    }
}

pub(super) fn documents() -> Vec<Vec<u8>> {
    let all = lines(&[
        "[default]",
        "time_zone = \"Europe/Berlin\"",
        "holidays = [\"2027-01-15\"]",
        "week = { monday = \"09:00-12:00, 22:00-06:00\", sunday = \"02:30-24:00\" }",
        "extra_days.2027-01-16 = \"monday\"",
        "[groups.repairs]",
        "extra_days.2028-02-29 = \"10:00-16:00\"",
    ]);
    vec![Calendars::built_in().as_bytes().to_vec(), all]
}
