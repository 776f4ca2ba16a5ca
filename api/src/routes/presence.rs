//! Who of staff is there: one's own presence, heartbeats, and who may be given a session.
//!
//! Invariant: the presence is that of the token's account, and a heartbeat is of the token's sign-in; nothing in a body names another.

use std::collections::{HashMap, HashSet};

use actix_web::{HttpResponse, web::Data};
use commands::process::StoreError;
use domain::{
    AgentId, Language,
    agent::{Presence, PresenceCause},
};
use event_store::{Clock, Position};
use jiff::Timestamp;
use projections::{AgentView, Views};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    auth::{PATIENCE, signed_out},
    min_position::CaughtUpViews,
    sessions::day_start,
};
use crate::{
    auth::{
        require::{CurrentUser, Require, SessionRead},
        staff_services::StaffServices,
    },
    body::{JsonBody, field::required},
    openapi::words,
    problem::Problem,
    request::request_id,
    settings::Settings,
    wire::{AgentTodayData, seconds},
};

/// A heartbeat was taken.
#[derive(Serialize, ToSchema)]
pub struct HeartbeatAnswer {
    success: bool,
    /// When one was last heard of: now. Seconds since 1970.
    last_active_at: f64,
    #[schema(value_type = words::AgentStatus)]
    status: &'static str,
    /// Where the log stood.
    position: u64,
}

/// Reports that the workbench is open; sent every 20 s.
///
/// Whoever has sent one and is not heard of for `agent_lost_after` (60 s) is lost: offline, and the live sessions go back to the
/// queue. The next one then makes online again (`agent.presence_changed`). Repeats record nothing.
///
/// # Errors
/// Nobody is signed in, or the store or the log is away.
#[utoipa::path(
    post, path = "/api/agent/heartbeat", operation_id = "send_heartbeat", tag = "availability", security(("bearer" = [])),
    responses(
        (status = 200, body = HeartbeatAnswer),
        (status = 503),
    )
)]
pub async fn heartbeat(own: CurrentUser, staff: Data<StaffServices>) -> Result<HttpResponse, Problem> {
    staff.signs_of_life.watches(own.agent, own.sign_in).await.map_err(store_away)?;
    let (presence, cause) = staff.directory.presence(own.agent, staff.clock.now()).ok_or_else(signed_out)?;
    if presence == Presence::Offline && cause != PresenceCause::Chosen {
        let back = staff.accounts.come_back(own.agent, own.sign_in, request_id()).await?;
        return Ok(heard(&staff, back.account.presence_at(staff.clock.now()), back.position));
    }
    Ok(heard(&staff, presence, staff.directory.position()))
}

/// Reports that the original's workbench is open; sent every 120 s.
///
/// Changes nobody's presence, so nobody is lost for the lack of it. No event is recorded, however often it is repeated.
///
/// # Errors
/// Nobody is signed in.
#[utoipa::path(
    post, path = "/api/agent/status/heartbeat", operation_id = "send_original_heartbeat", tag = "availability",
    security(("bearer" = [])),
    responses(
        (status = 200, body = HeartbeatAnswer),
    )
)]
pub async fn original_heartbeat(own: CurrentUser, staff: Data<StaffServices>) -> Result<HttpResponse, Problem> {
    let (presence, _) = staff.directory.presence(own.agent, staff.clock.now()).ok_or_else(signed_out)?;
    Ok(heard(&staff, presence, staff.directory.position()))
}

fn heard(staff: &StaffServices, presence: Presence, position: Position) -> HttpResponse {
    let last_active_at = seconds(staff.clock.now());
    let status = presence.as_str();
    HttpResponse::Ok().json(HeartbeatAnswer { success: true, last_active_at, status, position: position.0 })
}

/// One's own presence.
#[derive(Serialize, ToSchema)]
pub struct StatusAnswer {
    success: bool,
    data: StatusData,
    /// Where the log, or the views, stood.
    position: u64,
}

