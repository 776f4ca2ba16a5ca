//! `/api/agents`: the administrator makes accounts, changes and closes them.
//!
//! Invariant: the last administrator who can sign in cannot be closed or made something else, so that somebody can always
//! open the house again. Two at once on two nodes could still do it to each other; then `desk reset-admin` is
//! the operator's way back in.

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
        command::{CAPACITIES, CAPACITY, Changes, NewAccount, SKILLS},
        event::PasswordOrigin,
    },
    text::{Skill, Username},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::profile::{address_of, person_name, taken};
use crate::{
    app::App,
    body::JsonBody,
    openapi::{texts, words},
    problem::Problem,
    query::QueryFields,
    request::request_id,
    sign_in::{
        passwords::Password,
        staff::{AgentRead, AgentWrite, May},
    },
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
/// # Errors
/// The caller may not, or the views are behind or away.
#[utoipa::path(
    get, path = "/api/agents", operation_id = "list_agents", tag = "staff", security(("bearer" = [])),
    params(("min_position" = Option<u64>, Query, description = "Waits until the views have read so far")),
    responses(
        (status = 200, body = AgentsAnswer),
    )
)]
pub async fn list(_may: May<AgentRead>, app: Data<App>, query: QueryFields) -> Result<HttpResponse, Problem> {
    super::sessions::wait(&app, &query).await?;
    let mut reading = app.views.reading().await?;
    let agents = reading.agents().await?;
    let online = reading.open_sign_ins(Timestamp::now()).await?;
    let is_online = |agent| online.iter().any(|sign_in| sign_in.agent == agent);
    let data = agents.into_iter().map(|view| (is_online(view.agent), view));
    let data = data.map(|(is_online, view)| AgentData::new(view, is_online)).collect();
    Ok(HttpResponse::Ok().json(AgentsAnswer { success: true, data, position: reading.position().0 }))
}

/// Shows an account.
///
/// # Errors
/// There is none, the caller may not, or the log is away.
#[utoipa::path(
    get, path = "/api/agents/{id}", operation_id = "show_agent", tag = "staff", security(("bearer" = [])),
    params(("id" = String, Path, description = "The account's id, or what it signs in with")),
    responses(
        (status = 200, body = AgentAnswer),
    )
)]
pub async fn show(_may: May<AgentRead>, app: Data<App>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let agent = named(&app, &id)?;
    let folded = app.accounts.current(agent).await?;
    let account = folded.state.account().ok_or_else(no_account)?;
    let data = AgentData::of(agent, account, Timestamp::now());
    Ok(HttpResponse::Ok().json(AgentAnswer { success: true, data, position: folded.position.0 }))
}

/// An account to be made.
#[derive(Deserialize, ToSchema)]
pub struct CreateAgentRequest {
    /// What it signs in with: letters, digits, dot, hyphen, underscore and @; it never changes.
    #[serde(default)]
    #[schema(value_type = texts::Login, required = true)]
    username: Option<String>,
    /// At least 10 characters. It has to be changed at the first sign-in.
    #[serde(default)]
    #[schema(value_type = texts::NewPassword, required = true)]
    password: Option<String>,
    /// What customers and colleagues see.
    #[serde(default)]
    #[schema(value_type = Option<texts::Person>)]
    name: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<texts::Email>)]
    email: Option<String>,
    /// agent (unless told), supervisor, admin, auditor or analyst
    #[serde(default)]
    #[schema(value_type = Option<words::Role>)]
    role: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<texts::SkillName>>, max_items = 50)]
    skills: Option<Vec<String>>,
    /// zh, en; all unless told
    #[serde(default)]
    #[schema(value_type = Option<Vec<words::Language>>)]
    languages: Option<Vec<String>>,
    /// Conversations at a time, 5 unless told.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    max_sessions: Option<u32>,
}

/// Makes an account.
///
/// # Errors
/// A field is not taken, there is one of this name, the caller may not, or the log is away.
#[utoipa::path(
    post, path = "/api/agents", operation_id = "create_agent", tag = "staff", security(("bearer" = [])),
    request_body = CreateAgentRequest,
    responses(
        (status = 200, body = AgentAnswer),
        (status = 409, description = "AGENT_EXISTS"),
    )
)]
pub async fn create(
    may: May<AgentWrite>,
    app: Data<App>,
    body: JsonBody<CreateAgentRequest>,
) -> Result<HttpResponse, Problem> {
    let CreateAgentRequest { username, password, name, email, role, skills, languages, max_sessions } = body.0;
    let username = username.ok_or_else(|| Problem::invalid("username", "is required"))?;
    let username = Username::parse(&username).map_err(|error| Problem::invalid("username", error))?;
    let password = password.ok_or_else(|| Problem::invalid("password", "is required"))?;
    let password = taken(password, &username, "password")?;
    let name = person_name(name.unwrap_or_else(|| username.as_str().to_owned()))?;
    let email = email.map(address_of).transpose()?.flatten();
    let role = role.as_deref().map_or(Ok(Role::Agent), parse_role)?;
    let skills = skills.map_or(Ok(Vec::new()), parse_skills)?;
    let languages = languages.map_or_else(|| Ok(Language::ALL.to_vec()), |given| parse_languages(&given))?;
    let capacity = max_sessions.map_or(Ok(CAPACITY), parse_capacity)?;
    let hash = app.passwords.hash(password).await?;
    let by = PasswordOrigin::Administrator;
    let new = NewAccount { username, name, email, role, skills, languages, capacity, hash, by };
    let made = app.accounts.create(may.staff.actor(), new, request_id()).await.map_err(as_exists)?;
    Ok(answer(&made))
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

/// What is to be other than it is.
#[derive(Deserialize, ToSchema)]
pub struct ChangeAgentRequest {
    #[serde(default)]
    #[schema(value_type = Option<texts::Person>)]
    name: Option<String>,
    /// Empty for nowhere.
    #[serde(default)]
    #[schema(value_type = Option<texts::Email>)]
    email: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<words::Role>)]
    role: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<texts::SkillName>>, max_items = 50)]
    skills: Option<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<words::Language>>)]
    languages: Option<Vec<String>>,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    max_sessions: Option<u32>,
}

