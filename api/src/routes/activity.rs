//! `POST /api/sessions/{name}/typing` and `/viewing`: what somebody does at a session at this moment. It is told to whoever follows
//! the session, and recorded nowhere.
//!
//! Invariant: who does it comes from the token.

use actix_web::{HttpResponse, web::Path};
use commands::{
    Ephemeral, Sessions,
    ephemeral::{Activity, Participant},
};
use domain::SessionId;
use event_store::StreamVersion;
use projections::Views;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sessions::{addressed, no_session};
use crate::{
    auth::{
        require::{KnownVisitor, OptionalStaff, Require, SessionRead, SessionWrite},
        staff::Staff,
    },
    body::{JsonBody, field::required},
    openapi::parameters::{NamedSession, StaffsSession},
    problem::Problem,
    services::requested_services,
};

requested_services! {
    /// What finds a session and tells of it.
    pub struct ActivityServices {
        views: Views,
        sessions: Sessions,
        ephemeral: Ephemeral,
    }
}

/// Whether one writes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TypingRequest {
    /// `false`: stopped without sending anything.
    #[serde(deserialize_with = "required")]
    is_typing: bool,
}

/// Whether the caller views a session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewingRequest {
    /// `false`: no longer.
    #[serde(deserialize_with = "required")]
    is_viewing: bool,
}

/// It was shown, or will be within a second.
#[derive(Serialize, ToSchema)]
pub struct ActivityAnswer {
    success: bool,
}

/// Shows to whoever follows the session that the caller types, or has stopped.
///
/// Staff is shown everybody, the customer only the agent who has the session. No event is recorded. `true` holds for 10 seconds:
/// a client that goes on typing repeats it before that. A message ends it, too. It is shown at most once a second; of several in
/// that time the last one is shown. A customer's request counts as a message to the limit of chats.
///
/// # Errors
/// The session is not there or not the caller's, or the log is away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/typing", operation_id = "report_typing", tag = "workbench",
    request_body = TypingRequest,
    security((), ("visitor" = []), ("visitor_cookie" = []), ("bearer" = [])),
    params(NamedSession),
    responses(
        (status = 200, body = ActivityAnswer),
        (status = 409, description = "AMBIGUOUS_SESSION, for staff"),
    )
)]
pub async fn typing(
    caller: OptionalStaff<SessionWrite>,
    app: ActivityServices,
    visitor: Result<KnownVisitor, Problem>,
    name: Path<String>,
    body: JsonBody<TypingRequest>,
) -> Result<HttpResponse, Problem> {
    let session = app.session(caller.staff.as_ref(), visitor, name.into_inner()).await?;
    let by = caller.staff.map_or(Participant::Customer, |staff| Participant::Agent(staff.agent));
    app.ephemeral.show(session, Activity::Typing { by, is_typing: body.0.is_typing });
    Ok(HttpResponse::Ok().json(ActivityAnswer { success: true }))
}

/// Shows to other members of staff that the caller views the session, or no longer does.
///
/// It is never shown to the customer. No event is recorded. `true` holds for 30 seconds: a client that goes on viewing repeats it
/// before that. It is shown at most once a second; of several in that time the last one is shown.
///
/// # Errors
/// The session is not there, or the log is away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/viewing", operation_id = "report_viewing", tag = "workbench",
    security(("bearer" = [])), request_body = ViewingRequest,
    params(StaffsSession),
    responses(
        (status = 200, body = ActivityAnswer),
        (status = 409, description = "AMBIGUOUS_SESSION"),
    )
)]
pub async fn viewing(
    caller: Require<SessionRead>,
    app: ActivityServices,
    name: Path<String>,
    body: JsonBody<ViewingRequest>,
) -> Result<HttpResponse, Problem> {
    let session = app.session(Some(&caller.staff), Err(no_session()), name.into_inner()).await?;
    let agent = caller.staff.agent;
    app.ephemeral.show(session, Activity::Viewing { agent, is_viewing: body.0.is_viewing });
    Ok(HttpResponse::Ok().json(ActivityAnswer { success: true }))
}

impl ActivityServices {
    async fn session(
        &self,
        staff: Option<&Staff>,
        visitor: Result<KnownVisitor, Problem>,
        name: String,
    ) -> Result<SessionId, Problem> {
        let session = addressed(&self.views, &self.sessions, staff.is_some(), visitor, name).await?;
        if self.sessions.current(session).await?.version == StreamVersion::NONE {
            return Err(no_session());
        }
        Ok(session)
    }
}
