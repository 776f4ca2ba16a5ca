//! `/api/agents`: the administrator makes accounts, changes and closes them.
//!
//! Invariant: the last administrator who can sign in cannot be closed or given another role, so that accounts can always be
//! managed. Two requests at once on two nodes can still close the last two; then `desk reset-admin` is the operator's way
//! back in.

mod requests;

use std::collections::HashSet;

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use commands::{CommandError, accounts::Managed};
use domain::{
    AgentId, Language,
    agent::{
        Rejection, Role,
        command::{CAPACITY, Changes, NewAccount},
        event::PasswordOrigin,
    },
    text::{PersonName, Username},
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

pub use requests::{ChangeAgentRequest, CreateAgentRequest, ResetPasswordRequest, SkillsRequest};

use super::{
    min_position::CaughtUpViews,
    presence::last_seen,
    profile::{fit, fit_for},
};
use crate::{
    auth::{
        passwords::Password,
        require::{AgentRead, AgentWrite, Require},
        staff_services::StaffServices,
    },
    body::{JsonBody, field::Capacity},
    problem::Problem,
    request::request_id,
    wire::agent::AgentData,
};

/// All accounts.
#[derive(Serialize, ToSchema)]
pub struct AgentsAnswer {
    success: bool,
    data: Vec<AgentData>,
    /// How far the views had read the log.
    position: u64,
}

/// One account.
#[derive(Serialize, ToSchema)]
pub struct AgentAnswer {
    success: bool,
    data: AgentData,
    /// Where the log stood.
    position: u64,
}

/// Lists the accounts, oldest first.
///
/// Closed ones among them. No event is recorded.
///
/// # Errors
/// The caller may not, or the views are behind or away.
#[utoipa::path(
    get, path = "/api/agents", operation_id = "list_agents", tag = "team", security(("bearer" = [])),
    params(("min_position" = Option<u64>, Query, description = "Waits until the views have read so far")),
    responses(
        (status = 200, body = AgentsAnswer),
    )
)]
pub async fn list(
    _: Require<AgentRead>,
    views: CaughtUpViews,
    staff: Data<StaffServices>,
) -> Result<HttpResponse, Problem> {
    let (mut reading, now) = (views.reading().await?, staff.clock.now());
    let agents = reading.agents().await?;
    let signed_in: HashSet<AgentId> = reading.open_sign_ins(now).await?.iter().map(|sign_in| sign_in.agent).collect();
    let sessions = reading.live_sessions().await?;
    let seen = last_seen(&staff).await?;
    let data = agents.into_iter().map(|view| {
        let agent = view.agent;
        let sessions = sessions.get(&agent).copied().unwrap_or_default();
        AgentData::new(view, signed_in.contains(&agent), seen.get(&agent).copied(), sessions)
    });
    let data = data.collect();
    Ok(HttpResponse::Ok().json(AgentsAnswer { success: true, data, position: reading.position().0 }))
}

/// Shows an account.
///
/// By its id, or by what it signs in with. No event is recorded.
///
/// # Errors
/// There is none, the caller may not, or the log is away.
#[utoipa::path(
    get, path = "/api/agents/{id}", operation_id = "show_agent", tag = "team", security(("bearer" = [])),
    params(("id" = String, Path, description = "The account's id, or what it signs in with")),
    responses(
        (status = 200, body = AgentAnswer),
    )
)]
pub async fn show(
    _: Require<AgentRead>,
    staff: Data<StaffServices>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let agent = named(&staff, &id)?;
    let folded = staff.accounts.current(agent).await?;
    let account = folded.state.account().ok_or_else(no_account)?;
    let data = AgentData::of(agent, account, staff.clock.now());
    Ok(HttpResponse::Ok().json(AgentAnswer { success: true, data, position: folded.position.0 }))
}

