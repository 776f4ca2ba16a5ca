//! `GET /api/agent/events`: the workbench's one stream: one's own sessions, the queue, what is watched, and who is there.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use bytes::Bytes;
use commands::{AccessLog, Ephemeral, Sessions, sessions::stream_of};
use domain::{SessionId, agent::Permission};
use event_store::{Clock, EventReader, Identity, Position, StreamVersion};
use futures::StreamExt as _;
use journal::{Decoded, DecodedEvents, Tail};
use uuid::Uuid;

use super::sessions::{no_session, record_view};
use crate::{
    activity_frames::ActivityFrames,
    agent_names::NameLookup,
    answering_frames::answering_frames,
    auth::{
        require::{Require, RequiredPermission as _, SessionRead, SessionSupervise},
        staff::Staff,
        staff_directory::StaffDirectory,
        staff_services::StaffServices,
    },
    following::{self, Beside, Over, can_follow},
    open_streams::StreamPlace,
    openapi::{frames as schemas, texts, words},
    problem::Problem,
    query::QueryFields,
    request::request_id,
    services::requested_services,
    session_owners::SessionOwners,
    sse::{self, Frames, Start, reset_frame, respond},
    supervision::Stopping,
    workbench::{Selection, Workbench},
};

requested_services! {
    /// What follows the log for one member of staff.
    pub struct AgentEventsServices {
        log: dyn EventReader,
        tail: Tail,
        identity: Identity,
        sessions: Sessions,
        owners: SessionOwners,
        directory: StaffDirectory,
        staff: StaffServices,
        access_log: AccessLog,
        names: NameLookup,
        ephemeral: Ephemeral,
        clock: dyn Clock,
        stopping: Stopping,
    }
}

/// Sessions that may be watched at a time.
const WATCHED: usize = 20;
/// An id is written with hyphens.
const ID_CHARS: usize = 36;

/// Streams what a workbench shows, as server-sent events.
///
/// Events of one's own sessions (one has them, they are offered to one, one is asked to take them), of sessions that come into
/// the queue, leave it or change their place in it, of those that are watched, internal notes that mention one, and everybody's
/// presence. Before the event with which a session becomes one's own comes `session_visible`, before the one with which it ceases
/// to be `session_hidden`; neither has an id, nor have `typing` and `viewing`: what others do at that moment at one's own
/// sessions and those that are watched, and `answering`: the text so far of an assistant's answer in a session that is watched.
/// Resumes after `Last-Event-ID` or `?after=`; without either it begins with what happens from now on: read the lists first and
/// go on from their `position`. Whoever opens it counts as present from then on, as after a heartbeat. `scope=all` records
/// `access.log_exported`.
///
/// # Errors
/// The caller may not; a parameter or the cursor is malformed; a watched session is not there.
#[utoipa::path(
    get, path = "/api/agent/events", operation_id = "follow_workbench", tag = "sessions", security(("bearer" = [])),
    params(
        ("watch" = Option<texts::Watched>, Query, description = "Up to 20 ids of sessions, separated by commas"),
        ("scope" = Option<words::StreamScope>, Query, description = "`all`: every session, for `session:supervise`"),
        ("after" = Option<texts::Cursor>, Query, description = "A position, or an id of this stream"),
        ("lastEventId" = Option<texts::Cursor>, Query, description = "As `after`, which wins: for clients that cannot set headers"),
        ("Last-Event-ID" = Option<texts::Cursor>, Header, description = "As `after`, and wins"),
    ),
    responses(
        (status = 200, body = schemas::WorkbenchFrame, content_type = "text/event-stream"),
        (status = 404),
        (status = 409, description = "CURSOR_AHEAD"),
    )
)]
pub async fn stream(
    may: Require<SessionRead>,
    place: StreamPlace,
    request: HttpRequest,
    app: AgentEventsServices,
    query: QueryFields,
) -> Result<HttpResponse, Problem> {
    let (watched, sees_all) = (watched(&query)?, sees_all(&may.staff, &query)?);
    can_follow(&app.tail)?;
    let head = app.log.head().await?;
    let start = sse::start(&request, &query, *app.identity, head, head)?;
    for session in &watched {
        if app.log.read_stream(&stream_of(*session), StreamVersion::NONE, 1).await?.is_empty() {
            return Err(no_session());
        }
        record_view(&app.access_log, &*app.clock, &may.staff, *session).await?;
    }
    if sees_all {
        let (from, now) = (start.position(head), app.clock.now());
        app.access_log.log_exported(may.staff.agent, from, true, now, request_id()).await?;
    }
    watch_presence(&app.staff, &may.staff).await;
    let selection = Selection { agent: may.staff.agent, watched, sees_all };
    Ok(respond(place, frames(app, may.staff, selection, start, head)))
}

