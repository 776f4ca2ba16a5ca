//! `/api/calendars`: the working hours of all groups as one document that the administrator publishes and takes back.
//!
//! Invariant: all that they do is shared with the other documents (`published.rs`).

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use commands::{PublishedSettings, SettingsInForce};
use domain::calendar::Calendars;

use super::published::{
    self, DocumentAnswer, PublishRequest, PublishedAnswer, RollBackRequest, Services, VersionsAnswer,
};
use crate::{
    auth::require::{Require, SettingsRead, SettingsWrite},
    body::JsonBody,
    problem::Problem,
};

/// Lists the versions of the calendars, who published them and when.
///
/// `ETag` is the version in force. No event is recorded.
///
/// # Errors
/// The caller may not, or the log is away.
#[utoipa::path(
    get, path = "/api/calendars", operation_id = "list_calendars", tag = "rules", security(("bearer" = [])),
    responses(
        (status = 200, body = VersionsAnswer, headers(("ETag" = String, description = "The version in force"))),
    )
)]
pub async fn list(_: Require<SettingsRead>, published: Data<PublishedSettings>) -> Result<HttpResponse, Problem> {
    published::list::<Calendars>(&published).await
}

/// Shows the calendars of a version.
///
/// As the TOML that was published; `docs/hours.md` explains it. No event is recorded.
///
/// # Errors
/// There is no such version, the caller may not, or the log is away.
#[utoipa::path(
    get, path = "/api/calendars/{version}", operation_id = "show_calendars", tag = "rules", security(("bearer" = [])),
    params(("version" = u32, Path, description = "The version; 0 is what the program or its environment brings")),
    responses(
        (status = 200, body = DocumentAnswer),
    )
)]
pub async fn show(
    _: Require<SettingsRead>,
    published: Data<PublishedSettings>,
    in_force: Data<SettingsInForce>,
    version: Path<String>,
) -> Result<HttpResponse, Problem> {
    published::show::<Calendars>(Services { published: &published, in_force: &in_force }, &version).await
}

/// Publishes calendars.
///
/// Records `settings.published`: in force on every node within a second. The document that is in force already changes nothing,
/// so a repeat records nothing. With `If-Match` it is published only over the version that the author saw.
///
/// # Errors
/// The document is not right: line and field are named; another version is in force than `If-Match` says; the caller may not;
/// the log is away.
#[utoipa::path(
    post, path = "/api/calendars", operation_id = "publish_calendars", tag = "rules", security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header, description = "The version that the author saw in force")),
    request_body = PublishRequest,
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
    body: JsonBody<PublishRequest>,
) -> Result<HttpResponse, Problem> {
    let services = Services { published: &published, in_force: &in_force };
    published::publish::<Calendars>(&caller, &request, services, body.0).await
}

/// Puts earlier calendars into force again, under a new number.
///
/// Records `settings.rolled_back`. With `If-Match` a repeat is a 412, because another version is in force by then.
///
/// # Errors
/// There is no such version; another version is in force than `If-Match` says; the caller may not; the log is away.
#[utoipa::path(
    post, path = "/api/calendars/rollback", operation_id = "roll_back_calendars", tag = "rules", security(("bearer" = [])),
    params(("If-Match" = Option<String>, Header, description = "The version that the caller saw in force")),
    request_body = RollBackRequest,
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
    body: JsonBody<RollBackRequest>,
) -> Result<HttpResponse, Problem> {
    let services = Services { published: &published, in_force: &in_force };
    published::roll_back::<Calendars>(&caller, &request, services, body.0).await
}