/// Changes an account; what is not sent stays.
///
/// # Errors
/// A field is not taken, there is no such account, it is the last administrator, the caller may not, or the log is away.
#[utoipa::path(
    put, path = "/api/agents/{id}", operation_id = "change_agent", tag = "staff", security(("bearer" = [])),
    request_body = ChangeAgentRequest,
    params(("id" = String, Path, description = "The account's id, or what it signs in with")),
    responses(
        (status = 200, body = AgentAnswer),
        (status = 409, description = "LAST_ADMINISTRATOR"),
    )
)]
pub async fn change(
    may: May<AgentWrite>,
    app: Data<App>,
    id: Path<String>,
    body: JsonBody<ChangeAgentRequest>,
) -> Result<HttpResponse, Problem> {
    let ChangeAgentRequest { name, email, role, skills, languages, max_sessions } = body.0;
    let agent = named(&app, &id)?;
    let changes = Changes {
        name: name.map(person_name).transpose()?,
        email: email.map(address_of).transpose()?,
        role: role.as_deref().map(parse_role).transpose()?,
        skills: skills.map(parse_skills).transpose()?,
        languages: languages.map(|given| parse_languages(&given)).transpose()?,
        capacity: max_sessions.map(parse_capacity).transpose()?,
    };
    if changes.role.is_some_and(|role| role != Role::Admin) {
        keep_an_administrator(&app, agent)?;
    }
    change_it(&may, &app, agent, changes).await
}

async fn change_it(
    may: &May<AgentWrite>,
    app: &App,
    agent: AgentId,
    changes: Changes,
) -> Result<HttpResponse, Problem> {
    Ok(answer(&app.accounts.change(agent, may.staff.actor(), changes, request_id()).await?))
}

/// What an account knows about.
#[derive(Deserialize, ToSchema)]
pub struct SkillsRequest {
    #[serde(default)]
    #[schema(value_type = Vec<texts::SkillName>, required = true, max_items = 50)]
    skills: Option<Vec<String>>,
}

/// Says what an account knows about.
///
/// # Errors
/// As [`change`].
#[utoipa::path(
    put, path = "/api/agents/{id}/skills", operation_id = "set_skills", tag = "staff", security(("bearer" = [])),
    request_body = SkillsRequest,
    params(("id" = String, Path, description = "The account's id, or what it signs in with")),
    responses(
        (status = 200, body = AgentAnswer),
    )
)]
pub async fn skills(
    may: May<AgentWrite>,
    app: Data<App>,
    id: Path<String>,
    body: JsonBody<SkillsRequest>,
) -> Result<HttpResponse, Problem> {
    let skills = body.0.skills.ok_or_else(|| Problem::invalid("skills", "is required"))?;
    let changes = Changes { skills: Some(parse_skills(skills)?), ..Changes::default() };
    change_it(&may, &app, named(&app, &id)?, changes).await
}

/// Closes an account: nobody signs in with it any more, and every sign-in of it is over. What it did stays on record.
///
/// # Errors
/// There is none, it is the last administrator, the caller may not, or the log is away.
#[utoipa::path(
    delete, path = "/api/agents/{id}", operation_id = "deactivate_agent", tag = "staff", security(("bearer" = [])),
    params(("id" = String, Path, description = "The account's id, or what it signs in with")),
    responses(
        (status = 200, body = AgentAnswer),
        (status = 409, description = "LAST_ADMINISTRATOR"),
    )
)]
pub async fn deactivate(may: May<AgentWrite>, app: Data<App>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let agent = named(&app, &id)?;
    keep_an_administrator(&app, agent)?;
    Ok(answer(&app.accounts.set_active(agent, may.staff.actor(), false, request_id()).await?))
}