/// One's own presence, as the original has it.
#[derive(Serialize, ToSchema)]
pub struct StatusData {
    #[schema(value_type = words::AgentStatus)]
    status: &'static str,
    /// Always empty: notes are not kept.
    status_note: &'static str,
    /// Since when, in seconds since 1970.
    status_updated_at: f64,
    /// When one was last heard of: now.
    last_active_at: f64,
    /// Conversations that one has now.
    current_sessions: u64,
    /// Conversations at a time.
    max_sessions: u32,
}

/// Shows one's own presence.
///
/// With the number of sessions that one has. No event is recorded.
///
/// # Errors
/// Nobody is signed in, or the log or the views are away.
#[utoipa::path(
    get, path = "/api/agent/status", operation_id = "show_status", tag = "availability", security(("bearer" = [])),
    params(("min_position" = Option<u64>, Query, description = "Waits until the views have read so far")),
    responses(
        (status = 200, body = StatusAnswer),
    )
)]
pub async fn show(own: CurrentUser, views: CaughtUpViews, staff: Data<StaffServices>) -> Result<HttpResponse, Problem> {
    status_of(own.agent, &views, &staff).await
}

/// One's own figures of today.
#[derive(Serialize, ToSchema)]
pub struct TodayAnswer {
    success: bool,
    data: AgentTodayData,
    /// How far the views had read the log.
    position: u64,
}

/// Shows one's own figures of today.
///
/// Sessions served, times and ratings since midnight in the shop's time zone. No event is recorded.
///
/// # Errors
/// Nobody is signed in, or the views are away.
#[utoipa::path(
    get, path = "/api/agent/stats/today", operation_id = "show_own_statistics", tag = "availability", security(("bearer" = [])),
    params(("min_position" = Option<u64>, Query, description = "Waits until the views have read so far")),
    responses(
        (status = 200, body = TodayAnswer),
    )
)]
pub async fn today(
    own: CurrentUser,
    views: CaughtUpViews,
    clock: Data<dyn Clock>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Problem> {
    let now = clock.now();
    let mut reading = views.reading().await?;
    let figures = reading.agent_today(own.agent, now, day_start(now, &settings.time_zone)).await?;
    let (data, position) = (figures.into(), reading.position().0);
    Ok(HttpResponse::Ok().json(TodayAnswer { success: true, data, position }))
}

/// What one chooses to be.
#[derive(Deserialize, ToSchema)]
pub struct ChooseStatusRequest {
    #[serde(deserialize_with = "required")]
    #[schema(value_type = words::ChosenStatus)]
    status: Presence,
}

/// Chooses one's own presence.
///
/// Records `agent.presence_changed`. Choosing the same again records nothing.
///
/// # Errors
/// The presence is not one of those, nobody is signed in, or the log or the views are away.
#[utoipa::path(
    put, path = "/api/agent/status", operation_id = "choose_status", tag = "availability", security(("bearer" = [])),
    request_body = ChooseStatusRequest,
    responses(
        (status = 200, body = StatusAnswer),
    )
)]
pub async fn choose(
    own: CurrentUser,
    views: Data<Views>,
    staff: Data<StaffServices>,
    body: JsonBody<ChooseStatusRequest>,
) -> Result<HttpResponse, Problem> {
    let chosen = staff.accounts.choose_presence(own.agent, own.sign_in, body.0.status, request_id()).await?;
    staff.directory.reach(chosen.position, PATIENCE).await;
    // What is shown of the presence's time and of the load may be a moment old where the views are behind.
    let _behind = views.wait_for(chosen.position, PATIENCE).await;
    status_of(own.agent, &views, &staff).await
}