/// Makes an account.
///
/// Records `agent.created` and `agent.password_set`; the password has to be changed at the first sign-in. Again with the same
/// name it is a 409.
///
/// # Errors
/// A field is not taken, there is one of this name, the caller may not, or the log is away.
#[utoipa::path(
    post, path = "/api/agents", operation_id = "create_agent", tag = "team", security(("bearer" = [])),
    request_body = CreateAgentRequest,
    responses(
        (status = 200, body = AgentAnswer),
        (status = 409, description = "AGENT_EXISTS"),
    )
)]
pub async fn create(
    caller: Require<AgentWrite>,
    staff: Data<StaffServices>,
    body: JsonBody<CreateAgentRequest>,
) -> Result<HttpResponse, Problem> {
    let CreateAgentRequest { username, password, name, email, role, skills, languages, max_sessions } = body.0;
    let password = fit_for(password, &username, "password")?;
    let named_so = || PersonName::parse(username.as_str()).map_err(|error| Problem::invalid("name", error));
    let new = NewAccount {
        name: name.map_or_else(named_so, Ok)?,
        email: email.flatten(),
        role: role.unwrap_or(Role::Agent),
        skills: skills.unwrap_or_default(),
        languages: languages.unwrap_or_else(|| Language::ALL.to_vec()),
        capacity: max_sessions.map_or(CAPACITY, |Capacity(count)| count),
        hash: staff.passwords.hash(password).await?,
        by: PasswordOrigin::Administrator,
        username,
    };
    let made = staff.accounts.create(caller.staff.actor(), new, request_id()).await.map_err(as_exists)?;
    Ok(answer(&made, staff.clock.now()))
}

fn as_exists(error: CommandError) -> Problem {
    match error {
        CommandError::Account(Rejection::AlreadyExists) => {
            let detail = "there is an account of this username already; closed ones keep theirs";
            Problem::new(StatusCode::CONFLICT, "AGENT_EXISTS", detail).with("field", "username")
        }
        other => other.into(),
    }
}

/// Changes an account; what is not sent stays.
///
/// Records `agent.renamed`, `agent.role_changed`, `agent.skills_changed`, `agent.languages_changed` and `agent.capacity_changed`,
/// each where it changes something; the same again records nothing. The new rights hold at once, on every node and in open
/// streams.
///
/// # Errors
/// A field is not taken, there is no such account, it is the last administrator, the caller may not, or the log is away.
#[utoipa::path(
    put, path = "/api/agents/{id}", operation_id = "change_agent", tag = "team", security(("bearer" = [])),
    request_body = ChangeAgentRequest,
    params(("id" = String, Path, description = "The account's id, or what it signs in with")),
    responses(
        (status = 200, body = AgentAnswer),
        (status = 409, description = "LAST_ADMINISTRATOR"),
    )
)]
pub async fn change(
    caller: Require<AgentWrite>,
    staff: Data<StaffServices>,
    id: Path<String>,
    body: JsonBody<ChangeAgentRequest>,
) -> Result<HttpResponse, Problem> {
    let agent = named(&staff, &id)?;
    let changes = Changes::from(body.0);
    if changes.role.is_some_and(|role| role != Role::Admin) {
        keep_an_administrator(&staff, agent)?;
    }
    change_it(&caller, &staff, agent, changes).await
}

async fn change_it(
    caller: &Require<AgentWrite>,
    staff: &StaffServices,
    agent: AgentId,
    changes: Changes,
) -> Result<HttpResponse, Problem> {
    Ok(answer(&staff.accounts.change(agent, caller.staff.actor(), changes, request_id()).await?, staff.clock.now()))
}

/// Sets what an account knows about.
///
/// Records `agent.skills_changed`. The list replaces the one before; the same again records nothing.
///
/// # Errors
/// As [`change`].
#[utoipa::path(
    put, path = "/api/agents/{id}/skills", operation_id = "set_skills", tag = "team", security(("bearer" = [])),
    request_body = SkillsRequest,
    params(("id" = String, Path, description = "The account's id, or what it signs in with")),
    responses(
        (status = 200, body = AgentAnswer),
    )
)]
pub async fn skills(
    caller: Require<AgentWrite>,
    staff: Data<StaffServices>,
    id: Path<String>,
    body: JsonBody<SkillsRequest>,
) -> Result<HttpResponse, Problem> {
    let changes = Changes { skills: Some(body.0.skills), ..Changes::default() };
    change_it(&caller, &staff, named(&staff, &id)?, changes).await
}

/// Closes an account.
///
/// Records `agent.deactivated`: nobody signs in with it any more, and its sign-ins and streams are over at once. What it did
/// stays on record. Closing it again records nothing.
///
/// # Errors
/// There is none, it is the last administrator, the caller may not, or the log is away.
#[utoipa::path(
    delete, path = "/api/agents/{id}", operation_id = "deactivate_agent", tag = "team", security(("bearer" = [])),
    params(("id" = String, Path, description = "The account's id, or what it signs in with")),
    responses(
        (status = 200, body = AgentAnswer),
        (status = 409, description = "LAST_ADMINISTRATOR"),
    )
)]
pub async fn deactivate(
    caller: Require<AgentWrite>,
    staff: Data<StaffServices>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let agent = named(&staff, &id)?;
    keep_an_administrator(&staff, agent)?;
    Ok(answer(&staff.accounts.set_active(agent, caller.staff.actor(), false, request_id()).await?, staff.clock.now()))
}

