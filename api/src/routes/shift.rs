//! `GET /api/shift/config` and `/api/shift/status`: working hours as the original told them to its front ends.
//!
//! The original knew one shift a day: of a day with breaks `shift_start` and `shift_end` are its ends, and `shift_hours` names
//! each period. They are of the date whose shift is under way, or else of the date that is worked next.

use actix_web::{HttpResponse, web::Data};
use commands::SettingsInForce;
use domain::{
    calendar::{Calendar, Hours, Period},
    text::Skill,
};
use event_store::{Clock, event::time_text};
use jiff::{
    Timestamp,
    civil::{Date, Weekday},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::require::Anybody, openapi::texts, problem::Problem, query::QueryFields};

/// The working hours.
#[derive(Serialize, ToSchema)]
pub struct ShiftConfigAnswer {
    success: bool,
    data: ShiftConfig,
}

/// The working hours, as far as the original's fields can say them.
#[derive(Serialize, ToSchema)]
pub struct ShiftConfig {
    /// When the day begins, like `09:00`; empty if nobody ever works.
    shift_start: String,
    /// When it ends; at or before `shift_start` means on the next date.
    shift_end: String,
    /// A name of the IANA database.
    timezone: String,
    /// Whether nobody works on Saturdays and Sundays.
    weekends_disabled: bool,
    /// Dates off, like `2026-10-01`.
    holidays: Vec<String>,
    is_in_shift: bool,
    /// When somebody works again (RFC 3339); null while somebody does, and if nobody ever does.
    next_opening_at: Option<String>,
}

/// Whether somebody works.
#[derive(Serialize, ToSchema)]
pub struct ShiftStatusAnswer {
    success: bool,
    data: ShiftStatus,
}

/// Whether somebody works now.
#[derive(Serialize, ToSchema)]
pub struct ShiftStatus {
    is_in_shift: bool,
    /// `人工客服在线` or `当前为非工作时间`.
    message: &'static str,
    /// Like `09:00 - 18:00`; of a day with breaks `09:00 - 12:00, 13:00 - 18:00`.
    shift_hours: String,
    /// When somebody works again (RFC 3339); null while somebody does, and if nobody ever does.
    next_opening_at: Option<String>,
}

/// Shows the working hours of a group.
///
/// From the calendar in force: hours of today, time zone, weekends and holidays, and whether somebody works now. No event is
/// recorded.
///
/// # Errors
/// `group` is no name of a group.
#[utoipa::path(
    get, path = "/api/shift/config", operation_id = "show_shift_config", tag = "chat",
    params(("group" = Option<texts::SkillName>, Query, description = "A skill group; without its own calendar, and by default, the default one holds")),
    responses((status = 200, body = ShiftConfigAnswer))
)]
pub async fn config(
    _: Anybody,
    query: QueryFields,
    in_force: Data<SettingsInForce>,
    clock: Data<dyn Clock>,
) -> Result<HttpResponse, Problem> {
    let calendars = in_force.calendars();
    let data = shift_config(calendars.of(group(&query)?.as_ref()), clock.now());
    Ok(HttpResponse::Ok().json(ShiftConfigAnswer { success: true, data }))
}

/// Shows whether somebody of a group works now.
///
/// In the original's words, with the hours of today. No event is recorded.
///
/// # Errors
/// `group` is no name of a group.
#[utoipa::path(
    get, path = "/api/shift/status", operation_id = "show_shift_status", tag = "chat",
    params(("group" = Option<texts::SkillName>, Query, description = "A skill group; without its own calendar, and by default, the default one holds")),
    responses((status = 200, body = ShiftStatusAnswer))
)]
pub async fn status(
    _: Anybody,
    query: QueryFields,
    in_force: Data<SettingsInForce>,
    clock: Data<dyn Clock>,
) -> Result<HttpResponse, Problem> {
    let calendars = in_force.calendars();
    let data = shift_status(calendars.of(group(&query)?.as_ref()), clock.now());
    Ok(HttpResponse::Ok().json(ShiftStatusAnswer { success: true, data }))
}

pub(super) fn group(query: &QueryFields) -> Result<Option<Skill>, Problem> {
    let group = query.text("group")?.map(Skill::parse).transpose();
    group.map_err(|error| Problem::invalid("group", error))
}

