//! The calendars' document, as the shop writes it (`docs/hours.md`).
//!
//! Invariant: what a group does not say is as in the default calendar; what it says of a date wins over what it inherits.

use std::collections::BTreeMap;

use jiff::{
    civil::{Date, Weekday},
    tz::TimeZone,
};
use serde::Deserialize;
use toml::Spanned;

use super::{Calendar, DayRule, Periods, date, time_zone};
use crate::{
    document::{self, DocumentError},
    text::Skill,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    default: Spanned<CalendarText>,
    #[serde(default)]
    groups: BTreeMap<GroupName, CalendarText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CalendarText {
    time_zone: Option<Zone>,
    week: Option<BTreeMap<DayName, Periods>>,
    /// Not [`DateText`]: an error within a list would get the place of the list.
    holidays: Option<Vec<Spanned<String>>>,
    extra_days: Option<BTreeMap<DateText, Spanned<ExtraDay>>>,
}

/// Values that are checked where they stand.
macro_rules! checked {
    ($($name:ident($inner:ty): $parse:expr;)+) => {$(
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        struct $name($inner);

        impl TryFrom<String> for $name {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                ($parse)(text.as_str()).map(Self)
            }
        }
    )+};
}

checked! {
    DateText(Date): read_date;
    DayName(u8): |text: &str| weekday(text)
        .map(|day| day.to_monday_zero_offset().unsigned_abs())
        .ok_or_else(|| format!("must be a weekday from monday to sunday, not {text:?}"));
    GroupName(Skill): group_name;
}

fn read_date(text: &str) -> Result<Date, String> {
    date(text).ok_or_else(|| format!("must be a date like 2026-10-01, not {text:?}"))
}

fn group_name(text: &str) -> Result<Skill, String> {
    let skill = Skill::parse(text).map_err(|error| format!("group {text:?} {error}"))?;
    if skill.as_str() == text { Ok(skill) } else { Err(format!("group {text:?} must not begin or end with spaces")) }
}

fn weekday(text: &str) -> Option<Weekday> {
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let offset = days.iter().position(|day| *day == text)?;
    Weekday::from_monday_zero_offset(i8::try_from(offset).ok()?).ok()
}

#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
struct Zone(TimeZone);

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        time_zone(&name).map(Self).ok_or_else(|| format!("must be a time zone like Asia/Shanghai, not {name:?}"))
    }
}

/// The name of a weekday, or periods.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
struct ExtraDay(DayRule);

impl TryFrom<String> for ExtraDay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if let Some(day) = weekday(&text) {
            return Ok(Self(DayRule::AsOn(day)));
        }
        let periods = text.parse().map_err(|error| format!("{error}, or the name of a weekday"))?;
        Ok(Self(DayRule::Extra(periods)))
    }
}

/// The default calendar, and those of groups.
pub(super) fn parse(text: &str) -> Result<(Calendar, BTreeMap<Skill, Calendar>), DocumentError> {
    let document: Document = document::read(text)?;
    let place = document.default.span().start;
    let missing = |name: &str| DocumentError::at(text, place, format!("must have {name}"));
    let told = document.default.into_inner();
    let days = own_days(&told, text)?;
    let default = Calendar {
        zone: told.time_zone.clone().ok_or_else(|| missing("time_zone"))?.0,
        week: told.week.as_ref().map(week).ok_or_else(|| missing("week"))?,
        days,
    };
    let groups = document.groups.into_iter();
    let groups = groups.map(|(GroupName(skill), told)| Ok((skill, inherit(&default, &told, text)?)));
    let groups = groups.collect::<Result<_, DocumentError>>()?;
    Ok((default, groups))
}

fn week(told: &BTreeMap<DayName, Periods>) -> [Periods; 7] {
    let mut week: [Periods; 7] = Default::default();
    for (DayName(day), periods) in told {
        week[usize::from(*day)] = periods.clone();
    }
    week
}

/// The dates that a calendar says something of itself.
fn own_days(told: &CalendarText, text: &str) -> Result<BTreeMap<Date, DayRule>, DocumentError> {
    let mut days = BTreeMap::new();
    for holiday in told.holidays.iter().flatten() {
        let date = read_date(holiday.get_ref());
        let date = date.map_err(|reason| DocumentError::at(text, holiday.span().start, reason))?;
        days.insert(date, DayRule::Off);
    }
    for (DateText(date), extra) in told.extra_days.iter().flatten() {
        if days.insert(*date, extra.get_ref().0.clone()).is_some() {
            let reason = format!("{date} must not be among the holidays as well");
            return Err(DocumentError::at(text, extra.span().start, reason));
        }
    }
    Ok(days)
}

fn inherit(default: &Calendar, told: &CalendarText, text: &str) -> Result<Calendar, DocumentError> {
    let is_inherited = |rule: &DayRule| match rule {
        DayRule::Off => told.holidays.is_none(),
        DayRule::AsOn(_) | DayRule::Extra(_) => told.extra_days.is_none(),
    };
    let inherited = default.days.iter().filter(|(_, rule)| is_inherited(rule));
    let mut days: BTreeMap<Date, DayRule> = inherited.map(|(date, rule)| (*date, rule.clone())).collect();
    days.extend(own_days(told, text)?);
    Ok(Calendar {
        zone: told.time_zone.as_ref().map_or_else(|| default.zone.clone(), |zone| zone.0.clone()),
        week: told.week.as_ref().map_or_else(|| default.week.clone(), week),
        days,
    })
}
