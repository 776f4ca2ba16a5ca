//! `GET /api/audit`: who did what to what and when, from the log's plain parts.

use actix_web::HttpResponse;
use event_store::{Position, event::time_text};
use jiff::Timestamp;
use projections::{AuditEntry, AuditFilter, AuditOrder};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::min_position::CaughtUpViews;
use crate::{
    auth::require::{AuditRead, Require},
    openapi::words,
    problem::Problem,
    query::QueryFields,
};

/// Entries of a page: by default, and at most.
const ENTRIES: (u32, u32) = (100, 1_000);

/// A page of the trail.
#[derive(Serialize, ToSchema)]
pub struct AuditAnswer {
    success: bool,
    data: Vec<Entry>,
    /// For `after` of the next page; null when this is the last one.
    next: Option<u64>,
    /// How far the views had read the log.
    position: u64,
}

/// One event.
#[derive(Serialize, ToSchema)]
pub struct Entry {
    position: u64,
    #[schema(format = DateTime)]
    at: String,
    /// customer, agent, assistant, policy or system, a colon, and its id
    actor: String,
    /// The event's type, like `session.agent_took_over`, `agent.signed_in` or `access.session_viewed`.
    action: String,
    /// The stream that it is in, like `session-<id>`.
    target: String,
    /// How a session's status moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = words::SessionStatus, required = false)]
    status_from: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = words::SessionStatus, required = false)]
    status_to: Option<&'static str>,
    /// The event's plain data.
    details: Value,
}

impl From<AuditEntry> for Entry {
    fn from(entry: AuditEntry) -> Self {
        Self {
            position: entry.position.0,
            at: time_text(entry.at),
            actor: entry.actor,
            action: entry.event_type,
            target: entry.target,
            status_from: entry.status_from.map(|status| status.as_str()),
            status_to: entry.status_to.map(|status| status.as_str()),
            details: entry.details,
        }
    }
}

/// Lists the audit trail: everything that anybody did, and every look of staff at a customer's session.
///
/// By default oldest first; `next` of a page leads to the one after. No event is recorded.
///
/// # Errors
/// A filter does not parse, the caller may not, or the views are behind or away.
#[utoipa::path(
    get, path = "/api/audit", operation_id = "list_audit_trail", tag = "audit", security(("bearer" = [])),
    params(
        ("actor" = Option<String>, Query, min_length = 1, description = "Exactly this one, like agent:<id>"),
        ("action" = Option<String>, Query, min_length = 1, description = "The event's type, like agent.signed_in"),
        ("target" = Option<String>, Query, min_length = 1, description = "The stream, like session-<id>"),
        ("from" = Option<String>, Query, format = DateTime, description = "Not before this time, in RFC 3339"),
        ("to" = Option<String>, Query, format = DateTime, description = "Before this time, in RFC 3339"),
        ("order" = Option<words::AuditOrder>, Query, description = "By when it was recorded. By default oldest first"),
        ("after" = Option<u64>, Query, description = "What comes after this position in that order; `next` of the page before"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "By default 100"),
        ("min_position" = Option<u64>, Query, description = "Waits until the views have read so far"),
    ),
    responses(
        (status = 200, body = AuditAnswer),
    )
)]
pub async fn list(_: Require<AuditRead>, views: CaughtUpViews, query: QueryFields) -> Result<HttpResponse, Problem> {
    let text = |field| query.text(field).map(|text| text.map(str::to_owned));
    let filter = AuditFilter {
        actor: text("actor")?,
        event_type: text("action")?,
        target: text("target")?,
        from: time(&query, "from")?,
        to: time(&query, "to")?,
    };
    let order = query.text("order")?.map_or(Ok(AuditOrder::default()), |text| {
        AuditOrder::parse(text).ok_or_else(|| Problem::invalid("order", "must be oldest or newest"))
    })?;
    let after = query.number("after")?.map(Position);
    let limit = query.number("limit")?.unwrap_or(ENTRIES.0);
    if !(1..=ENTRIES.1).contains(&limit) {
        return Err(Problem::invalid("limit", format_args!("must be 1 to {}", ENTRIES.1)));
    }
    let mut reading = views.reading().await?;
    let mut entries = reading.audit(&filter, order, after, limit + 1).await?;
    let has_more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let next = entries.last().filter(|_| has_more).map(|entry| entry.position.0);
    let data = entries.into_iter().map(Entry::from).collect();
    Ok(HttpResponse::Ok().json(AuditAnswer { success: true, data, next, position: reading.position().0 }))
}

/// A time of a query.
pub(super) fn time(query: &QueryFields, field: &'static str) -> Result<Option<Timestamp>, Problem> {
    let parse =
        |text: &str| text.parse().map_err(|_| Problem::invalid(field, "must be a time like 2026-11-26T08:00:00Z"));
    query.given(field).map(parse).transpose()
}
