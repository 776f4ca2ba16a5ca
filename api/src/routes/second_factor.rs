//! `/api/agent/second-factor`: sets up and turns off the caller's own second factor, and makes recovery codes for a lost device.
//!
//! Invariant: each step takes the password, so that an unattended browser is not enough to set one up or turn it off; a secret and
//! recovery codes are shown once.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use commands::accounts::{Managed, Subject};
use domain::agent::{Account, Rejection, command::SecondFactorProof};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    agents::{AgentAnswer, answer, named},
    auth::{DoneAnswer, PATIENCE, done, secret, signed_out, store_away, wait_for_ones_turn},
    profile::{bad, confirmed},
};
use crate::{
    auth::{
        passwords::Password,
        require::{AgentWrite, CurrentUser, Require},
        second_factor::{digests, new_recovery_codes, new_secret, proof, step_of, uri},
        staff_services::StaffServices,
    },
    body::{JsonBody, field::required},
    problem::Problem,
    request::request_id,
};

/// Whoever wants a second factor.
#[derive(Deserialize, ToSchema)]
pub struct PrepareSecondFactorRequest {
    /// One's own password.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = String)]
    password: Password,
}

/// A secret to be put into an authenticator app; shown this once.
#[derive(Serialize, ToSchema)]
pub struct PrepareSecondFactorAnswer {
    success: bool,
    /// In base32, to be typed.
    secret: String,
    /// `otpauth://…`, to be shown as a picture or opened as a link.
    uri: String,
    /// Where the log stood.
    position: u64,
}

/// Makes a secret for one-time codes.
///
/// Records `agent.second_factor_offered`. The secret is asked for from the first right code on (`enable`); asking again makes
/// another secret.
///
/// # Errors
/// The password is wrong, there is a second factor already, or the log is away.
#[utoipa::path(
    post, path = "/api/agent/second-factor", operation_id = "prepare_second_factor", tag = "sign-in",
    security(("bearer" = [])), request_body = PrepareSecondFactorRequest,
    responses(
        (status = 200, body = PrepareSecondFactorAnswer),
        (status = 400, description = "PASSWORD_INCORRECT"),
        (status = 409, description = "SECOND_FACTOR_ENABLED"),
        (status = 429, description = "TOO_MANY_FAILURES: wait as Retry-After says"),
    )
)]
pub async fn prepare(
    own: CurrentUser,
    staff: Data<StaffServices>,
    body: JsonBody<PrepareSecondFactorRequest>,
) -> Result<HttpResponse, Problem> {
    let account = with_password(&staff, &own, body.0.password).await?;
    let username = account.username.as_ref().ok_or_else(signed_out)?;
    let made = new_secret();
    let uri = uri(&made, username).expect("a new secret and a username make a link");
    let text = made.0.clone();
    let offered = staff.accounts.offer_second_factor(own.agent, made, request_id()).await?;
    let position = offered.position.0;
    Ok(secret(HttpResponse::Ok()).json(PrepareSecondFactorAnswer { success: true, secret: text, uri, position }))
}

/// A first code.
#[derive(Deserialize, ToSchema)]
pub struct EnableSecondFactorRequest {
    /// What the authenticator app shows.
    #[serde(deserialize_with = "required")]
    code: String,
}

/// Recovery codes; shown this once.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodesAnswer {
    success: bool,
    /// Each is good once, in place of a one-time code.
    recovery_codes: Vec<String>,
    /// Where the log stood.
    position: u64,
}

/// Puts the secret for one-time codes to use.
///
/// Needs a code of the secret that was made before. Records `agent.second_factor_enabled` and answers ten recovery codes, once:
/// again, it is a 409.
///
/// # Errors
/// The code is wrong, no secret was made, there is a second factor already, or the log is away.
#[utoipa::path(
    post, path = "/api/agent/second-factor/enable", operation_id = "enable_second_factor", tag = "sign-in",
    security(("bearer" = [])), request_body = EnableSecondFactorRequest,
    responses(
        (status = 200, body = RecoveryCodesAnswer),
        (status = 400, description = "SECOND_FACTOR_WRONG"),
        (status = 409, description = "SECOND_FACTOR_ENABLED, SECOND_FACTOR_NOT_OFFERED"),
        (status = 429, description = "TOO_MANY_FAILURES: wait as Retry-After says"),
    )
)]
pub async fn enable(
    own: CurrentUser,
    staff: Data<StaffServices>,
    body: JsonBody<EnableSecondFactorRequest>,
) -> Result<HttpResponse, Problem> {
    let folded = staff.accounts.current(own.agent).await?;
    let account = folded.state.account().ok_or_else(signed_out)?;
    if account.second_factor.is_some() {
        return Err(Rejection::SecondFactorEnabled.into());
    }
    let offered = account.offered.clone().ok_or(Rejection::SecondFactorNotOffered)?;
    let subject = count_a_code(&staff, &own).await?;
    let step = step_of(&offered, &body.0.code, staff.clock.now()).ok_or(Rejection::SecondFactorWrong)?;
    staff.login_throttle.forget(&subject).await.map_err(store_away)?;
    let codes = new_recovery_codes();
    let kept = digests(own.agent, &codes);
    let enabled = staff.accounts.enable_second_factor(own.agent, offered, step, kept, request_id()).await?;
    staff.directory.reach(enabled.position, PATIENCE).await;
    Ok(shown_once(codes, &enabled))
}

/// What confirms a change of one's own second factor.
#[derive(Deserialize, ToSchema)]
pub struct ConfirmSecondFactorRequest {
    /// One's own password.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = String)]
    password: Password,
    /// A one-time code, or a recovery code.
    #[serde(default)]
    code: Option<String>,
}

