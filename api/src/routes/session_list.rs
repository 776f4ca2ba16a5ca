//! `GET /api/sessions` and `/counts`: the list of sessions with its filters and orders, and how many there are.
//!
//! Invariant: a page that is asked for as the original's is answered in the original's shape; where more follows, `next_cursor`
//! says where.

use std::collections::HashMap;

use actix_web::{HttpResponse, web::Data};
use commands::Workspace;
use domain::{
    AgentId, SessionId,
    session::{Status, priority::PriorityClass},
    text::Tag,
};
use event_store::{Clock, Position};
use projections::{
    AgentFilter, Audience, CustomerType, PageCursor, Reading, SessionCounts, SessionFilter, SessionOrder, SessionPage,
    SessionSummary,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{agents::named, audit::time, min_position::CaughtUpViews, sessions::page_of};
use crate::{
    auth::{
        require::{Require, SessionRead},
        staff_services::StaffServices,
    },
    body::shown,
    openapi::{texts, words},
    problem::Problem,
    query::QueryFields,
    settings::Settings,
    wire::{People, Summary, people},
};

/// The longest keyword, in characters: more than any list shows of a session.
const KEYWORD_CHARS: usize = 100;
/// The longest name of a rule, in characters.
const RULE_CHARS: usize = 20;

/// A page of sessions.
#[derive(Serialize, ToSchema)]
pub struct ListAnswer {
    success: bool,
    data: ListData,
    /// How far the views had read the log.
    position: u64,
}

/// The page and where it stands.
#[derive(Serialize, ToSchema)]
pub struct ListData {
    sessions: Vec<Summary>,
    /// How many fit; where others than a status are asked for it is counted up to 10,000, and with a keyword among the 5,000 that
    /// were updated last.
    total: u64,
    limit: u32,
    offset: u64,
    has_more: bool,
    /// Where the next page begins, for `cursor`; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    next_cursor: Option<String>,
}

/// Lists sessions, by default those that were updated last first.
///
/// A page goes on where the one before ended (`cursor`), whatever moved meanwhile. With a keyword it may have fewer sessions than
/// `limit`, or none, although more follow: a search looks at 5,000 sessions for a page. No event is recorded.
///
/// # Errors
/// The caller is no staff, a filter does not parse, or the views are away.
#[utoipa::path(
    get, path = "/api/sessions", operation_id = "list_sessions", tag = "sessions", security(("bearer" = [])),
    params(
        ("status" = Option<words::SessionStatus>, Query),
        ("agent" = Option<String>, Query, min_length = 1, description = "all, mine, unassigned, or an agent's id or user name"),
        ("customer_type" = Option<words::CustomerType>, Query, description = "vip: the shop's best, or of that class; old: came back; new: did not"),
        ("keyword" = Option<String>, Query, min_length = 1, max_length = 100, description = "In the session's name, the customer's, or what a row shows of the last message, in either case"),
        ("tag" = Option<texts::TagName>, Query, description = "Filed under it"),
        ("class" = Option<words::PriorityClass>, Query, description = "As it was set"),
        ("rule" = Option<String>, Query, min_length = 1, max_length = 20, description = "The rule by which a person is wanted, like R5"),
        ("from" = Option<String>, Query, format = DateTime, description = "Updated at this time or later, in RFC 3339"),
        ("to" = Option<String>, Query, format = DateTime, description = "Updated before this time, in RFC 3339"),
        ("sort" = Option<words::SessionOrder>, Query, description = "newest and oldest by when they were updated; vip by class; waitTime what has waited longest first. By default newest"),
        ("cursor" = Option<String>, Query, min_length = 1, description = "`next_cursor` of the page before, of the same order"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "By default 50"),
        ("offset" = Option<u64>, Query, description = "Rows to leave out; with newest and oldest only, and without a cursor"),
        ("min_position" = Option<u64>, Query, description = "Waits until the views have read so far"),
    ),
    responses(
        (status = 200, body = ListAnswer),
    )
)]
pub async fn list(
    caller: Require<SessionRead>,
    views: CaughtUpViews,
    (staff, workspace): (Data<StaffServices>, Data<Workspace>),
    (clock, settings): (Data<dyn Clock>, Data<Settings>),
    query: QueryFields,
) -> Result<HttpResponse, Problem> {
    let page = wanted(&query, caller.staff.agent, &staff)?;
    let mut reading = views.reading().await?;
    let found = reading.find(&page).await?;
    let (now, agents) = (clock.now(), people::agents_of_rows(&found.sessions));
    let people = People::read(&mut reading, agents, Audience::Staff, &settings.time_zone).await?;
    let unread = unread(&mut reading, &workspace, caller.staff.agent, &found.sessions).await?;
    let rows = found.sessions.into_iter().map(|row| {
        let unread = unread.get(&row.session).copied().unwrap_or_default();
        Summary::new(row, &people, now).with_unread(unread)
    });
    let sessions = rows.collect();
    let data = ListData {
        sessions,
        total: found.total,
        limit: page.limit,
        offset: page.offset,
        has_more: found.next.is_some(),
        next_cursor: found.next.map(|next| next.to_string()),
    };
    Ok(HttpResponse::Ok().json(ListAnswer { success: true, data, position: reading.position().0 }))
}

/// How much the caller has not read of each session.
async fn unread(
    reading: &mut Reading,
    workspace: &Workspace,
    agent: AgentId,
    rows: &[SessionSummary],
) -> Result<HashMap<SessionId, u64>, Problem> {
    let sessions: Vec<SessionId> = rows.iter().map(|row| row.session).collect();
    let read = workspace.read_up_to(agent, &sessions).await?;
    let from = |session: &SessionId| (*session, read.get(session).copied().unwrap_or(Position::START));
    let marked: Vec<(SessionId, Position)> = sessions.iter().map(from).collect();
    Ok(reading.unread(&marked, workspace.unread_since()).await?)
}

