//! `POST /api/agent/login` and what follows from it: refresh and logout.
//!
//! Invariant: whoever cannot sign in learns nothing about why: a name that is unknown, a wrong password and an account that
//! is closed give one answer at one cost.

use std::time::Duration;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::Data,
};
use commands::{
    CommandError,
    accounts::{Found, Renewed, SignInStart, Subject},
};
use domain::{
    AgentId,
    agent::{Rejection, command::SecondFactorProof, event::Whereabouts},
    text::Username,
};
use event_store::Position;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::{
        caller::Caller,
        device::DeviceName,
        passwords::Password,
        require::{Anybody, CurrentUser},
        second_factor,
        staff_services::StaffServices,
        staff_tokens::ACCESS_LIFETIME,
    },
    body::{
        JsonBody,
        field::{required, unless_empty},
    },
    client_ip::subscriber,
    openapi::{texts, words},
    problem::Problem,
    request::request_id,
    wire::agent::AgentData,
};

/// How long a response waits until the staff directory has the change that it reports.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Who wants to come in.
#[derive(Deserialize, ToSchema)]
pub struct LoginRequest {
    /// What one signs in with.
    #[serde(default)]
    username: Option<String>,
    /// The same, as other clients call it.
    #[serde(default)]
    agent_id: Option<String>,
    /// The password.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = String)]
    password: Password,
    /// A random name that the browser keeps, 16 to 200 characters: a device that is signed in need not wait when others
    /// have tried wrong passwords.
    #[serde(default, deserialize_with = "unless_empty")]
    #[schema(value_type = Option<texts::Device>)]
    device_id: Option<DeviceName>,
    /// Where the account has a second factor: a one-time code, or a recovery code.
    #[serde(default)]
    code: Option<String>,
}

/// Somebody is in.
#[derive(Serialize, ToSchema)]
pub struct LoginAnswer {
    success: bool,
    /// As `access_token`, for old clients.
    token: String,
    /// To be sent as `Authorization: Bearer`.
    access_token: String,
    /// To be exchanged for the next two before the access token ends; good once.
    refresh_token: String,
    /// Seconds that the access token is good for.
    expires_in: i64,
    /// What this account may do.
    #[schema(value_type = Vec<words::Permission>)]
    permissions: Vec<&'static str>,
    agent: AgentData,
    /// Whether the password has to be changed before anything else is done.
    must_change_password: bool,
    /// Where the log stood.
    position: u64,
}

/// Signs a member of staff in.
///
/// Records `agent.signed_in`, and `agent.second_factor_used` where a code was sent. Wrong passwords make the account wait, and
/// are recorded as `agent.sign_ins_failed`. The answer has an access token of 15 minutes and a refresh token. Signing in again
/// makes another sign-in beside the first.
///
/// # Errors
/// Name and password do not belong together, somebody has to wait, or the log is away.
#[utoipa::path(
    post, path = "/api/agent/login", operation_id = "sign_in", tag = "sign-in", request_body = LoginRequest,
    responses(
        (status = 200, body = LoginAnswer),
        (status = 401, description = "INVALID_CREDENTIALS; SECOND_FACTOR_REQUIRED: send `code` as well; SECOND_FACTOR_WRONG; INITIAL_PASSWORD_EXPIRED: somebody else set it more than 7 days ago"),
        (status = 503),
        (status = 429, description = "TOO_MANY_FAILURES: wait as Retry-After says"),
    )
)]
pub async fn login(
    _: Anybody,
    request: HttpRequest,
    staff: Data<StaffServices>,
    body: JsonBody<LoginRequest>,
) -> Result<HttpResponse, Problem> {
    let LoginRequest { username, agent_id, password, device_id, code } = body.0;
    let name = username.or(agent_id).ok_or_else(|| Problem::invalid("username", "is required"))?;
    let now = staff.clock.now();
    let found = find(&staff, &name).await?;
    let device = device_id.map(|name| name.of(found.agent));
    let subjects = subjects(&staff, &request, found.agent);
    let is_known = device.is_some_and(|device| found.account().is_some_and(|account| account.knows(device, now)));
    if !is_known {
        wait_for_ones_turn(&staff, &subjects).await?;
    }
    let hash = found.account().filter(|account| account.is_active).and_then(|account| account.password.clone());
    let is_right = staff.passwords.is_right(password, hash.as_ref()).await?;
    let Some(checked) = hash.filter(|_| is_right) else {
        note_failure(&staff, &request, &found, now);
        return Err(invalid_credentials());
    };
    refuse_old_initial_password(&staff, &found, now).await?;
    let (agent, origin) = (found.agent, whereabouts(&request));
    let proof = second_factor_of(&staff, &found, code, now).await?;
    let start = SignInStart { agent, device, origin, checked, proof, correlation_id: request_id() };
    let begun = staff.accounts.sign_in(start, now).await.map_err(|error| {
        if let CommandError::Account(Rejection::SecondFactorWrong) = error {
            note_failure(&staff, &request, &found, now);
        }
        not_begun(error)
    })?;
    let [account, address] = subjects;
    let counted = [account, address, Subject::second_factor(staff.log_id, agent)];
    staff.login_throttle.forget(&counted).await.map_err(store_away)?;
    answer(&staff, agent, begun, now).await
}

