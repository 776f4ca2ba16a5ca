//! `/api/sessions/{name}/notes`: what staff writes about a session for staff alone.
//!
//! Invariant: no customer reaches any of it; who changes a note has seen its newest version.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use commands::{CommandError, sessions::NoteContent};
use domain::{AgentId, NoteId, SessionId, agent::Permission, session::Rejection, text::MessageText};
use event_store::Position;
use projections::{Audience, NoteView};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{
    acting::Acting,
    idempotency::RequestKey,
    if_match::{SeenVersion, tagged},
    min_position::CaughtUpViews,
    refused::{Wanted, refused},
    sessions::{SessionServices, found, note_after, notes_at},
};
use crate::{
    auth::require::{Require, SessionRead, SessionWrite},
    body::{
        JsonBody,
        field::{Mentions, optional, required},
    },
    openapi::{
        parameters::{Keyed, Seen, StaffsSession},
        texts,
    },
    problem::Problem,
    query::QueryFields,
    settings::Settings,
    wire::{NoteData, People, agents_of_notes},
};

/// An internal note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteRequest {
    /// What it says: 1 to 5,000 characters.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::Text)]
    text: MessageText,
    /// Who is to read it, by user name or id: at most 20.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<Vec<String>>, max_items = 20)]
    mentions: Option<Mentions>,
}

/// The notes of a session, oldest first.
#[derive(Serialize, ToSchema)]
pub struct NotesAnswer {
    success: bool,
    data: Vec<NoteData>,
    /// How far the views had read the log; with `?at=` the position of the session's newest event of then.
    position: u64,
}

/// A note.
#[derive(Serialize, ToSchema)]
pub struct NoteAnswer {
    success: bool,
    data: NoteData,
    /// Where it is recorded.
    position: u64,
}

/// Lists the internal notes of a session.
///
/// Removed ones keep their places without a text. With `?at=` they are shown as they stood, as in `GET /api/sessions/{name}`.
/// `access.session_viewed` is recorded. Customers never see notes.
///
/// # Errors
/// The session is not there, the caller may not, or log or views are away.
#[utoipa::path(
    get, path = "/api/sessions/{name}/notes", operation_id = "list_notes", tag = "workbench", security(("bearer" = [])),
    params(
        StaffsSession,
        ("at" = Option<texts::Moment>, Query, description = "As it stood: a position, or a time in RFC 3339 (write + as %2B)"),
        ("min_position" = Option<u64>, Query, description = "Waits until the views have read so far"),
    ),
    responses(
        (status = 200, body = NotesAnswer),
        (status = 404, description = "Also: it had not begun at `at`"),
        (status = 409, description = "AMBIGUOUS_SESSION; CURSOR_AHEAD: `at` is beyond the log's head"),
    )
)]
pub async fn list(
    caller: Require<SessionRead>,
    views: CaughtUpViews,
    app: SessionServices,
    settings: Data<Settings>,
    name: Path<String>,
    query: QueryFields,
) -> Result<HttpResponse, Problem> {
    let session = found(&app, &caller.staff, name.into_inner()).await?;
    let then = notes_at(&app, session, &query).await?;
    let mut reading = views.reading().await?;
    let (notes, position) = match then {
        Some(then) => then,
        None => (reading.notes(session).await?, reading.position()),
    };
    let people = People::read(&mut reading, agents_of_notes(&notes), Audience::Staff, &settings.time_zone).await?;
    let data = notes.into_iter().map(|note| NoteData::new(note, &people)).collect();
    Ok(HttpResponse::Ok().json(NotesAnswer { success: true, data, position: position.0 }))
}

/// Writes an internal note.
///
/// Anybody who writes in sessions may, whoever has this one. Records `session.note_added`; who is mentioned is told at once.
///
/// # Errors
/// The session is not there, who is mentioned is not there, the caller may not, or log or views are away.
#[utoipa::path(
    post, path = "/api/sessions/{name}/notes", operation_id = "add_note", tag = "workbench", security(("bearer" = [])),
    request_body = NoteRequest,
    params(StaffsSession, Keyed),
    responses(
        (status = 200, body = NoteAnswer, headers(("ETag" = String, description = "Its version"))),
        (status = 409, description = "AMBIGUOUS_SESSION"),
    )
)]
pub async fn add(
    caller: Require<SessionWrite>,
    app: Acting,
    key: RequestKey,
    name: Path<String>,
    body: JsonBody<NoteRequest>,
) -> Result<HttpResponse, Problem> {
    let content = content(&app, body.0).await?;
    let request = app.by_staff(&caller.staff, name.into_inner(), key).await?;
    match app.sessions.add_note(request, content).await {
        Ok((note, done)) => answer(&app, done.session, note, done.position, done.is_repeat).await,
        Err(error) => Err(refused(&app.names, Wanted::Other, error).await),
    }
}