async fn status_of(agent: AgentId, views: &Views, staff: &StaffServices) -> Result<HttpResponse, Problem> {
    let folded = staff.accounts.current(agent).await?;
    let account = folded.state.account().ok_or_else(signed_out)?;
    let (mut reading, now) = (views.reading().await?, staff.clock.now());
    let since = reading.agent(agent).await?.map_or(now, |view| view.presence_since);
    let data = StatusData {
        status: account.presence_at(now).as_str(),
        status_note: "",
        status_updated_at: seconds(since),
        last_active_at: seconds(now),
        current_sessions: reading.live_sessions().await?.get(&agent).copied().unwrap_or_default(),
        max_sessions: account.capacity,
    };
    Ok(HttpResponse::Ok().json(StatusAnswer { success: true, data, position: folded.position.0 }))
}

/// Who may be given a session.
#[derive(Serialize, ToSchema)]
pub struct AvailableAnswer {
    success: bool,
    data: Vec<AvailableData>,
    /// How far the views had read the log.
    position: u64,
}

/// Somebody who is online.
#[derive(Serialize, ToSchema)]
pub struct AvailableData {
    #[schema(format = "uuid")]
    id: String,
    /// What it signs in with; null once erased.
    username: Option<String>,
    /// What customers and colleagues see; null once erased.
    name: Option<String>,
    #[schema(value_type = words::Role)]
    role: &'static str,
    #[schema(value_type = words::AgentStatus)]
    status: &'static str,
    skills: Vec<String>,
    #[schema(value_type = Vec<words::Language>)]
    languages: Vec<&'static str>,
    /// Conversations that it has now.
    current_sessions: u64,
    /// Conversations at a time.
    max_sessions: u32,
}

/// Lists who is online and talks to customers, for a session to be handed to.
///
/// Who has the most room first. No event is recorded.
///
/// # Errors
/// The caller may not, or the views are behind or away.
#[utoipa::path(
    get, path = "/api/agents/available", operation_id = "list_available_agents", tag = "availability", security(("bearer" = [])),
    params(("min_position" = Option<u64>, Query, description = "Waits until the views have read so far")),
    responses(
        (status = 200, body = AvailableAnswer),
    )
)]
pub async fn available(
    _: Require<SessionRead>,
    views: CaughtUpViews,
    staff: Data<StaffServices>,
) -> Result<HttpResponse, Problem> {
    let mut reading = views.reading().await?;
    let agents = reading.agents().await?;
    let signed_in = reading.open_sign_ins(staff.clock.now()).await?;
    let signed_in: HashSet<AgentId> = signed_in.iter().map(|sign_in| sign_in.agent).collect();
    let sessions = reading.live_sessions().await?;
    let is_there = |view: &AgentView| view.presence == Presence::Online && signed_in.contains(&view.agent);
    let there = agents.into_iter().filter(|view| is_there(view) && view.role.talks_to_customers());
    let mut data: Vec<AvailableData> = there
        .map(|view| {
            let sessions = sessions.get(&view.agent).copied().unwrap_or_default();
            AvailableData::new(view, sessions)
        })
        .collect();
    data.sort_by_key(|agent| std::cmp::Reverse(u64::from(agent.max_sessions).saturating_sub(agent.current_sessions)));
    Ok(HttpResponse::Ok().json(AvailableAnswer { success: true, data, position: reading.position().0 }))
}

impl AvailableData {
    fn new(view: AgentView, current_sessions: u64) -> Self {
        Self {
            id: view.agent.to_string(),
            username: view.username,
            name: view.name,
            role: view.role.as_str(),
            status: view.presence.as_str(),
            skills: view.skills,
            languages: view.languages.into_iter().map(Language::as_str).collect(),
            current_sessions,
            max_sessions: view.capacity,
        }
    }
}

/// When each agent who sends heartbeats was last heard of.
pub(super) async fn last_seen(staff: &StaffServices) -> Result<HashMap<AgentId, Timestamp>, Problem> {
    staff.signs_of_life.last_seen().await.map_err(store_away)
}

fn store_away(error: StoreError) -> Problem {
    tracing::warn!(error = &error as &dyn std::error::Error, "signs of life are neither read nor written");
    Problem::unavailable("STORE_UNAVAILABLE", "the store cannot be reached; try again", PATIENCE)
}
