//! `PUT /api/sessions/{name}/read`, `/api/sessions/{name}/drafts/{kind}` and `GET /api/drafts`: what an agent keeps for itself in a
//! session. Nothing of it is an event, and nobody else is shown it.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use commands::{
    Sessions, Workspace,
    workspace::{DraftKind, DraftPlace},
};
use domain::{SessionId, VisitorId, text::MessageText};
use event_store::{EventReader, Position, event::time_text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sessions::{SessionServices, no_session};
use crate::{
    auth::require::{Require, SessionRead, SessionWrite},
    body::{JsonBody, field::required},
    openapi::{parameters::StaffsSession, texts, words},
    problem::Problem,
    services::requested_services,
};

requested_services! {
    /// What finds a session and keeps something in it.
    pub struct DraftServices {
        workspace: Workspace,
        sessions: Sessions,
        log: dyn EventReader,
    }
}

/// How far somebody has read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadRequest {
    /// The position of the last message that was read.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = u64, maximum = 9_223_372_036_854_775_807_i64)]
    position: u64,
}

/// How far that is now.
#[derive(Serialize, ToSchema)]
pub struct ReadAnswer {
    success: bool,
    data: ReadData,
}

/// How far that is now.
#[derive(Serialize, ToSchema)]
pub struct ReadData {
    /// What was read before stays read.
    position: u64,
}

/// Notes how far the caller has read a session.
///
/// `unread` in the list of sessions counts from there. It is kept for 15 days, beside the log: no event is recorded. Again with
/// the same position changes nothing.
///
/// # Errors
/// The session is not there, the position is beyond the log's head, the caller may not, or a store is away.
#[utoipa::path(
    put, path = "/api/sessions/{name}/read", operation_id = "mark_read", tag = "workbench", security(("bearer" = [])),
    request_body = ReadRequest,
    params(StaffsSession),
    responses(
        (status = 200, body = ReadAnswer),
        (status = 409, description = "AMBIGUOUS_SESSION; CURSOR_AHEAD: the position is beyond the log's head"),
        (status = 410, description = "ERASED: the session's customer was erased"),
    )
)]
pub async fn mark_read(
    caller: Require<SessionRead>,
    app: DraftServices,
    found: SessionServices,
    name: Path<String>,
    body: JsonBody<ReadRequest>,
) -> Result<HttpResponse, Problem> {
    let (session, position) = (owned(&app, &found, name.into_inner()).await?, Position(body.0.position));
    let head = app.log.head().await?;
    if position > head {
        return Err(Problem::ahead(format_args!("position {position}"), head));
    }
    let position = app.workspace.mark_read(session, caller.staff.agent, position).await?.0;
    Ok(HttpResponse::Ok().json(ReadAnswer { success: true, data: ReadData { position } }))
}

/// What somebody is about to write.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftRequest {
    /// At most 5,000 characters; empty for no draft.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::DraftText)]
    text: String,
}

/// A draft.
#[derive(Serialize, ToSchema)]
pub struct DraftAnswer {
    success: bool,
    data: DraftData,
}

/// A draft.
#[derive(Serialize, ToSchema)]
pub struct DraftData {
    /// Empty where there is none.
    text: String,
    /// When it was last saved; null where there is none.
    #[schema(format = DateTime)]
    updated_at: Option<String>,
}

impl DraftData {
    fn answer(text: String, updated_at: Option<jiff::Timestamp>) -> HttpResponse {
        let data = Self { text, updated_at: updated_at.map(time_text) };
        HttpResponse::Ok().json(DraftAnswer { success: true, data })
    }
}

/// Shows what the caller was about to write in a session.
///
/// A draft of a reply or of a note; each member of staff sees its own alone. No event is recorded.
///
/// # Errors
/// The session is not there, the caller may not, or a store is away.
#[utoipa::path(
    get, path = "/api/sessions/{name}/drafts/{kind}", operation_id = "show_draft", tag = "workbench",
    security(("bearer" = [])),
    params(StaffsSession, ("kind" = words::DraftKind, Path, description = "reply or note")),
    responses(
        (status = 200, body = DraftAnswer),
        (status = 409, description = "AMBIGUOUS_SESSION"),
    )
)]
pub async fn show(
    caller: Require<SessionWrite>,
    app: DraftServices,
    found: SessionServices,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let ((session, _), kind) = addressed(&app, &found, path.into_inner()).await?;
    let draft = app.workspace.draft(session, caller.staff.agent, kind).await?;
    let (text, updated_at) = draft.map_or_else(Default::default, |draft| (draft.text, Some(draft.updated_at)));
    Ok(DraftData::answer(text, updated_at))
}