/// Opens a closed account again.
///
/// # Errors
/// There is none, the caller may not, or the log is away.
#[utoipa::path(
    post, path = "/api/agents/{id}/reactivate", operation_id = "reactivate_agent", tag = "staff", security(("bearer" = [])),
    params(("id" = String, Path, description = "The account's id, or what it signs in with")),
    responses(
        (status = 200, body = AgentAnswer),
    )
)]
pub async fn reactivate(may: May<AgentWrite>, app: Data<App>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let agent = named(&app, &id)?;
    Ok(answer(&app.accounts.set_active(agent, may.staff.actor(), true, request_id()).await?))
}

/// A password for somebody who forgot theirs.
#[derive(Deserialize, ToSchema)]
pub struct ResetPasswordRequest {
    /// At least 10 characters; one is made up if it is not sent.
    #[serde(default)]
    #[schema(value_type = Option<texts::NewPassword>)]
    new_password: Option<String>,
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

/// Gives an account another password, which has to be changed at the next sign-in; every sign-in of it is over.
///
/// # Errors
/// The password is not taken, there is no such account, the caller may not, or the log is away.
#[utoipa::path(
    post, path = "/api/agents/{id}/reset-password", operation_id = "reset_password", tag = "staff", security(("bearer" = [])),
    request_body = ResetPasswordRequest,
    params(("id" = String, Path, description = "The account's id, or what it signs in with")),
    responses(
        (status = 200, body = ResetPasswordAnswer),
        (status = 400, description = "INVALID_PASSWORD"),
        (status = 409, description = "OWN_PASSWORD: one's own is changed with the old one"),
    )
)]
pub async fn reset_password(
    may: May<AgentWrite>,
    app: Data<App>,
    id: Path<String>,
    body: JsonBody<ResetPasswordRequest>,
) -> Result<HttpResponse, Problem> {
    let agent = named(&app, &id)?;
    if agent == may.staff.agent {
        let detail = "one's own password is changed with POST /api/agent/change-password";
        return Err(Problem::new(StatusCode::CONFLICT, "OWN_PASSWORD", detail));
    }
    let folded = app.accounts.current(agent).await?;
    let account = folded.state.account().ok_or_else(no_account)?;
    let (password, shown) = match body.0.new_password {
        Some(given) => (super::profile::chosen(given, account, "new_password")?, None),
        None => {
            let made_up = Password::generate();
            let shown = made_up.expose().to_owned();
            (made_up, Some(shown))
        }
    };
    let hash = app.passwords.hash(password).await?;
    let set = app.accounts.set_password(agent, may.staff.actor(), hash, None, request_id()).await?;
    let data = AgentData::of(agent, &set.account, Timestamp::now());
    let position = set.position.0;
    let mut response = HttpResponse::Ok();
    response.insert_header((actix_web::http::header::CACHE_CONTROL, "no-store"));
    Ok(response.json(ResetPasswordAnswer { success: true, data, new_password: shown, position }))
}

pub(super) fn answer(managed: &Managed) -> HttpResponse {
    let data = AgentData::of(managed.agent, &managed.account, Timestamp::now());
    HttpResponse::Ok().json(AgentAnswer { success: true, data, position: managed.position.0 })
}

/// By id, or by what it signs in with.
pub(super) fn named(app: &App, text: &str) -> Result<AgentId, Problem> {
    if let Ok(agent) = text.parse() {
        return Ok(agent);
    }
    let username = Username::parse(text).map_err(|_| no_account())?;
    Ok(AgentId::of(app.identity.log_id, &username))
}

fn no_account() -> Problem {
    Problem::not_found("there is no such account")
}

fn keep_an_administrator(app: &App, agent: AgentId) -> Result<(), Problem> {
    if app.access.has_another_administrator(agent) {
        return Ok(());
    }
    let detail = "this is the last administrator who can sign in; make another one first";
    Err(Problem::new(StatusCode::CONFLICT, "LAST_ADMINISTRATOR", detail))
}

fn parse_role(text: &str) -> Result<Role, Problem> {
    let names: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    Role::parse(text).ok_or_else(|| Problem::invalid("role", format_args!("must be one of {}", names.join(", "))))
}

fn parse_skills(texts: Vec<String>) -> Result<Vec<Skill>, Problem> {
    if texts.len() > SKILLS {
        return Err(Problem::invalid("skills", format_args!("must be at most {SKILLS}")));
    }
    let parsed: Result<Vec<Skill>, _> = texts.iter().map(|text| Skill::parse(text)).collect();
    let mut skills = parsed.map_err(|error| Problem::invalid("skills", error))?;
    skills.sort();
    skills.dedup();
    Ok(skills)
}

fn parse_languages(texts: &[String]) -> Result<Vec<Language>, Problem> {
    let known = |text: &String| Language::ALL.into_iter().find(|language| language.as_str() == text);
    let parsed: Option<Vec<Language>> = texts.iter().map(known).collect();
    let given = parsed.ok_or_else(|| Problem::invalid("languages", "must be zh or en each"))?;
    Ok(Language::ALL.into_iter().filter(|language| given.contains(language)).collect())
}

fn parse_capacity(count: u32) -> Result<u32, Problem> {
    if CAPACITIES.contains(&count) {
        return Ok(count);
    }
    Err(Problem::invalid("max_sessions", format_args!("must be {} to {}", CAPACITIES.start(), CAPACITIES.end())))
}
