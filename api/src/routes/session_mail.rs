//! `POST /api/sessions/{name}/email`: staff has a mail about a session sent to the team.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use commands::{Sessions, sessions::RequestMail};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    idempotency::RequestKey,
    sessions::{SessionServices, found},
};
use crate::{
    auth::require::{Require, SessionWrite},
    body::{JsonBody, field::optional},
    openapi::{parameters::Keyed, texts},
    problem::Problem,
    request::request_id,
};

/// How a mail is asked for.
#[derive(Deserialize, ToSchema)]
pub struct MailRequest {
    /// Another mail, also while one about the session is under way. By default no.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<bool>)]
    force: Option<bool>,
}

/// The mail that is under way.
#[derive(Serialize, ToSchema)]
pub struct MailAnswer {
    success: bool,
    data: MailData,
    /// Where the log stood.
    position: u64,
}

/// The mail that is under way.
#[derive(Serialize, ToSchema)]
pub struct MailData {
    /// It; what became of it is in the session's events.
    #[schema(format = "uuid")]
    mail_id: String,
}

/// Requests a mail about a session to the team.
///
/// Records `session.mail_requested`, and the look at the session (`access.session_viewed`); it is sent soon (`session.mail_sent`
/// or `session.mail_failed`). While one is under way already, that one is the answer.
///
/// # Errors
/// The session is not there, the name is not unique, the caller may not, or the log is away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/email", operation_id = "request_mail", tag = "hand-off", security(("bearer" = [])),
    request_body = MailRequest,
    params(
        ("name" = texts::Name, Path, description = "The session's name or id"),
        Keyed,
    ),
    responses(
        (status = 200, body = MailAnswer),
        (status = 404),
        (status = 409, description = "AMBIGUOUS_SESSION"),
    )
)]
pub async fn request(
    caller: Require<SessionWrite>,
    key: RequestKey,
    app: SessionServices,
    sessions: Data<Sessions>,
    name: Path<String>,
    body: JsonBody<MailRequest>,
) -> Result<HttpResponse, Problem> {
    let session = found(&app, &caller.staff, name.into_inner()).await?;
    let request = RequestMail {
        actor: caller.staff.actor(),
        session,
        force: body.0.force.unwrap_or(false),
        key: key.0,
        correlation_id: request_id(),
    };
    let requested = sessions.request_mail(request).await?;
    let data = MailData { mail_id: requested.mail.to_string() };
    Ok(HttpResponse::Ok().json(MailAnswer { success: true, data, position: requested.position.0 }))
}
