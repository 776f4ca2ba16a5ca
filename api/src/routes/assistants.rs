//! `GET /api/assistants`: how each configured assistant does on this node, and what it was asked today, for operators.
//!
//! It is answered whatever is away: while the views cannot be asked, `today` is null.

use std::time::Duration;

use actix_web::{HttpResponse, web::Data};
use commands::{
    Node,
    assistants::{Assistants, Budgets, Guarded, LastError},
};
use domain::session::event::{Cost, Tokens};
use event_store::{Clock, event::time_text};
use jiff::{SignedDuration, Timestamp};
use projections::{Usage, UsageBy, Views, ViewsError};
use serde::Serialize;
use utoipa::ToSchema;

use super::{min_position::CaughtUpViews, sessions::day_start};
use crate::{
    auth::require::{Require, SystemRead},
    openapi::words,
    settings::Settings,
    wire::{BudgetData, CostData, TokensData, code_text, costs},
};

/// Assistants and variants of a day, at most.
const GROUPS: u32 = 1_000;

/// How the assistants do.
#[derive(Serialize, ToSchema)]
pub struct AssistantsAnswer {
    success: bool,
    /// In the order in which they are asked.
    data: Vec<AssistantData>,
    /// Whose breakers, places and times these are: each node has its own.
    node: String,
}

/// How an assistant does.
#[derive(Serialize, ToSchema)]
pub struct AssistantData {
    name: String,
    /// Whether a question would be put to it now.
    takes_questions: bool,
    #[schema(value_type = words::BreakerState)]
    breaker: &'static str,
    places: PlacesData,
    /// Whole answers since this process began.
    answers: u64,
    /// Failures since this process began.
    failures: u64,
    /// Its last failure since then.
    #[schema(required = true)]
    last_error: Option<LastErrorData>,
    latency: LatencyData,
    /// What it was asked since midnight in the shop's time zone, on all nodes.
    #[schema(required = true)]
    today: Option<TodayUsage>,
    /// Its budget of the day, once 80 percent of it are used; at 100 percent it is asked no more until the day ends.
    #[schema(required = true)]
    budget: Option<BudgetData>,
}

/// Questions at once.
#[derive(Serialize, ToSchema)]
pub struct PlacesData {
    /// Questions that are being answered.
    taken: usize,
    /// Questions that wait for a place.
    waiting: usize,
    /// How many are answered at once.
    of: usize,
    /// How many may wait.
    queue: usize,
}

/// A failure.
#[derive(Serialize, ToSchema)]
pub struct LastErrorData {
    #[schema(format = DateTime)]
    at: String,
    #[schema(value_type = words::FailureCode)]
    code: String,
    /// The other side's code for it.
    error_code: Option<String>,
    /// What its support asks for.
    log_id: Option<String>,
}

/// How long whole answers took, of the last 1,000; null before the first.
#[derive(Serialize, ToSchema)]
pub struct LatencyData {
    p50_ms: Option<u64>,
    p99_ms: Option<u64>,
}

/// What it was asked on a day.
#[derive(Serialize, ToSchema)]
pub struct TodayUsage {
    attempts: u64,
    tokens: TokensData,
    /// One for each currency.
    cost: Vec<CostData>,
}

/// Lists the configured assistants and how each is.
///
/// Whether it takes questions, its breaker and its places, how it did, and what it cost today. No event is recorded.
///
/// # Errors
/// The views are behind `min_position`.
#[utoipa::path(
    get, path = "/api/assistants", operation_id = "list_assistants", tag = "operation", security(("bearer" = [])),
    params(("min_position" = Option<u64>, Query, description = "Waits until the views have read so far")),
    responses((status = 200, body = AssistantsAnswer))
)]
pub async fn list(
    _: Require<SystemRead>,
    views: CaughtUpViews,
    assistants: Data<Assistants>,
    node: Data<Node>,
    clock: Data<dyn Clock>,
    settings: Data<Settings>,
    budgets: Data<Budgets>,
) -> HttpResponse {
    let now = clock.now();
    let today = used_since(&views, day_start(now, &settings.time_zone), now).await;
    if let Err(error) = &today {
        tracing::warn!(error = error as &dyn std::error::Error, "what assistants were asked today cannot be said");
    }
    let today = today.ok();
    let data = assistants.members().map(|member| AssistantData::of(member, today.as_deref(), &budgets)).collect();
    HttpResponse::Ok().json(AssistantsAnswer { success: true, data, node: node.id.clone() })
}

/// What began since the day did; where clocks differ the log may be ahead of this one.
async fn used_since(views: &Views, day_start: Timestamp, now: Timestamp) -> Result<Vec<Usage>, ViewsError> {
    let period = (day_start, now + SignedDuration::from_hours(1));
    views.reading().await?.usage(UsageBy::Assistant, &[period], GROUPS, 0).await
}

impl AssistantData {
    fn of(member: &Guarded, today: Option<&[Usage]>, budgets: &Budgets) -> Self {
        let (places, measured, limits) = (member.occupancy(), member.measured(), member.limits());
        Self {
            name: member.name().to_owned(),
            takes_questions: member.takes_questions(),
            breaker: member.breaker().as_str(),
            places: PlacesData {
                taken: places.taken,
                waiting: places.waiting,
                of: limits.at_once,
                queue: limits.queue,
            },
            answers: measured.answers,
            failures: measured.failures,
            last_error: measured.last_error.map(LastErrorData::from),
            latency: LatencyData { p50_ms: measured.p50.map(millis), p99_ms: measured.p99.map(millis) },
            today: today.map(|all| TodayUsage::of(member.name(), all)),
            budget: budgets.of(member.name()).map(|state| BudgetData::of(member.name().to_owned(), &state)),
        }
    }
}

impl From<LastError> for LastErrorData {
    fn from(LastError { at, code, error_code, log_id }: LastError) -> Self {
        Self { at: time_text(at), code: code_text(code), error_code, log_id }
    }
}

impl TodayUsage {
    /// Of all variants together.
    fn of(assistant: &str, all: &[Usage]) -> Self {
        let (mut attempts, mut tokens, mut cost) = (0, Tokens::default(), Vec::<Cost>::new());
        for usage in all.iter().filter(|usage| usage.assistant.as_deref() == Some(assistant)) {
            attempts += usage.attempts;
            tokens.input = tokens.input.saturating_add(usage.tokens.input);
            tokens.output = tokens.output.saturating_add(usage.tokens.output);
            for amount in &usage.cost {
                match cost.iter_mut().find(|sum| sum.currency == amount.currency) {
                    Some(sum) => sum.micros = sum.micros.saturating_add(amount.micros),
                    None => cost.push(amount.clone()),
                }
            }
        }
        Self { attempts, tokens: tokens.into(), cost: costs(cost) }
    }
}

fn millis(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}
