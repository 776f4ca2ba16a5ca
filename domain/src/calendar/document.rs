//! The calendars' document, as the shop writes it (`docs/hours.md`).
//!
//! Invariant: what a group does not say is as in the default calendar; what it says of a date wins over what it inherits.

use std::collections::BTreeMap;

use jiff::{
    civil::{Date, Weekday},
    tz::TimeZone,
};

use super::{Calendar, DayRule, PeriodError, Periods, date, time_zone};
use crate::{
    settings::{
        DocumentError,
        toml_reader::{Node, Place},
    },
    text::Skill,
};

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The default calendar, and those of groups.
pub(super) fn parse(text: &str) -> Result<(Calendar, BTreeMap<Skill, Calendar>), DocumentError> {
    let document = Node::parse(text)?;
    let (mut default, mut groups) = (None, Vec::new());
    for (key, node) in document.table()? {
        match key.name() {
            "default" => default = Some(Told::read(&node)?.whole(&node)?),
            "groups" => {
                for (key, node) in node.table()? {
                    groups.push((group(&key)?, Told::read(&node)?));
                }
            }
            _ => return Err(key.error("is not known; there are default and groups")),
        }
    }
    let default = default.ok_or_else(|| document.error("must have a table [default]"))?;
    let groups = groups.into_iter().map(|(skill, told)| (skill, told.over(&default))).collect();
    Ok((default, groups))
}

/// What is said of one calendar.
#[derive(Default)]
struct Told {
    zone: Option<TimeZone>,
    week: Option<[Periods; 7]>,
    has_holidays: bool,
    has_extra_days: bool,
    days: BTreeMap<Date, DayRule>,
}

impl Told {
    fn read(node: &Node<'_>) -> Result<Self, DocumentError> {
        let mut told = Self::default();
        for (key, node) in node.table()? {
            match key.name() {
                "time_zone" => told.zone = Some(zone(&node)?),
                "week" => told.week = Some(week(&node)?),
                "holidays" => told.read_holidays(&node)?,
                "extra_days" => told.read_extra_days(&node)?,
                _ => return Err(key.error("is not known; there are time_zone, week, holidays and extra_days")),
            }
        }
        Ok(told)
    }

    fn read_holidays(&mut self, node: &Node<'_>) -> Result<(), DocumentError> {
        self.has_holidays = true;
        for holiday in node.list()? {
            let text = holiday.text()?;
            let date = date(text).ok_or_else(|| holiday.error(no_date(text)))?;
            if self.days.insert(date, DayRule::Off).is_some_and(|rule| rule != DayRule::Off) {
                return Err(holiday.error(format!("must not have {date}, which is among the extra days")));
            }
        }
        Ok(())
    }

    /// The reader gives fields by name, so these come before the holidays.
    fn read_extra_days(&mut self, node: &Node<'_>) -> Result<(), DocumentError> {
        self.has_extra_days = true;
        for (key, node) in node.table()? {
            let date = date(key.name()).ok_or_else(|| key.error(no_date(key.name())))?;
            self.days.insert(date, extra_day(&node)?);
        }
        Ok(())
    }

    /// The default calendar: it inherits nothing.
    fn whole(self, node: &Node<'_>) -> Result<Calendar, DocumentError> {
        let zone = self.zone.ok_or_else(|| node.error("must have time_zone"))?;
        let week = self.week.ok_or_else(|| node.error("must have week"))?;
        Ok(Calendar { zone, week, days: self.days })
    }

    /// A group's calendar.
    fn over(self, default: &Calendar) -> Calendar {
        let is_inherited = |rule: &DayRule| match rule {
            DayRule::Off => !self.has_holidays,
            DayRule::AsOn(_) | DayRule::Extra(_) => !self.has_extra_days,
        };
        let mut days = default.days.clone();
        days.retain(|_, rule| is_inherited(rule));
        days.extend(self.days);
        Calendar {
            zone: self.zone.unwrap_or_else(|| default.zone.clone()),
            week: self.week.unwrap_or_else(|| default.week.clone()),
            days,
        }
    }
}

fn group(key: &Place<'_>) -> Result<Skill, DocumentError> {
    let skill = Skill::parse(key.name()).map_err(|error| key.error(error.to_string()))?;
    if skill.as_str() == key.name() { Ok(skill) } else { Err(key.error("must not begin or end with spaces")) }
}

fn zone(node: &Node<'_>) -> Result<TimeZone, DocumentError> {
    let name = node.text()?;
    time_zone(name).ok_or_else(|| node.error(format!("must be a time zone like Asia/Shanghai, not {name:?}")))
}

fn week(node: &Node<'_>) -> Result<[Periods; 7], DocumentError> {
    let mut week: [Periods; 7] = Default::default();
    for (key, node) in node.table()? {
        let day = WEEKDAYS.iter().position(|day| *day == key.name());
        let day = day.ok_or_else(|| key.error("is no weekday; there are monday to sunday"))?;
        week[day] = node.text()?.parse().map_err(|error: PeriodError| node.error(error.to_string()))?;
    }
    Ok(week)
}

/// The name of a weekday, or periods.
fn extra_day(node: &Node<'_>) -> Result<DayRule, DocumentError> {
    let text = node.text()?;
    if let Some(day) = weekday(text) {
        return Ok(DayRule::AsOn(day));
    }
    let periods =
        text.parse().map_err(|error: PeriodError| node.error(format!("{error}, or be the name of a weekday")))?;
    Ok(DayRule::Extra(periods))
}

fn weekday(name: &str) -> Option<Weekday> {
    let offset = WEEKDAYS.iter().position(|day| *day == name)?;
    Weekday::from_monday_zero_offset(i8::try_from(offset).ok()?).ok()
}

fn no_date(text: &str) -> String {
    format!("must be a date like 2026-10-01, not {text:?}")
}
