//! `/api/api-keys`: keys of programs that read what is here, for example the shop's reports. The administrator issues and
//! revokes them.
//!
//! Invariant: a key is shown once, in the answer that issues it; it never may more than reading what it was issued for.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use domain::{
    AgentId,
    agent::{ApiKey, Permission, command::NewApiKey},
    text::PersonName,
};
use event_store::{Clock, event::time_text};
use jiff::Timestamp;
use projections::ApiKeyView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    auth::{PATIENCE, secret},
    min_position::CaughtUpViews,
};
use crate::{
    auth::{
        api_keys::NewKey,
        require::{AgentRead, AgentWrite, Require},
        staff_services::StaffServices,
    },
    body::{
        JsonBody,
        field::{EndTime, ProgramPermissions, TO_COME, optional, required},
    },
    openapi::{texts, words},
    problem::Problem,
    request::request_id,
};

/// The key of a program, without the key itself.
#[derive(Serialize, ToSchema)]
pub struct ApiKeyData {
    /// The program is known by it, for example in the audit.
    id: String,
    /// What it is for; null once erased.
    name: Option<String>,
    /// What it may do.
    #[schema(value_type = Vec<words::ProgramPermission>)]
    permissions: Vec<&'static str>,
    /// False once it was revoked or has ended.
    is_active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    created_at: Option<String>,
    /// Who issued it, as an actor.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    created_by: Option<String>,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    expires_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    revoked_at: Option<String>,
}

impl ApiKeyData {
    fn of(id: AgentId, key: &ApiKey, now: Timestamp) -> Self {
        Self {
            id: id.to_string(),
            name: key.name.as_ref().map(|name| name.as_str().to_owned()),
            permissions: texts(&key.permissions),
            is_active: key.is_good(now),
            created_at: None,
            created_by: None,
            expires_at: key.expires_at.map(time_text),
            revoked_at: None,
        }
    }

    fn new(view: ApiKeyView, now: Timestamp) -> Self {
        let has_ended = view.expires_at.is_some_and(|end| end <= now);
        Self {
            id: view.id.to_string(),
            name: view.name,
            permissions: texts(&view.permissions),
            is_active: view.revoked_at.is_none() && !has_ended,
            created_at: Some(time_text(view.created_at)),
            created_by: Some(view.created_by),
            expires_at: view.expires_at.map(time_text),
            revoked_at: view.revoked_at.map(time_text),
        }
    }
}

fn texts(permissions: &[Permission]) -> Vec<&'static str> {
    permissions.iter().map(|permission| permission.as_str()).collect()
}

/// All keys that ever were.
#[derive(Serialize, ToSchema)]
pub struct ApiKeysAnswer {
    success: bool,
    data: Vec<ApiKeyData>,
    /// How far the views had read the log.
    position: u64,
}

/// Lists the keys of programs, oldest first.
///
/// Revoked ones among them; none with its secret. No event is recorded.
///
/// # Errors
/// The caller may not, or the views are behind or away.
#[utoipa::path(
    get, path = "/api/api-keys", operation_id = "list_api_keys", tag = "team", security(("bearer" = [])),
    params(("min_position" = Option<u64>, Query, description = "Waits until the views have read so far")),
    responses(
        (status = 200, body = ApiKeysAnswer),
    )
)]
pub async fn list(
    _: Require<AgentRead>,
    views: CaughtUpViews,
    clock: Data<dyn Clock>,
) -> Result<HttpResponse, Problem> {
    let mut reading = views.reading().await?;
    let now = clock.now();
    let data = reading.api_keys().await?.into_iter().map(|view| ApiKeyData::new(view, now)).collect();
    Ok(HttpResponse::Ok().json(ApiKeysAnswer { success: true, data, position: reading.position().0 }))
}

/// A key to be issued.
#[derive(Deserialize, ToSchema)]
pub struct IssueApiKeyRequest {
    /// What it is for.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::Person)]
    name: PersonName,
    /// What it may do: some of session:read, statistics:read, log:read, personal:read, audit:read, agent:read, system:read, settings:read.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = Vec<words::ProgramPermission>, min_items = 1)]
    permissions: ProgramPermissions,
    /// When it ends by itself (RFC 3339); never unless told.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<EndTime>,
}

/// A key was issued.
#[derive(Serialize, ToSchema)]
pub struct IssueApiKeyAnswer {
    success: bool,
    data: ApiKeyData,
    /// To be sent as `Authorization: Bearer`; shown this once.
    key: String,
    /// Where the log stood.
    position: u64,
}

/// Issues a key for a program.
///
/// Records `agent.api_key_issued`. The secret is in this answer alone; a repeat issues another key.
///
/// # Errors
/// A field is not taken, the caller may not, or the log is away.
#[utoipa::path(
    post, path = "/api/api-keys", operation_id = "issue_api_key", tag = "team", security(("bearer" = [])),
    request_body = IssueApiKeyRequest,
    responses(
        (status = 200, body = IssueApiKeyAnswer),
    )
)]
pub async fn issue(
    caller: Require<AgentWrite>,
    staff: Data<StaffServices>,
    body: JsonBody<IssueApiKeyRequest>,
) -> Result<HttpResponse, Problem> {
    let IssueApiKeyRequest { name, permissions: ProgramPermissions(permissions), expires_at } = body.0;
    let expires_at = expires_at.map(|EndTime(end)| end);
    if expires_at.is_some_and(|end| end <= staff.clock.now()) {
        return Err(Problem::invalid("expires_at", TO_COME));
    }
    let made = NewKey::generate();
    let new = NewApiKey { name, permissions, digest: made.digest.clone(), expires_at };
    let issued = staff.accounts.issue_api_key(made.id, caller.staff.actor(), new, request_id()).await?;
    staff.directory.reach(issued.position, PATIENCE).await;
    let data = ApiKeyData::of(issued.id, &issued.key, staff.clock.now());
    let (key, position) = (made.expose().to_owned(), issued.position.0);
    Ok(secret(HttpResponse::Ok()).json(IssueApiKeyAnswer { success: true, data, key, position }))
}

/// One key.
#[derive(Serialize, ToSchema)]
pub struct ApiKeyAnswer {
    success: bool,
    data: ApiKeyData,
    /// Where the log stood.
    position: u64,
}

/// Revokes a key of a program.
///
/// Records `agent.api_key_revoked`: it opens nothing any more, and streams that it opened end. Revoking it again records nothing.
///
/// # Errors
/// There is none of this id, the caller may not, or the log is away.
#[utoipa::path(
    delete, path = "/api/api-keys/{id}", operation_id = "revoke_api_key", tag = "team", security(("bearer" = [])),
    params(("id" = String, Path, description = "The key's id")),
    responses(
        (status = 200, body = ApiKeyAnswer),
    )
)]
pub async fn revoke(
    caller: Require<AgentWrite>,
    staff: Data<StaffServices>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: AgentId = id.parse().map_err(|_| Problem::not_found("there is no such API key"))?;
    let revoked = staff.accounts.revoke_api_key(id, caller.staff.actor(), request_id()).await?;
    staff.directory.reach(revoked.position, PATIENCE).await;
    let data = ApiKeyData::of(id, &revoked.key, staff.clock.now());
    Ok(HttpResponse::Ok().json(ApiKeyAnswer { success: true, data, position: revoked.position.0 }))
}