fn shift_config(calendar: &Calendar, at: Timestamp) -> ShiftConfig {
    let (periods, hours) = (calendar.current_periods(at), calendar.hours(at));
    ShiftConfig {
        shift_start: periods.first().map_or(String::new(), |period| period.start().to_string()),
        shift_end: periods.last().map_or(String::new(), |period| period.end().to_string()),
        timezone: calendar.time_zone().iana_name().unwrap_or_default().to_owned(),
        weekends_disabled: [Weekday::Saturday, Weekday::Sunday].iter().all(|day| calendar.weekday(*day).is_empty()),
        holidays: calendar.holidays().map(|date: Date| date.to_string()).collect(),
        is_in_shift: hours.is_open(),
        next_opening_at: hours.opens_at().map(time_text),
    }
}

fn shift_status(calendar: &Calendar, at: Timestamp) -> ShiftStatus {
    let hours = calendar.hours(at);
    let shown = |period: &Period| format!("{} - {}", period.start(), period.end());
    ShiftStatus {
        is_in_shift: hours.is_open(),
        message: match hours {
            Hours::Open { .. } => "人工客服在线",
            Hours::Closed { .. } => "当前为非工作时间",
        },
        shift_hours: calendar.current_periods(at).iter().map(shown).collect::<Vec<String>>().join(", "),
        next_opening_at: hours.opens_at().map(time_text),
    }
}

#[cfg(test)]
mod tests {
    use domain::calendar::Calendars;
    use serde_json::{Value, json};

    use super::*;

    const DOCUMENT: &str = "[default]\ntime_zone = \"Asia/Shanghai\"\nholidays = [\"2026-10-01\"]\n[default.week]\n\
                            thursday = \"09:00-18:00\"\nmonday = \"09:00-12:00, 13:00-18:00\"\nfriday = \"22:00-06:00\"\n\
                            [groups.none]\nweek = {}\nholidays = []\n";

    fn shown_at(group: Option<&str>, at: &str) -> (Value, Value) {
        let calendars = Calendars::parse(DOCUMENT, 1).expect("it is right");
        let group = group.map(|name| Skill::parse(name).expect("a name"));
        let (calendar, at) = (calendars.of(group.as_ref()), at.parse().expect("an instant"));
        let value = |shown: serde_json::Result<Value>| shown.expect("it is JSON");
        (
            value(serde_json::to_value(shift_config(calendar, at))),
            value(serde_json::to_value(shift_status(calendar, at))),
        )
    }

    #[test]
    fn a_day_with_a_break_is_shown_by_its_ends_and_by_its_periods() {
        let (config, status) = shown_at(None, "2026-10-05T12:00+08:00");
        let expected = json!({
            "shift_start": "09:00", "shift_end": "18:00", "timezone": "Asia/Shanghai", "weekends_disabled": true,
            "holidays": ["2026-10-01"], "is_in_shift": false, "next_opening_at": "2026-10-05T05:00:00.000000Z",
        });
        assert_eq!(config, expected);
        let expected = json!({
            "is_in_shift": false, "message": "当前为非工作时间", "shift_hours": "09:00 - 12:00, 13:00 - 18:00",
            "next_opening_at": "2026-10-05T05:00:00.000000Z",
        });
        assert_eq!(status, expected);
    }

    #[test]
    fn in_shift_there_is_no_next_opening() {
        let (config, status) = shown_at(None, "2026-10-10T05:59+08:00");
        assert_eq!((&config["shift_start"], &config["shift_end"]), (&json!("22:00"), &json!("06:00")));
        assert_eq!((&config["is_in_shift"], &config["next_opening_at"]), (&json!(true), &Value::Null));
        let expected = json!({
            "is_in_shift": true, "message": "人工客服在线", "shift_hours": "22:00 - 06:00", "next_opening_at": null,
        });
        assert_eq!(status, expected);
    }

    #[test]
    fn who_never_works_has_no_hours() {
        let (config, status) = shown_at(Some("none"), "2026-10-05T12:00+08:00");
        assert_eq!((&config["shift_start"], &config["next_opening_at"]), (&json!(""), &Value::Null));
        assert_eq!((&status["shift_hours"], &status["is_in_shift"]), (&json!(""), &json!(false)));
    }
}
