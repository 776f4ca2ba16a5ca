//! `GET /api/assistants/usage`: what assistants were asked, what came of it and what it cost, summed up.

use actix_web::{HttpResponse, web::Data};
use domain::RunId;
use event_store::{Clock, event::time_text};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use projections::{Usage, UsageBy};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    audit::time,
    min_position::CaughtUpViews,
    sessions::{day_start, page_of},
};
use crate::{
    auth::require::{Require, StatisticsRead},
    body::shown,
    openapi::words,
    problem::Problem,
    query::QueryFields,
    settings::Settings,
    wire::{CostData, TokensData, costs},
};

/// The longest period: a quarter of a year.
const LONGEST_DAYS: i64 = 92;
/// The period where none is given: today and the days before it.
const DAYS_BEFORE: i64 = 29;

/// Sums of a period.
#[derive(Serialize, ToSchema)]
pub struct UsageAnswer {
    success: bool,
    data: UsageData,
    /// How far the views had read the log.
    position: u64,
}

/// A page of groups.
#[derive(Serialize, ToSchema)]
pub struct UsageData {
    #[schema(value_type = words::UsageBy)]
    by: &'static str,
    /// Attempts that began from then on,
    #[schema(format = DateTime)]
    from: String,
    /// and before then.
    #[schema(format = DateTime)]
    to: String,
    /// In the order of their first attempts.
    groups: Vec<UsageGroup>,
    limit: u32,
    offset: u64,
    has_more: bool,
}

/// What was asked, and what came of it.
#[derive(Serialize, ToSchema)]
pub struct UsageGroup {
    /// By day: the date in the shop's time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = Date, required = false)]
    day: Option<String>,
    /// By day and by assistant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    assistant: Option<String>,
    /// By day and by assistant: the variant of an experiment; absent for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    variant: Option<String>,
    /// By session and by run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = "uuid", required = false)]
    session_id: Option<String>,
    /// By run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = "uuid", required = false)]
    run: Option<String>,
    /// How often an assistant was asked, whatever came of it.
    attempts: u64,
    answered: u64,
    /// Several answers were offered to choose from.
    offered: u64,
    does_not_know: u64,
    /// The assistant asked for a person.
    hands_over: u64,
    failed: u64,
    /// The reply came too late and was not given.
    withheld: u64,
    tokens: TokensData,
    /// One for each currency.
    cost: Vec<CostData>,
    /// Half of them ended within so many milliseconds; null while none has ended.
    p50_ms: Option<u64>,
    /// 99 of 100 did.
    p99_ms: Option<u64>,
}

impl UsageGroup {
    fn of(usage: Usage, zone: &TimeZone) -> Self {
        Self {
            day: usage.day.map(|day| day.to_zoned(zone.clone()).date().to_string()),
            assistant: usage.assistant,
            variant: usage.variant,
            session_id: usage.session.map(|session| session.to_string()),
            run: usage.run.map(|RunId(run)| run.to_string()),
            attempts: usage.attempts,
            answered: usage.answered,
            offered: usage.offered,
            does_not_know: usage.does_not_know,
            hands_over: usage.hands_over,
            failed: usage.failed,
            withheld: usage.withheld,
            tokens: usage.tokens.into(),
            cost: costs(usage.cost),
            p50_ms: usage.p50.map(millis),
            p99_ms: usage.p99.map(millis),
        }
    }
}

fn millis(time: SignedDuration) -> u64 {
    time.as_millis().try_into().unwrap_or_default()
}