/// How long a password that somebody else set opens the change of itself.
const INITIAL_PASSWORD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Only whoever has the right password gets here, and so learns of it.
async fn refuse_old_initial_password(staff: &StaffServices, found: &Found, now: Timestamp) -> Result<(), Problem> {
    if !found.account().is_some_and(|account| account.must_change_password) {
        return Ok(());
    }
    let set_at = staff.accounts.password_set_at(found.agent).await?;
    if set_at.is_some_and(|at| now.duration_since(at) <= INITIAL_PASSWORD) {
        return Ok(());
    }
    let detail = "the password was set by somebody else, and has not been changed within 7 days: have another one set";
    Err(Problem::new(StatusCode::UNAUTHORIZED, "INITIAL_PASSWORD_EXPIRED", detail))
}

/// What came as a second factor. Codes are counted for the account from whatever device: whoever gets here has the password.
async fn second_factor_of(
    staff: &StaffServices,
    found: &Found,
    code: Option<String>,
    now: Timestamp,
) -> Result<Option<SecondFactorProof>, Problem> {
    let Some(account) = found.account().filter(|account| account.second_factor.is_some()) else { return Ok(None) };
    let Some(code) = code.filter(|code| !code.trim().is_empty()) else { return Ok(None) };
    wait_for_ones_turn(staff, &[Subject::second_factor(staff.log_id, found.agent)]).await?;
    Ok(Some(second_factor::proof(found.agent, account, &code, now)))
}

/// A malformed name is looked up like an unknown one, so that both take the same time.
async fn find(staff: &StaffServices, name: &str) -> Result<Found, Problem> {
    let nobody = || Username::parse("nobody-has-this-name-because-it-is-64-characters-long-and-no-word");
    let username = Username::parse(name).or_else(|_| nobody()).map_err(|_| invalid_credentials())?;
    Ok(staff.accounts.by_name(&username).await?)
}

fn subjects(staff: &StaffServices, request: &HttpRequest, agent: AgentId) -> [Subject; 2] {
    let log_id = staff.log_id;
    // Whoever has one address of IPv6 has a /64 of them.
    let address = subscriber(Caller::of(request).client.address).to_string();
    [Subject::account(log_id, agent), Subject::address(log_id, &address)]
}

pub(super) async fn wait_for_ones_turn(staff: &StaffServices, subjects: &[Subject]) -> Result<(), Problem> {
    let wait = staff.login_throttle.begin(subjects, staff.clock.now()).await.map_err(store_away)?;
    if wait.is_zero() {
        return Ok(());
    }
    let seconds = wait.as_secs() + 1;
    let detail = format!("too many tries have failed; try again in {seconds} s");
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_FAILURES", detail);
    Err(problem.retry_after(Duration::from_secs(seconds)))
}

/// Recorded at most once an hour. Written in the background: a response that waited for it would take longer for existing
/// accounts, and so tell them apart.
fn note_failure(staff: &Data<StaffServices>, request: &HttpRequest, found: &Found, now: Timestamp) {
    if found.account().is_some() {
        let (staff, agent, from, id) = (staff.clone(), found.agent, whereabouts(request), request_id());
        actix_web::rt::spawn(async move {
            if let Err(error) = staff.accounts.note_failure(agent, from, now, id).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "a failed sign-in is not in the log");
            }
        });
    }
}

fn invalid_credentials() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "INVALID_CREDENTIALS", "username and password do not belong together")
}

/// The password was right. Other refusals than those of the second factor are answered like a wrong password: the account was
/// closed, or its password changed, between the check and the record.
fn not_begun(error: CommandError) -> Problem {
    let second_factor = |code, detail: &str| Problem::new(StatusCode::UNAUTHORIZED, code, detail);
    match error {
        CommandError::Account(Rejection::SecondFactorRequired) => second_factor(
            "SECOND_FACTOR_REQUIRED",
            "the account has a second factor: send the same again, and a one-time or a recovery code as `code`",
        ),
        CommandError::Account(Rejection::SecondFactorWrong) => {
            second_factor("SECOND_FACTOR_WRONG", Problem::from(Rejection::SecondFactorWrong).detail())
        }
        CommandError::Account(_) => invalid_credentials(),
        other => other.into(),
    }
}

