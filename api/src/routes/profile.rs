//! The caller's own account: its password, name and address, and its sign-ins.
//!
//! Invariant: the account is that of the token; nothing in a body or a path names another, and nobody changes their own role.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use commands::accounts::Subject;
use domain::{
    AgentId, SignInId,
    agent::{Account, command::Changes},
    text::{EmailAddress, PersonName, Username},
};
use event_store::{Clock, Position};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    auth::{DoneAnswer, PATIENCE, done, signed_out, store_away, wait_for_ones_turn},
    min_position::CaughtUpViews,
};
use crate::{
    auth::{passwords::Password, require::CurrentUser, staff_services::StaffServices},
    body::{
        JsonBody,
        field::{optional, required},
    },
    openapi::{texts, words},
    problem::Problem,
    request::request_id,
    wire::agent::{AgentData, SignInData},
};

/// Another password.
#[derive(Deserialize, ToSchema)]
pub struct ChangePasswordRequest {
    #[serde(deserialize_with = "required")]
    #[schema(value_type = String)]
    old_password: Password,
    /// At least 10 characters, and none of those that are tried first.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::NewPassword)]
    new_password: Password,
}

/// Changes one's own password.
///
/// Records `agent.password_set`; every other sign-in of the account is over (`agent.sign_in_revoked`). The same password again is
/// refused.
///
/// # Errors
/// The old one is wrong, the new one is not taken, or the log is away.
#[utoipa::path(
    post, path = "/api/agent/change-password", operation_id = "change_password", tag = "sign-in", security(("bearer" = [])),
    request_body = ChangePasswordRequest,
    responses(
        (status = 200, body = DoneAnswer),
        (status = 400, description = "OLD_PASSWORD_INCORRECT, INVALID_PASSWORD, PASSWORD_SAME"),
    )
)]
pub async fn change_password(
    own: CurrentUser,
    staff: Data<StaffServices>,
    body: JsonBody<ChangePasswordRequest>,
) -> Result<HttpResponse, Problem> {
    let ChangePasswordRequest { old_password: old, new_password: new } = body.0;
    let is_same = old.normal().expose() == new.normal().expose();
    let account = confirmed(&staff, &own, old).await?;
    let account = account.ok_or_else(|| bad("OLD_PASSWORD_INCORRECT", "old_password", "is not the password"))?;
    if is_same {
        return Err(bad("PASSWORD_SAME", "new_password", "must be another one than before"));
    }
    let hash = staff.passwords.hash(fit(new, &account, "new_password")?).await?;
    let keep = Some(own.sign_in);
    let changed = staff.accounts.set_password(own.agent, own.actor(), hash, keep, request_id()).await?;
    staff.directory.reach(changed.position, PATIENCE).await;
    Ok(done(changed.position, None))
}

/// The caller's own account, if that is its password: an unattended browser is not enough to change it.
pub(super) async fn confirmed(
    staff: &StaffServices,
    own: &CurrentUser,
    password: Password,
) -> Result<Option<Account>, Problem> {
    let folded = staff.accounts.current(own.agent).await?;
    let account = folded.state.account().ok_or_else(signed_out)?;
    let subject = [Subject::account(staff.log_id, own.agent)];
    wait_for_ones_turn(staff, &subject).await?;
    if !staff.passwords.is_right(password, account.password.as_ref()).await? {
        return Ok(None);
    }
    staff.login_throttle.forget(&subject).await.map_err(store_away)?;
    Ok(Some(account.clone()))
}

/// A password that is taken for an account.
pub(super) fn fit(password: Password, account: &Account, field: &'static str) -> Result<Password, Problem> {
    let username = account.username.as_ref().ok_or_else(|| Problem::not_found("there is no such account"))?;
    fit_for(password, username, field)
}

/// A password that is taken for a name.
pub(super) fn fit_for(password: Password, username: &Username, field: &'static str) -> Result<Password, Problem> {
    password.fit_for(username).map_err(|error| bad("INVALID_PASSWORD", field, &error.to_string()))
}

pub(super) fn bad(code: &'static str, field: &'static str, reason: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, code, format!("{field} {reason}")).with("field", field)
}

/// One's own account.
#[derive(Serialize, ToSchema)]
pub struct ProfileAnswer {
    success: bool,
    data: AgentData,
    /// What this account may do.
    #[schema(value_type = Vec<words::Permission>)]
    permissions: Vec<&'static str>,
    /// Where the log stood.
    position: u64,
}

