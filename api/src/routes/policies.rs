//! `/api/policies`: the escalation policy as a document that the administrator publishes and takes back.
//!
//! Invariant: a document is checked before it is published; nothing here is answered to customers.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    http::header,
    web::{Data, Path},
};
use commands::{PublishedSettings, SettingsInForce, settings::Published};
use domain::{
    policy::Policy,
    settings::{Event, Topic},
};
use event_store::event::time_text;
use journal::Decoded;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::PATIENCE;
use crate::{
    auth::require::{Require, SettingsRead, SettingsWrite},
    body::{JsonBody, field::required},
    problem::Problem,
    request::request_id,
};

/// A version of the policy.
#[derive(Serialize, ToSchema)]
pub struct VersionData {
    /// From 1; 0 is what the program or its environment brings.
    version: u32,
    /// When it was published; absent for version 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    at: Option<String>,
    /// Who published it, as an actor; absent for version 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    by: Option<String>,
    /// The version whose document it is again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u32, required = false)]
    rolled_back_to: Option<u32>,
    /// Whether it is the one in force.
    is_in_force: bool,
}

/// All versions.
#[derive(Serialize, ToSchema)]
pub struct PoliciesAnswer {
    success: bool,
    /// Oldest first.
    data: Vec<VersionData>,
    /// The version in force, for `If-Match`.
    version: u32,
}

/// Lists the versions of the policy, who published them and when.
///
/// # Errors
/// The caller may not, or the log is away.
#[utoipa::path(
    get, path = "/api/policies", operation_id = "list_policies", tag = "staff", security(("bearer" = [])),
    responses(
        (status = 200, body = PoliciesAnswer, headers(("ETag" = String, description = "The version in force"))),
    )
)]
pub async fn list(_: Require<SettingsRead>, published: Data<PublishedSettings>) -> Result<HttpResponse, Problem> {
    let history = published.history(Topic::Policy).await?;
    let versions = history.iter().filter_map(|decoded| Some((decoded, decoded.event().settings()?)));
    let mut data = vec![VersionData { version: 0, at: None, by: None, rolled_back_to: None, is_in_force: false }];
    data.extend(versions.map(|(decoded, event)| version_data(decoded, event)));
    let version = data.last_mut().map_or(0, |newest| {
        newest.is_in_force = true;
        newest.version
    });
    Ok(tagged(HttpResponse::Ok(), version).json(PoliciesAnswer { success: true, data, version }))
}

fn version_data(decoded: &Decoded, event: &Event) -> VersionData {
    let recorded = decoded.recorded();
    let rolled_back_to = match event {
        Event::Published(_) => None,
        Event::RolledBack(rolled_back) => Some(rolled_back.to_version),
    };
    VersionData {
        version: event.version(),
        at: Some(time_text(recorded.recorded_at)),
        by: Some(recorded.event.actor.as_str().to_owned()),
        rolled_back_to,
        is_in_force: false,
    }
}

/// What one version says.
#[derive(Serialize, ToSchema)]
pub struct PolicyData {
    version: u32,
    /// TOML, as it was published; `docs/policy.md` explains it.
    document: String,
    is_in_force: bool,
}

/// One version.
#[derive(Serialize, ToSchema)]
pub struct PolicyAnswer {
    success: bool,
    data: PolicyData,
}

/// Shows the document of a version.
///
/// # Errors
/// There is no such version, the caller may not, or the log is away.
#[utoipa::path(
    get, path = "/api/policies/{version}", operation_id = "show_policy", tag = "staff", security(("bearer" = [])),
    params(("version" = u32, Path, description = "The version; 0 is what the program or its environment brings")),
    responses(
        (status = 200, body = PolicyAnswer),
    )
)]
pub async fn show(
    _: Require<SettingsRead>,
    published: Data<PublishedSettings>,
    in_force: Data<SettingsInForce>,
    version: Path<String>,
) -> Result<HttpResponse, Problem> {
    let none = || Problem::not_found("there is no such version");
    let version: u32 = version.parse().map_err(|_| none())?;
    let folded = published.current(Topic::Policy).await?;
    let document = match folded.state.document(version).ok_or_else(none)? {
        Some(document) => document.as_ref(),
        None => in_force.version_zero(Topic::Policy),
    };
    let is_in_force = version == folded.state.version();
    let data = PolicyData { version, document: document.to_owned(), is_in_force };
    Ok(HttpResponse::Ok().json(PolicyAnswer { success: true, data }))
}