/// Opens a closed account again.
///
/// Records `agent.reactivated`. An account that is open already is left as it is, so a repeat records nothing.
///
/// # Errors
/// There is none, the caller may not, or the log is away.
#[utoipa::path(
    post, path = "/api/agents/{id}/reactivate", operation_id = "reactivate_agent", tag = "team", security(("bearer" = [])),
    params(("id" = String, Path, description = "The account's id, or what it signs in with")),
    responses(
        (status = 200, body = AgentAnswer),
    )
)]
pub async fn reactivate(
    caller: Require<AgentWrite>,
    staff: Data<StaffServices>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let agent = named(&staff, &id)?;
    Ok(answer(&staff.accounts.set_active(agent, caller.staff.actor(), true, request_id()).await?, staff.clock.now()))
}

/// The password that was set.
#[derive(Serialize, ToSchema)]
pub struct ResetPasswordAnswer {
    success: bool,
    data: AgentData,
    /// The password that was made up; shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_password: Option<String>,
    /// Where the log stood.
    position: u64,
}

/// Gives an account another password.
///
/// Records `agent.password_set`; it has to be changed at the next sign-in, and every sign-in of the account is over
/// (`agent.sign_in_revoked`). A repeat sets it again.
///
/// # Errors
/// The password is not taken, there is no such account, the caller may not, or the log is away.
#[utoipa::path(
    post, path = "/api/agents/{id}/reset-password", operation_id = "reset_password", tag = "team", security(("bearer" = [])),
    request_body = ResetPasswordRequest,
    params(("id" = String, Path, description = "The account's id, or what it signs in with")),
    responses(
        (status = 200, body = ResetPasswordAnswer),
        (status = 400, description = "INVALID_PASSWORD"),
        (status = 409, description = "OWN_PASSWORD: one's own is changed with the old one"),
    )
)]
pub async fn reset_password(
    caller: Require<AgentWrite>,
    staff: Data<StaffServices>,
    id: Path<String>,
    body: JsonBody<ResetPasswordRequest>,
) -> Result<HttpResponse, Problem> {
    let agent = named(&staff, &id)?;
    if agent == caller.staff.agent {
        let detail = "one's own password is changed with POST /api/agent/change-password";
        return Err(Problem::new(StatusCode::CONFLICT, "OWN_PASSWORD", detail));
    }
    let folded = staff.accounts.current(agent).await?;
    let account = folded.state.account().ok_or_else(no_account)?;
    let (password, shown) = match body.0.new_password {
        Some(given) => (fit(given, account, "new_password")?, None),
        None => {
            let made_up = Password::generate();
            let shown = made_up.expose().to_owned();
            (made_up, Some(shown))
        }
    };
    let hash = staff.passwords.hash(password).await?;
    let set = staff.accounts.set_password(agent, caller.staff.actor(), hash, None, request_id()).await?;
    let data = AgentData::of(agent, &set.account, staff.clock.now());
    let position = set.position.0;
    let mut response = HttpResponse::Ok();
    response.insert_header((actix_web::http::header::CACHE_CONTROL, "no-store"));
    Ok(response.json(ResetPasswordAnswer { success: true, data, new_password: shown, position }))
}

pub(super) fn answer(managed: &Managed, now: Timestamp) -> HttpResponse {
    let data = AgentData::of(managed.agent, &managed.account, now);
    HttpResponse::Ok().json(AgentAnswer { success: true, data, position: managed.position.0 })
}

/// By id, or by what it signs in with.
pub(super) fn named(staff: &StaffServices, text: &str) -> Result<AgentId, Problem> {
    if let Ok(agent) = text.parse() {
        return Ok(agent);
    }
    let username = Username::parse(text).map_err(|_| no_account())?;
    let as_sent = AgentId::of(staff.log_id, &username);
    let is_known = staff.directory.knows(as_sent);
    Ok(if is_known { as_sent } else { AgentId::of(staff.log_id, &username.composed()) })
}

fn no_account() -> Problem {
    Problem::not_found("there is no such account")
}

fn keep_an_administrator(staff: &StaffServices, agent: AgentId) -> Result<(), Problem> {
    if staff.directory.has_another_administrator(agent) {
        return Ok(());
    }
    let detail = "this is the last administrator who can sign in; make another one first";
    Err(Problem::new(StatusCode::CONFLICT, "LAST_ADMINISTRATOR", detail))
}
