//! What the routes of all settings documents share (`policies.rs`, `calendars.rs`, `flags.rs`): their bodies, and what they do.
//!
//! Invariant: a document is checked before it is published; nothing here is answered to customers.

use actix_web::{HttpRequest, HttpResponse};
use commands::{PublishedSettings, SettingsInForce, settings::Published};
use domain::{
    settings::{Document, Event},
    text::MessageText,
};
use event_store::event::time_text;
use journal::Decoded;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    auth::PATIENCE,
    if_match::{if_match, tagged},
};
use crate::{
    auth::require::{Require, SettingsWrite},
    body::field::{optional, required},
    openapi::texts,
    problem::Problem,
    request::request_id,
};

/// A version of a document.
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
    /// Why, where somebody said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    reason: Option<String>,
    /// Whether it is the one in force.
    is_in_force: bool,
}

/// All versions.
#[derive(Serialize, ToSchema)]
pub struct VersionsAnswer {
    success: bool,
    /// Oldest first.
    data: Vec<VersionData>,
    /// The version in force, for `If-Match`.
    version: u32,
}

/// What one version says.
#[derive(Serialize, ToSchema)]
pub struct DocumentData {
    version: u32,
    /// TOML, as it was published.
    document: String,
    is_in_force: bool,
}

/// One version.
#[derive(Serialize, ToSchema)]
pub struct DocumentAnswer {
    success: bool,
    data: DocumentData,
}

/// A document to be published.
#[derive(Deserialize, ToSchema)]
pub struct PublishRequest {
    /// TOML; what it may say is told in `docs/`.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = String)]
    document: String,
    /// Why, for whoever reads the versions later.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::Text>)]
    reason: Option<MessageText>,
}

/// A version to go back to.
#[derive(Deserialize, ToSchema)]
pub struct RollBackRequest {
    /// The version; 0 is what the program or its environment brings.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = u32)]
    to_version: u32,
    /// Why, for whoever reads the versions later.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<texts::Text>)]
    reason: Option<MessageText>,
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

/// The services of settings, as handlers get them.
pub(super) struct Services<'a> {
    pub(super) published: &'a PublishedSettings,
    pub(super) in_force: &'a SettingsInForce,
}

/// All versions of a topic.
pub(super) async fn list<D: Document>(published: &PublishedSettings) -> Result<HttpResponse, Problem> {
    let history = published.history(D::TOPIC).await?;
    let versions = history.iter().filter_map(|decoded| Some((decoded, decoded.event().settings()?)));
    let mut data =
        vec![VersionData { version: 0, at: None, by: None, rolled_back_to: None, reason: None, is_in_force: false }];
    data.extend(versions.filter_map(|(decoded, event)| version_data(decoded, event)));
    let version = data.last_mut().map_or(0, |newest| {
        newest.is_in_force = true;
        newest.version
    });
    Ok(tagged(HttpResponse::Ok(), version).json(VersionsAnswer { success: true, data, version }))
}

fn version_data(decoded: &Decoded, event: &Event) -> Option<VersionData> {
    let recorded = decoded.recorded();
    let (rolled_back_to, reason) = match event {
        Event::Published(published) => (None, &published.reason),
        Event::RolledBack(rolled_back) => (Some(rolled_back.to_version), &rolled_back.reason),
        Event::BudgetReached(_)
        | Event::QuickReplySaved(_)
        | Event::PersonalQuickReplySaved(_)
        | Event::QuickReplyRemoved(_)
        | Event::LogRestored(_) => return None,
    };
    Some(VersionData {
        version: event.version()?,
        at: Some(time_text(recorded.recorded_at)),
        by: Some(recorded.event.actor.as_str().to_owned()),
        rolled_back_to,
        reason: reason.as_ref().map(|reason| reason.as_str().to_owned()),
        is_in_force: false,
    })
}

/// The document of a version.
pub(super) async fn show<D: Document>(services: Services<'_>, version: &str) -> Result<HttpResponse, Problem> {
    let none = || Problem::not_found("there is no such version");
    let version: u32 = version.parse().map_err(|_| none())?;
    let folded = services.published.current(D::TOPIC).await?;
    let document = match folded.state.document(version).ok_or_else(none)? {
        Some(document) => document.as_ref(),
        None => services.in_force.version_zero(D::TOPIC),
    };
    let is_in_force = version == folded.state.version();
    let data = DocumentData { version, document: document.to_owned(), is_in_force };
    Ok(HttpResponse::Ok().json(DocumentAnswer { success: true, data }))
}

/// Publishes a document.
pub(super) async fn publish<D: Document>(
    caller: &Require<SettingsWrite>,
    request: &HttpRequest,
    services: Services<'_>,
    body: PublishRequest,
) -> Result<HttpResponse, Problem> {
    let (seen, by) = (if_match(request)?, caller.staff.actor());
    let done = services.published.publish::<D>(by, body.document, body.reason, seen, request_id()).await?;
    Ok(answer(services.in_force, done).await)
}

/// Puts an earlier document into force again.
pub(super) async fn roll_back<D: Document>(
    caller: &Require<SettingsWrite>,
    request: &HttpRequest,
    services: Services<'_>,
    body: RollBackRequest,
) -> Result<HttpResponse, Problem> {
    let (seen, by) = (if_match(request)?, caller.staff.actor());
    let done = services.published.roll_back::<D>(by, body.to_version, body.reason, seen, request_id()).await?;
    Ok(answer(services.in_force, done).await)
}

/// Answered once it is in force on this node.
async fn answer(in_force: &SettingsInForce, done: Published) -> HttpResponse {
    in_force.reach(done.position, PATIENCE).await;
    let (version, position) = (done.version, done.position.0);
    tagged(HttpResponse::Ok(), version).json(PublishedAnswer { success: true, version, position })
}