/// A document to be published.
#[derive(Deserialize, ToSchema)]
pub struct PublishPolicyRequest {
    /// TOML; what it does not name stays as the program brings it.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = String)]
    document: String,
}

/// What is in force now.
#[derive(Serialize, ToSchema)]
pub struct PublishedAnswer {
    success: bool,
    /// The version in force.
    version: u32,
    /// Where the log stood.
    position: u64,
}

/// Publishes a policy: it is in force on every node within a second, for messages from then on.
///
/// The document that is in force already changes nothing.
///
/// # Errors
/// The document is not right: line and field are named; another version is in force than `If-Match` says; the caller may not;
/// the log is away.
#[utoipa::path(
    post, path = "/api/policies", operation_id = "publish_policy", tag = "staff", security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header, description = "The version that the author saw in force")),
    request_body = PublishPolicyRequest,
    responses(
        (status = 200, body = PublishedAnswer, headers(("ETag" = String, description = "The version in force"))),
        (status = 400, description = "Also: INVALID_DOCUMENT, with `line` and `document_field`"),
        (status = 412, description = "STALE_VERSION: another version is in force; `version` is its number"),
    )
)]
pub async fn publish(
    caller: Require<SettingsWrite>,
    request: HttpRequest,
    published: Data<PublishedSettings>,
    in_force: Data<SettingsInForce>,
    body: JsonBody<PublishPolicyRequest>,
) -> Result<HttpResponse, Problem> {
    let seen = if_match(&request)?;
    let done = published.publish::<Policy>(caller.staff.actor(), body.0.document, seen, request_id()).await?;
    Ok(answer(&in_force, done).await)
}

/// A version to go back to.
#[derive(Deserialize, ToSchema)]
pub struct RollBackPolicyRequest {
    /// The version; 0 is what the program or its environment brings.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = u32)]
    to_version: u32,
}

/// Puts an earlier policy into force again, under a new number.
///
/// # Errors
/// There is no such version; another version is in force than `If-Match` says; the caller may not; the log is away.
#[utoipa::path(
    post, path = "/api/policies/rollback", operation_id = "roll_back_policy", tag = "staff", security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header, description = "The version that the caller saw in force")),
    request_body = RollBackPolicyRequest,
    responses(
        (status = 200, body = PublishedAnswer, headers(("ETag" = String, description = "The version in force"))),
        (status = 400, description = "Also: INVALID_DOCUMENT: this program no longer reads that version"),
        (status = 404, description = "NOT_FOUND: there is no such version"),
        (status = 412, description = "STALE_VERSION: another version is in force; `version` is its number"),
    )
)]
pub async fn roll_back(
    caller: Require<SettingsWrite>,
    request: HttpRequest,
    published: Data<PublishedSettings>,
    in_force: Data<SettingsInForce>,
    body: JsonBody<RollBackPolicyRequest>,
) -> Result<HttpResponse, Problem> {
    let seen = if_match(&request)?;
    let done = published.roll_back::<Policy>(caller.staff.actor(), body.0.to_version, seen, request_id()).await?;
    Ok(answer(&in_force, done).await)
}

/// Answered once it is in force on this node.
async fn answer(in_force: &SettingsInForce, done: Published) -> HttpResponse {
    in_force.reach(done.position, PATIENCE).await;
    let (version, position) = (done.version, done.position.0);
    tagged(HttpResponse::Ok(), version).json(PublishedAnswer { success: true, version, position })
}

fn tagged(mut response: HttpResponseBuilder, version: u32) -> HttpResponseBuilder {
    response.insert_header((header::ETAG, format!("\"{version}\"")));
    response
}

/// The version that the caller saw: with quotes or without; `None` where there is no such header, or `*`.
fn if_match(request: &HttpRequest) -> Result<Option<u32>, Problem> {
    let Some(value) = request.headers().get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.trim_matches('"').parse().map_err(|_| Problem::invalid("If-Match", "must be a version"))?;
    Ok(Some(version))
}