/// The page that a query asks for.
fn wanted(query: &QueryFields, caller: AgentId, staff: &StaffServices) -> Result<SessionPage, Problem> {
    let (limit, offset) = page_of(query)?;
    let order = query.text("sort")?.map_or(Ok(SessionOrder::default()), |text| {
        SessionOrder::parse(text).ok_or_else(|| Problem::invalid("sort", "must be newest, oldest, vip or waitTime"))
    })?;
    let after = query.text("cursor")?.map(|text| text.parse::<PageCursor>());
    let after = after.transpose().map_err(|error| Problem::invalid("cursor", error))?;
    if after.is_some_and(|after| after.order() != order) {
        return Err(Problem::invalid("cursor", "is of a page in another order; begin again without it"));
    }
    let is_in_segments = matches!(order, SessionOrder::Vip | SessionOrder::WaitTime);
    if offset > 0 && (after.is_some() || is_in_segments) {
        return Err(Problem::invalid("offset", "is for the orders newest and oldest without a cursor"));
    }
    Ok(SessionPage { filter: filter(query, caller, staff)?, order, limit, offset, after })
}

fn filter(query: &QueryFields, caller: AgentId, staff: &StaffServices) -> Result<SessionFilter, Problem> {
    let customer = query.text("customer_type")?.map(|text| match text {
        "vip" => Ok(CustomerType::Vip),
        "old" => Ok(CustomerType::Old),
        "new" => Ok(CustomerType::New),
        _another => Err(Problem::invalid("customer_type", "must be vip, old or new")),
    });
    let tag = query.text("tag")?.map(|text| Tag::parse(text).map_err(|error| Problem::invalid("tag", error)));
    let class = query.text("class")?.map(|text| {
        PriorityClass::parse(text).ok_or_else(|| Problem::invalid("class", "must be danger, vip, urgent or normal"))
    });
    Ok(SessionFilter {
        status: query.given("status").map(parse_status).transpose()?,
        agent: agent(query, caller, staff)?,
        customer: customer.transpose()?,
        keyword: short(query, "keyword", KEYWORD_CHARS)?,
        tag: tag.transpose()?,
        class: class.transpose()?,
        rule: short(query, "rule", RULE_CHARS)?,
        from: time(query, "from")?,
        to: time(query, "to")?,
    })
}

fn agent(query: &QueryFields, caller: AgentId, staff: &StaffServices) -> Result<Option<AgentFilter>, Problem> {
    Ok(match query.text("agent")? {
        None | Some("all") => None,
        Some("mine") => Some(AgentFilter::Of(caller)),
        Some("unassigned") => Some(AgentFilter::Nobody),
        Some(name) => {
            Some(AgentFilter::Of(named(staff, name).map_err(|_| {
                Problem::invalid("agent", "must be all, mine, unassigned, or an agent's id or user name")
            })?))
        }
    })
}

/// A text of so many characters at most, without U+0000, which no database compares.
fn short(query: &QueryFields, field: &'static str, most: usize) -> Result<Option<String>, Problem> {
    let Some(text) = query.text(field)? else { return Ok(None) };
    if text.chars().count() > most {
        return Err(Problem::invalid(field, format_args!("must have at most {most} characters")));
    }
    if text.contains('\0') {
        return Err(Problem::invalid(field, "must not contain U+0000"));
    }
    Ok(Some(text.to_owned()))
}

fn parse_status(text: &str) -> Result<Status, Problem> {
    Status::parse(text).ok_or_else(|| {
        let valid: Vec<String> = Status::ALL.iter().map(|status| format!("'{status}'")).collect();
        let shown = shown(text);
        Problem::bad_request(format!("Invalid status: {shown}. Valid values: [{}]", valid.join(", ")))
            .with("field", "status")
    })
}

/// How many sessions there are.
#[derive(Serialize, ToSchema)]
pub struct CountsAnswer {
    success: bool,
    data: CountsData,
    /// How far the views had read the log.
    position: u64,
}

/// How many sessions there are.
#[derive(Serialize, ToSchema)]
pub struct CountsData {
    /// That the caller has.
    mine: u64,
    /// That wait for a person.
    queue: u64,
    /// That a person has.
    live: u64,
    /// That wait for somebody to work again.
    after_hours: u64,
    /// In all.
    all: u64,
}

impl From<SessionCounts> for CountsData {
    fn from(counts: SessionCounts) -> Self {
        let SessionCounts { mine, queue, live, after_hours, all } = counts;
        Self { mine, queue, live, after_hours, all }
    }
}

/// Counts sessions: the caller's own, by status, and all.
///
/// For the tabs of a workbench. No event is recorded.
///
/// # Errors
/// The caller is no staff, or the views are behind or away.
#[utoipa::path(
    get, path = "/api/sessions/counts", operation_id = "count_sessions", tag = "sessions", security(("bearer" = [])),
    params(("min_position" = Option<u64>, Query, description = "Waits until the views have read so far")),
    responses(
        (status = 200, body = CountsAnswer),
    )
)]
pub async fn counts(caller: Require<SessionRead>, views: CaughtUpViews) -> Result<HttpResponse, Problem> {
    let mut reading = views.reading().await?;
    let data = reading.session_counts(caller.staff.agent).await?.into();
    Ok(HttpResponse::Ok().json(CountsAnswer { success: true, data, position: reading.position().0 }))
}