/// Shows one's own account.
///
/// With what the role may do. No event is recorded.
///
/// # Errors
/// Nobody is signed in, or the log is away.
#[utoipa::path(
    get, path = "/api/agent/profile", operation_id = "show_profile", tag = "sign-in", security(("bearer" = [])),
    responses(
        (status = 200, body = ProfileAnswer),
    )
)]
pub async fn profile(own: CurrentUser, staff: Data<StaffServices>) -> Result<HttpResponse, Problem> {
    let folded = staff.accounts.current(own.agent).await?;
    let account = folded.state.account().ok_or_else(signed_out)?;
    Ok(profile_answer(own.agent, account, staff.clock.now(), folded.position))
}

fn profile_answer(agent: AgentId, account: &Account, now: Timestamp, position: Position) -> HttpResponse {
    let permissions = account.role.permissions().iter().map(|permission| permission.as_str()).collect();
    let data = AgentData::of(agent, account, now);
    HttpResponse::Ok().json(ProfileAnswer { success: true, data, permissions, position: position.0 })
}

/// What is one's own to change.
#[derive(Deserialize, ToSchema)]
pub struct ProfileRequest {
    /// What customers and colleagues see.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::Person>)]
    name: Option<PersonName>,
    /// Where mail goes; empty for nowhere.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::Email>)]
    email: Option<Option<EmailAddress>>,
}

/// Changes one's own name or address.
///
/// Records `agent.renamed`; the same values again record nothing. What else is sent is ignored: a role is not one's own to
/// change.
///
/// # Errors
/// A field is not taken, nobody is signed in, or the log is away.
#[utoipa::path(
    put, path = "/api/agent/profile", operation_id = "change_profile", tag = "sign-in", security(("bearer" = [])),
    request_body = ProfileRequest,
    responses(
        (status = 200, body = ProfileAnswer),
    )
)]
pub async fn change_profile(
    own: CurrentUser,
    staff: Data<StaffServices>,
    body: JsonBody<ProfileRequest>,
) -> Result<HttpResponse, Problem> {
    let ProfileRequest { name, email } = body.0;
    let changes = Changes { name, email, ..Changes::default() };
    let changed = staff.accounts.change(own.agent, own.actor(), changes, request_id()).await?;
    Ok(profile_answer(changed.agent, &changed.account, staff.clock.now(), changed.position))
}

/// Where one is signed in.
#[derive(Serialize, ToSchema)]
pub struct SignInsAnswer {
    success: bool,
    data: Vec<SignInData>,
    /// How far the views had read the log.
    position: u64,
}

/// Lists one's own sign-ins that are not over, newest first.
///
/// Each with device and times. No event is recorded.
///
/// # Errors
/// Nobody is signed in, or the views are away.
#[utoipa::path(
    get, path = "/api/agent/sign-ins", operation_id = "list_sign_ins", tag = "sign-in", security(("bearer" = [])),
    params(("min_position" = Option<u64>, Query, description = "Waits until the views have read so far")),
    responses(
        (status = 200, body = SignInsAnswer),
    )
)]
pub async fn sign_ins(own: CurrentUser, views: CaughtUpViews, clock: Data<dyn Clock>) -> Result<HttpResponse, Problem> {
    let mut reading = views.reading().await?;
    let found = reading.sign_ins_of(own.agent, clock.now()).await?;
    let data = found.into_iter().map(|view| SignInData::new(view, own.sign_in)).collect();
    Ok(HttpResponse::Ok().json(SignInsAnswer { success: true, data, position: reading.position().0 }))
}

/// Ends one of one's own sign-ins, wherever it is.
///
/// Records `agent.sign_in_revoked`: its tokens are good for nothing and its streams end. Again, it is a 404 or changes nothing.
///
/// # Errors
/// It is none of one's own, nobody is signed in, or the log is away.
#[utoipa::path(
    delete, path = "/api/agent/sign-ins/{id}", operation_id = "revoke_sign_in", tag = "sign-in", security(("bearer" = [])),
    params(("id" = String, Path, description = "The sign-in")),
    responses(
        (status = 200, body = DoneAnswer),
    )
)]
pub async fn revoke(own: CurrentUser, staff: Data<StaffServices>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let no_sign_in = || Problem::not_found("there is no such sign-in of yours");
    let sign_in: SignInId = id.parse().map_err(|_| no_sign_in())?;
    let folded = staff.accounts.current(own.agent).await?;
    if folded.state.account().is_none_or(|account| !account.sign_ins.contains_key(&sign_in)) {
        return Err(no_sign_in());
    }
    let position = staff.accounts.end_sign_in(own.agent, sign_in, own.actor(), false, request_id()).await?;
    staff.directory.reach(position, PATIENCE).await;
    Ok(done(position, None))
}