/// Makes ten new recovery codes.
///
/// Records `agent.second_factor_used` and `agent.recovery_codes_replaced`; earlier codes are good for nothing. A repeat needs
/// another code and makes others again.
///
/// # Errors
/// Password or code are wrong, there is no second factor, or the log is away.
#[utoipa::path(
    post, path = "/api/agent/second-factor/recovery-codes", operation_id = "replace_recovery_codes", tag = "sign-in",
    security(("bearer" = [])), request_body = ConfirmSecondFactorRequest,
    responses(
        (status = 200, body = RecoveryCodesAnswer),
        (status = 400, description = "PASSWORD_INCORRECT, SECOND_FACTOR_WRONG"),
        (status = 409, description = "SECOND_FACTOR_NOT_OFFERED"),
        (status = 429, description = "TOO_MANY_FAILURES: wait as Retry-After says"),
    )
)]
pub async fn replace_recovery_codes(
    own: CurrentUser,
    staff: Data<StaffServices>,
    body: JsonBody<ConfirmSecondFactorRequest>,
) -> Result<HttpResponse, Problem> {
    let proof = proven(&staff, &own, body.0).await?;
    let codes = new_recovery_codes();
    let kept = digests(own.agent, &codes);
    let replaced = staff.accounts.replace_recovery_codes(own.agent, proof, kept, request_id()).await?;
    forget_codes(&staff, &own).await?;
    Ok(shown_once(codes, &replaced))
}

/// Turns one's own second factor off.
///
/// Records `agent.second_factor_disabled`; the password alone is enough from now on. Turning it off again records nothing.
///
/// # Errors
/// Password or code are wrong, or the log is away.
#[utoipa::path(
    post, path = "/api/agent/second-factor/disable", operation_id = "disable_second_factor", tag = "sign-in",
    security(("bearer" = [])), request_body = ConfirmSecondFactorRequest,
    responses(
        (status = 200, body = DoneAnswer),
        (status = 400, description = "PASSWORD_INCORRECT, SECOND_FACTOR_WRONG"),
        (status = 429, description = "TOO_MANY_FAILURES: wait as Retry-After says"),
    )
)]
pub async fn disable(
    own: CurrentUser,
    staff: Data<StaffServices>,
    body: JsonBody<ConfirmSecondFactorRequest>,
) -> Result<HttpResponse, Problem> {
    let proof = proven(&staff, &own, body.0).await?;
    let disabled = staff.accounts.disable_second_factor(own.agent, proof, request_id()).await?;
    forget_codes(&staff, &own).await?;
    staff.directory.reach(disabled.position, PATIENCE).await;
    Ok(done(disabled.position, None))
}

/// Turns the second factor of an account off whose owner has lost it.
///
/// Records `agent.second_factor_disabled`. The password stays; set another one as well (`reset-password`) where that may be lost,
/// too. A repeat records nothing.
///
/// # Errors
/// There is no such account, it is the caller's own, the caller may not, or the log is away.
#[utoipa::path(
    post, path = "/api/agents/{id}/reset-second-factor", operation_id = "reset_second_factor", tag = "team",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The account's id, or what it signs in with")),
    responses(
        (status = 200, body = AgentAnswer),
        (status = 409, description = "OWN_SECOND_FACTOR: one's own is turned off with its code, by POST /api/agent/second-factor/disable"),
    )
)]
pub async fn reset(
    caller: Require<AgentWrite>,
    staff: Data<StaffServices>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let agent = named(&staff, &id)?;
    if agent == caller.staff.agent {
        let detail = "one's own second factor is turned off with POST /api/agent/second-factor/disable";
        return Err(Problem::new(StatusCode::CONFLICT, "OWN_SECOND_FACTOR", detail));
    }
    let reset = staff.accounts.reset_second_factor(agent, caller.staff.actor(), request_id()).await?;
    staff.directory.reach(reset.position, PATIENCE).await;
    Ok(answer(&reset, staff.clock.now()))
}

async fn with_password(staff: &StaffServices, own: &CurrentUser, password: Password) -> Result<Account, Problem> {
    let account = confirmed(staff, own, password).await?;
    account.ok_or_else(|| bad("PASSWORD_INCORRECT", "password", "is not the password"))
}

/// The proof of a request whose password was right; whether it is good is decided where it is used up.
async fn proven(
    staff: &StaffServices,
    own: &CurrentUser,
    request: ConfirmSecondFactorRequest,
) -> Result<Option<SecondFactorProof>, Problem> {
    let account = with_password(staff, own, request.password).await?;
    let Some(code) = request.code else { return Ok(None) };
    count_a_code(staff, own).await?;
    Ok(Some(proof(own.agent, &account, &code, staff.clock.now())))
}

async fn count_a_code(staff: &StaffServices, own: &CurrentUser) -> Result<[Subject; 1], Problem> {
    let subject = [Subject::second_factor(staff.log_id, own.agent)];
    wait_for_ones_turn(staff, &subject).await?;
    Ok(subject)
}

async fn forget_codes(staff: &StaffServices, own: &CurrentUser) -> Result<(), Problem> {
    let subject = [Subject::second_factor(staff.log_id, own.agent)];
    staff.login_throttle.forget(&subject).await.map_err(store_away)
}

fn shown_once(recovery_codes: Vec<String>, managed: &Managed) -> HttpResponse {
    let position = managed.position.0;
    secret(HttpResponse::Ok()).json(RecoveryCodesAnswer { success: true, recovery_codes, position })
}