/// Writes an internal note anew.
///
/// Its author alone. Records `session.note_edited`; what it said before is kept in `history`. `If-Match` is the version that the
/// author saw.
///
/// # Errors
/// It is another's, it changed since, it is not there, or log or views are away.
#[utoipa::path(
    put, path = "/api/sessions/{name}/notes/{id}", operation_id = "edit_note", tag = "workbench", security(("bearer" = [])),
    request_body = NoteRequest,
    params(StaffsSession, ("id" = String, Path, description = "The note's id"), Seen, Keyed),
    responses(
        (status = 200, body = NoteAnswer, headers(("ETag" = String, description = "Its version"))),
        (status = 403, description = "NOT_THE_AUTHOR"),
        (status = 409, description = "AMBIGUOUS_SESSION"),
        (status = 412, description = "CHANGED_MEANWHILE: `current` is the note as it is"),
        (status = 428, description = "PRECONDITION_REQUIRED: If-Match is missing"),
    )
)]
pub async fn edit(
    caller: Require<SessionWrite>,
    app: Acting,
    key: RequestKey,
    SeenVersion(seen): SeenVersion,
    path: Path<(String, String)>,
    body: JsonBody<NoteRequest>,
) -> Result<HttpResponse, Problem> {
    let (name, id) = path.into_inner();
    let note: NoteId = id.parse().map_err(|_| no_note())?;
    let content = content(&app, body.0).await?;
    let request = app.by_staff(&caller.staff, name, key).await?;
    let session = request.session;
    match app.sessions.edit_note(request, note, seen, content).await {
        Ok(done) => answer(&app, session, note, done.position, done.is_repeat).await,
        Err(error) => Err(changed_or_refused(&app, session, note, error).await),
    }
}

/// Removes an internal note.
///
/// Its author, or a supervisor. Records `session.note_removed`; its place in the list stays. `If-Match` is the version that the
/// caller saw.
///
/// # Errors
/// It is another's, it changed since, it is not there, or log or views are away.
#[utoipa::path(
    delete, path = "/api/sessions/{name}/notes/{id}", operation_id = "remove_note", tag = "workbench",
    security(("bearer" = [])),
    params(StaffsSession, ("id" = String, Path, description = "The note's id"), Seen, Keyed),
    responses(
        (status = 200, body = NoteAnswer, headers(("ETag" = String, description = "Its version"))),
        (status = 403, description = "NOT_THE_AUTHOR"),
        (status = 409, description = "AMBIGUOUS_SESSION"),
        (status = 412, description = "CHANGED_MEANWHILE: `current` is the note as it is"),
        (status = 428, description = "PRECONDITION_REQUIRED: If-Match is missing"),
    )
)]
pub async fn remove(
    caller: Require<SessionWrite>,
    app: Acting,
    key: RequestKey,
    SeenVersion(seen): SeenVersion,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (name, id) = path.into_inner();
    let note: NoteId = id.parse().map_err(|_| no_note())?;
    let request = app.by_staff(&caller.staff, name, key).await?;
    let session = request.session;
    match app.sessions.remove_note(request, note, seen).await {
        Ok(done) => answer(&app, session, note, done.position, done.is_repeat).await,
        Err(error) => Err(changed_or_refused(&app, session, note, error).await),
    }
}

fn no_note() -> Problem {
    Rejection::NoNote.into()
}

/// What is written, with the accounts that it mentions: each once, and such as see sessions.
async fn content(app: &Acting, body: NoteRequest) -> Result<NoteContent, Problem> {
    let mut mentions = Vec::new();
    for text in body.mentions.into_iter().flat_map(|mentions| mentions.0) {
        let agent = reader(app, &text).await?;
        if !mentions.contains(&agent) {
            mentions.push(agent);
        }
    }
    Ok(NoteContent { text: body.text, mentions })
}

async fn reader(app: &Acting, text: &str) -> Result<AgentId, Problem> {
    let agent = app.agent("mentions", text)?;
    let found = app.staff.accounts.current(agent).await?;
    let reads = found.state.account().is_some_and(|one| one.is_active && one.role.may(Permission::SessionRead));
    if reads {
        return Ok(agent);
    }
    Err(Problem::invalid("mentions", "must be accounts in use that see sessions"))
}

async fn answer(
    app: &Acting,
    session: SessionId,
    note: NoteId,
    position: Position,
    is_repeat: bool,
) -> Result<HttpResponse, Problem> {
    let note = note_after(&app.shown, session, note, position, is_repeat).await?.ok_or_else(no_note)?;
    let (version, data) = (note.version, shown(app, note).await?);
    Ok(tagged(HttpResponse::Ok(), version).json(NoteAnswer { success: true, data, position: position.0 }))
}

async fn shown(app: &Acting, note: NoteView) -> Result<NoteData, Problem> {
    let mut reading = app.shown.views().reading().await?;
    let agents = agents_of_notes(std::slice::from_ref(&note));
    let people = People::read(&mut reading, agents, Audience::Staff, &app.shown.settings().time_zone).await?;
    Ok(NoteData::new(note, &people))
}

/// Whoever saw an older version is shown the newest.
async fn changed_or_refused(app: &Acting, session: SessionId, note: NoteId, error: CommandError) -> Problem {
    let CommandError::Rejected(Rejection::NoteChanged { version }) = error else {
        return refused(&app.names, Wanted::Other, error).await;
    };
    match newest(app, session, note).await {
        Ok(Some(current)) => Problem::from(Rejection::NoteChanged { version }).with("current", json!(current)),
        Ok(None) => no_note(),
        Err(problem) => problem,
    }
}

async fn newest(app: &Acting, session: SessionId, note: NoteId) -> Result<Option<NoteData>, Problem> {
    let position = app.sessions.current(session).await?.position;
    match note_after(&app.shown, session, note, position, false).await? {
        Some(note) => Ok(Some(shown(app, note).await?)),
        None => Ok(None),
    }
}