/// Saves what the caller is about to write in a session.
///
/// It is gone once it is sent, and after 15 days. No event is recorded. Saving again replaces it.
///
/// # Errors
/// The text is not taken, the session is not there, the caller may not, or a store is away.
#[utoipa::path(
    put, path = "/api/sessions/{name}/drafts/{kind}", operation_id = "save_draft", tag = "workbench",
    security(("bearer" = [])), request_body = DraftRequest,
    params(StaffsSession, ("kind" = words::DraftKind, Path, description = "reply or note")),
    responses(
        (status = 200, body = DraftAnswer),
        (status = 409, description = "AMBIGUOUS_SESSION"),
        (status = 410, description = "ERASED: the session's customer was erased"),
    )
)]
pub async fn save(
    caller: Require<SessionWrite>,
    app: DraftServices,
    found: SessionServices,
    path: Path<(String, String)>,
    body: JsonBody<DraftRequest>,
) -> Result<HttpResponse, Problem> {
    let (session, kind) = addressed(&app, &found, path.into_inner()).await?;
    let agent = caller.staff.agent;
    if body.0.text.trim().is_empty() {
        app.workspace.remove_draft(session.0, agent, kind).await?;
        return Ok(DraftData::answer(String::new(), None));
    }
    let text = MessageText::parse(body.0.text).map_err(|error| Problem::invalid("text", error))?;
    let saved_at = app.workspace.save_draft(session, agent, kind, &text).await?;
    Ok(DraftData::answer(text.as_str().to_owned(), Some(saved_at)))
}

/// Drops what the caller was about to write in a session.
///
/// No event is recorded. Dropping again changes nothing.
///
/// # Errors
/// The session is not there, the caller may not, or a store is away.
#[utoipa::path(
    delete, path = "/api/sessions/{name}/drafts/{kind}", operation_id = "remove_draft", tag = "workbench",
    security(("bearer" = [])),
    params(StaffsSession, ("kind" = words::DraftKind, Path, description = "reply or note")),
    responses(
        (status = 200, body = DraftAnswer),
        (status = 409, description = "AMBIGUOUS_SESSION"),
    )
)]
pub async fn remove(
    caller: Require<SessionWrite>,
    app: DraftServices,
    found: SessionServices,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let ((session, _), kind) = addressed(&app, &found, path.into_inner()).await?;
    app.workspace.remove_draft(session, caller.staff.agent, kind).await?;
    Ok(DraftData::answer(String::new(), None))
}

/// Where the caller has drafts.
#[derive(Serialize, ToSchema)]
pub struct DraftsAnswer {
    success: bool,
    /// The newest first.
    data: Vec<DraftPlaceData>,
}

/// Where there is a draft.
#[derive(Serialize, ToSchema)]
pub struct DraftPlaceData {
    #[schema(format = "uuid")]
    session_id: String,
    #[schema(value_type = words::DraftKind)]
    kind: &'static str,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<DraftPlace> for DraftPlaceData {
    fn from(place: DraftPlace) -> Self {
        let DraftPlace { session, kind, updated_at } = place;
        Self { session_id: session.to_string(), kind: kind.as_str(), updated_at: time_text(updated_at) }
    }
}

/// Lists where the caller was about to write something.
///
/// Drafts are kept for 15 days, beside the log. No event is recorded.
///
/// # Errors
/// The caller may not, or a store is away.
#[utoipa::path(
    get, path = "/api/drafts", operation_id = "list_drafts", tag = "workbench", security(("bearer" = [])),
    responses(
        (status = 200, body = DraftsAnswer),
    )
)]
pub async fn list(caller: Require<SessionWrite>, workspace: Data<Workspace>) -> Result<HttpResponse, Problem> {
    let drafts = workspace.drafts(caller.staff.agent).await?;
    let data = drafts.into_iter().map(DraftPlaceData::from).collect();
    Ok(HttpResponse::Ok().json(DraftsAnswer { success: true, data }))
}

type Owned = (SessionId, VisitorId);

/// The session and the kind of draft that a path names.
async fn addressed(
    app: &DraftServices,
    found: &SessionServices,
    (name, kind): (String, String),
) -> Result<(Owned, DraftKind), Problem> {
    let kind = DraftKind::parse(&kind).ok_or_else(|| Problem::not_found("drafts are of the kind reply or note"))?;
    Ok((owned(app, found, name).await?, kind))
}

/// A session that is there, and whose it is. Nothing of it is shown, so that nobody looked at it.
async fn owned(app: &DraftServices, found: &SessionServices, name: String) -> Result<Owned, Problem> {
    let session = found.named("name", name).await?;
    let current = app.sessions.current(session).await?;
    let visitor = current.state.session().map(|session| session.visitor).ok_or_else(no_session)?;
    Ok((session, visitor))
}