/// Sums up what assistants were asked: attempts by outcome, times, tokens and cost.
///
/// Groups are days, assistants, sessions or runs; days and assistants are divided by variant. An attempt counts where it began.
/// No event is recorded.
///
/// # Errors
/// The period or the page does not parse, is empty or too long; the views are behind or away.
#[utoipa::path(
    get, path = "/api/assistants/usage", operation_id = "show_assistant_usage", tag = "operation", security(("bearer" = [])),
    params(
        ("by" = Option<words::UsageBy>, Query, description = "By default day: of the shop's time zone"),
        ("from" = Option<String>, Query, format = DateTime, description = "By default 30 days up to `to`, whole days"),
        ("to" = Option<String>, Query, format = DateTime, description = "By default now; at most 92 days after `from`"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "By default 50"),
        ("offset" = Option<u64>, Query, description = "Groups to leave out"),
        ("min_position" = Option<u64>, Query, description = "Waits until the views have read so far"),
    ),
    responses((status = 200, body = UsageAnswer))
)]
pub async fn show(
    _: Require<StatisticsRead>,
    views: CaughtUpViews,
    clock: Data<dyn Clock>,
    settings: Data<Settings>,
    query: QueryFields,
) -> Result<HttpResponse, Problem> {
    let zone = &settings.time_zone;
    let by = query.given("by").map_or(Ok(UsageBy::Day), parse_by)?;
    let (from, to) = period(&query, clock.now(), zone)?;
    let (limit, offset) = page_of(&query)?;
    let periods = if by == UsageBy::Day { days(from, to, zone) } else { vec![(from, to)] };
    let mut reading = views.reading().await?;
    let mut groups = reading.usage(by, &periods, limit + 1, offset).await?;
    let has_more = groups.len() > limit as usize;
    groups.truncate(limit as usize);
    let data = UsageData {
        by: by.as_str(),
        from: time_text(from),
        to: time_text(to),
        groups: groups.into_iter().map(|usage| UsageGroup::of(usage, zone)).collect(),
        limit,
        offset,
        has_more,
    };
    Ok(HttpResponse::Ok().json(UsageAnswer { success: true, data, position: reading.position().0 }))
}

fn parse_by(text: &str) -> Result<UsageBy, Problem> {
    let known = UsageBy::ALL.into_iter().find(|by| by.as_str() == text);
    known.ok_or_else(|| {
        let valid = UsageBy::ALL.map(UsageBy::as_str).join(", ");
        Problem::invalid("by", format_args!("{} is none of: {valid}", shown(text)))
    })
}

fn period(query: &QueryFields, now: Timestamp, zone: &TimeZone) -> Result<(Timestamp, Timestamp), Problem> {
    let to = time(query, "to")?.unwrap_or(now);
    let before = SignedDuration::from_hours(24 * DAYS_BEFORE);
    let usual = || to.checked_sub(before).map_or(to, |then| day_start(then, zone));
    let from = time(query, "from")?.unwrap_or_else(usual);
    if from >= to {
        return Err(Problem::invalid("from", "must be before `to`"));
    }
    if to.duration_since(from) > SignedDuration::from_hours(24 * LONGEST_DAYS) {
        return Err(Problem::invalid("from", format_args!("must be at most {LONGEST_DAYS} days before `to`")));
    }
    Ok((from, to))
}

/// The days of a period, the first and the last of them as far as they are in it.
fn days(from: Timestamp, to: Timestamp, zone: &TimeZone) -> Vec<(Timestamp, Timestamp)> {
    let next_day = |start: Timestamp| {
        let next = start.to_zoned(zone.clone()).tomorrow().and_then(|day| day.start_of_day());
        next.map_or(to, |day| day.timestamp()).clamp(start + SignedDuration::from_micros(1), to)
    };
    let starts = std::iter::successors(Some(from), |start| Some(next_day(*start)).filter(|next| *next < to));
    starts.map(|start| (start, next_day(start))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("it is a time")
    }

    #[test]
    fn a_period_is_divided_at_the_midnights_of_the_shop() {
        let zone = TimeZone::get("Europe/Berlin").expect("it is a time zone");
        let (from, to) = (at("2026-10-24T10:00:00Z"), at("2026-10-26T12:00:00Z"));
        // The 25th has 25 hours there.
        let midnights = [at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z")];
        assert_eq!(days(from, to, &zone), [(from, midnights[0]), (midnights[0], midnights[1]), (midnights[1], to)]);
        assert_eq!(days(midnights[0], midnights[1], &zone), [(midnights[0], midnights[1])]);
    }

    #[test]
    fn the_end_of_time_is_a_day_as_well() {
        let (from, to) = (at("9999-12-30T20:00:00Z"), Timestamp::MAX);
        let days = days(from, to, &TimeZone::get("Asia/Shanghai").expect("it is a time zone"));
        assert_eq!((days.first().map(|day| day.0), days.last().map(|day| day.1)), (Some(from), Some(to)));
    }
}