pub(super) fn store_away(error: event_store::sql::SqlError) -> Problem {
    tracing::warn!(error = &error as &dyn std::error::Error, "failed sign-ins cannot be counted");
    Problem::unavailable("STORE_UNAVAILABLE", "the store cannot be reached; try again", PATIENCE)
}

fn address(request: &HttpRequest) -> String {
    Caller::of(request).client.address.to_string()
}

fn whereabouts(request: &HttpRequest) -> Whereabouts {
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    Whereabouts { address: address(request), user_agent: agent.map(|text| text.chars().take(200).collect()) }
}

/// The tokens of a sign-in as it is now.
async fn answer(
    staff: &StaffServices,
    agent: AgentId,
    renewed: Renewed,
    now: Timestamp,
) -> Result<HttpResponse, Problem> {
    let Renewed { sign_in, state, position } = renewed;
    staff.directory.reach(position, PATIENCE).await;
    let folded = staff.accounts.current(agent).await?;
    let account = folded.state.account().ok_or_else(invalid_credentials)?;
    let access_token = staff.tokens.access(agent, sign_in, now);
    Ok(secret(HttpResponse::Ok()).json(LoginAnswer {
        success: true,
        token: access_token.clone(),
        access_token,
        refresh_token: staff.tokens.refresh(agent, sign_in, &state),
        expires_in: ACCESS_LIFETIME.as_secs(),
        permissions: account.role.permissions().iter().map(|permission| permission.as_str()).collect(),
        must_change_password: account.must_change_password,
        agent: AgentData::of(agent, account, now),
        position: position.0,
    }))
}

/// A response with a secret: not cached anywhere.
pub(super) fn secret(mut answer: actix_web::HttpResponseBuilder) -> actix_web::HttpResponseBuilder {
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    answer
}

/// A refresh token to be exchanged.
#[derive(Deserialize, ToSchema)]
pub struct RefreshRequest {
    #[serde(deserialize_with = "required")]
    refresh_token: String,
}

/// Exchanges a refresh token for the next pair of tokens.
///
/// Records `agent.sign_in_renewed`. The same token again within 30 s gives the newest pair, also where that was exchanged
/// meanwhile; later it ends the sign-in (`agent.sign_in_revoked`), because somebody else may have it.
///
/// # Errors
/// The token is not ours or has ended, or the sign-in is over.
#[utoipa::path(
    post, path = "/api/agent/refresh", operation_id = "refresh_sign_in", tag = "sign-in", request_body = RefreshRequest,
    responses(
        (status = 200, body = LoginAnswer),
        (status = 401, description = "INVALID_REFRESH_TOKEN, SIGNED_OUT"),
        (status = 503),
    )
)]
pub async fn refresh(
    _: Anybody,
    staff: Data<StaffServices>,
    body: JsonBody<RefreshRequest>,
) -> Result<HttpResponse, Problem> {
    let now = staff.clock.now();
    let said = staff.tokens.check_refresh(&body.0.refresh_token, now).map_err(|_| {
        Problem::new(StatusCode::UNAUTHORIZED, "INVALID_REFRESH_TOKEN", "the refresh token is not good; sign in again")
    })?;
    let renewed = staff.accounts.renew(said.agent, said.sign_in, said.number, said.device, request_id(), now).await;
    match renewed {
        Ok(renewed) => answer(&staff, said.agent, renewed, now).await,
        Err(CommandError::Account(Rejection::SignedOut | Rejection::Deactivated | Rejection::NoAccount)) => {
            // Whoever is told that the sign-in is over finds its access tokens refused as well.
            let account = staff.accounts.current(said.agent).await?;
            staff.directory.reach(account.position, PATIENCE).await;
            Err(signed_out())
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn signed_out() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "SIGNED_OUT", "the sign-in is over; sign in again")
}

/// Something was done.
#[derive(Serialize, ToSchema)]
pub struct DoneAnswer {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    /// Where the log stood.
    position: u64,
}

pub(super) fn done(position: Position, message: Option<&'static str>) -> HttpResponse {
    HttpResponse::Ok().json(DoneAnswer { success: true, message, position: position.0 })
}

/// Signs out.
///
/// Records `agent.signed_out`: both tokens are good for nothing from now on, so a repeat is a 401.
///
/// # Errors
/// Nobody is signed in, or the log is away.
#[utoipa::path(
    post, path = "/api/agent/logout", operation_id = "sign_out", tag = "sign-in", security(("bearer" = [])),
    responses(
        (status = 200, body = DoneAnswer),
    )
)]
pub async fn logout(own: CurrentUser, staff: Data<StaffServices>) -> Result<HttpResponse, Problem> {
    let position = staff.accounts.end_sign_in(own.agent, own.sign_in, own.actor(), true, request_id()).await?;
    staff.directory.reach(position, PATIENCE).await;
    Ok(done(position, None))
}