fn watched(query: &QueryFields) -> Result<HashSet<SessionId>, Problem> {
    let Some(text) = query.text("watch")? else { return Ok(HashSet::new()) };
    let id = |text: &str| Uuid::try_parse(text).ok().filter(|_| text.len() == ID_CHARS).map(SessionId);
    let ids: Option<Vec<SessionId>> = text.split(',').map(id).collect();
    let ids = ids.filter(|ids| ids.len() <= WATCHED);
    let wrong = || Problem::invalid("watch", "must be at most 20 ids of sessions, separated by commas");
    Ok(ids.ok_or_else(wrong)?.into_iter().collect())
}

fn sees_all(staff: &Staff, query: &QueryFields) -> Result<bool, Problem> {
    let needed = SessionSupervise::PERMISSION;
    match query.text("scope")? {
        None | Some("own") => Ok(false),
        Some("all") if staff.may(needed) => Ok(true),
        Some("all") => {
            let detail = format!("scope=all needs the permission {needed}");
            Err(Problem::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", detail).with("permission", needed.as_str()))
        }
        Some(_) => Err(Problem::invalid("scope", "must be own or all")),
    }
}

/// Opening it alone counts: that a stream is open does not say that anybody still reads it.
async fn watch_presence(services: &StaffServices, staff: &Staff) {
    let Some(sign_in) = staff.sign_in() else { return };
    if let Err(error) = services.signs_of_life.watches(staff.agent, sign_in).await {
        // The workbench's heartbeats will say it again.
        tracing::warn!(error = &error as &dyn std::error::Error, "a sign of life was not written down");
    }
}

fn frames(app: AgentEventsServices, staff: Staff, selection: Selection, start: Start, head: Position) -> Frames {
    let first: Option<Bytes> = (start == Start::Reset).then(|| reset_frame(*app.identity, head));
    let events = reached(app.tail.follow(start.position(head)), app.owners.clone());
    let needed: &[Permission] = if selection.sees_all {
        &[SessionRead::PERMISSION, SessionSupervise::PERMISSION]
    } else {
        &[SessionRead::PERMISSION]
    };
    let (directory, stopping) = (app.directory.clone(), Stopping::clone(&app.stopping));
    let beside = beside(&app, &selection);
    let over: Over = Box::pin(async move { staff.until_over(&directory, needed).await });
    let mut workbench = Workbench {
        selection,
        identity: *app.identity,
        sessions: app.sessions,
        owners: app.owners,
        directory: app.directory,
        names: app.names,
        behind: HashMap::new(),
    };
    following::frames(first, events, beside, over, stopping, async move |decoded: &Decoded| {
        Ok(workbench.frames(decoded).await?)
    })
}

fn beside(app: &AgentEventsServices, selection: &Selection) -> Beside {
    let (ephemeral, owners, names) = (app.ephemeral.clone(), app.owners.clone(), app.names.clone());
    let answering = answering_frames(&ephemeral, &selection.watched);
    let (selection, directory) = (selection.clone(), app.directory.clone());
    let activities = ActivityFrames { ephemeral, owners, names }
        .for_workbench(selection.agent, move |session, ownership| selection.contains(session, ownership, &directory));
    Box::pin(futures::stream::select(activities, answering))
}

/// The events, each once it is known whose its session is.
fn reached(events: DecodedEvents, owners: Arc<SessionOwners>) -> DecodedEvents {
    Box::pin(events.then(move |event| {
        let owners = owners.clone();
        async move {
            if let Ok(decoded) = &event {
                owners.reach(decoded.position()).await;
            }
            event
        }
    }))
}
