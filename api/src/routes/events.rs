//! `GET /api/events`: the whole log as it grows, for auditors and integrations; as server-sent events, or as NDJSON up to
//! the head.

use std::{ops::RangeInclusive, pin::pin, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
};
use bytes::Bytes;
use commands::{AccessLog, CommandError, Sessions};
use domain::agent::Permission;
use event_store::{Clock, EventReader, Identity, Position};
use futures::{FutureExt as _, Stream, StreamExt, stream};
use journal::{Decoded, Journal, JournalError, Tail};

use crate::{
    auth::{
        require::{LogRead, Require, RequiredPermission as _},
        staff::Staff,
        staff_directory::StaffDirectory,
    },
    envelope::{self, Envelope},
    following::{self, Over, can_follow},
    open_streams::StreamPlace,
    openapi::{frames as schemas, texts},
    problem::Problem,
    query::QueryFields,
    reader::Reader,
    request::request_id,
    services::requested_services,
    sse::{self, Frames, Start, reset_frame, respond},
    staff_frames::StaffFrames,
    store_pulse::{StorePulse, silent},
    supervision::Stopping,
};

requested_services! {
    /// What reads the log and follows it.
    pub struct EventsServices {
        log: dyn EventReader,
        tail: Tail,
        identity: Identity,
        sessions: Sessions,
        directory: StaffDirectory,
        staff_frames: StaffFrames,
        access_log: AccessLog,
        clock: dyn Clock,
        stopping: Stopping,
        pulse: StorePulse,
    }
}

const NDJSON: &str = "application/x-ndjson";
/// Lines that go out together.
const LINES: usize = 16;

/// Streams every event of the log after a position.
///
/// `Accept: application/x-ndjson` gives one envelope a line up to the head of that moment; otherwise server-sent events that go
/// on for ever. Resumes after `Last-Event-ID` or `?after=`; without either it begins with the first event. Personal parts are
/// opened for `personal:read` alone. `access.log_exported` is recorded.
///
/// # Errors
/// The caller is no staff; the cursor is malformed or beyond the log's head.
#[utoipa::path(
    get, path = "/api/events", operation_id = "follow_log", tag = "audit", security(("bearer" = [])),
    params(
        ("after" = Option<texts::Cursor>, Query, description = "A position, or an id of this stream"),
        ("lastEventId" = Option<texts::Cursor>, Query, description = "As `after`, which wins: for clients that cannot set headers"),
        ("Last-Event-ID" = Option<texts::Cursor>, Header, description = "As `after`, and wins"),
    ),
    responses(
        (status = 200, content((schemas::EventFrame = "text/event-stream"), (Envelope = "application/x-ndjson"))),
        (status = 409, description = "CURSOR_AHEAD; CURSOR_OF_OTHER_GENERATION, for NDJSON"),
    )
)]
pub async fn stream(
    may: Require<LogRead>,
    place: StreamPlace,
    request: HttpRequest,
    app: EventsServices,
    query: QueryFields,
) -> Result<HttpResponse, Problem> {
    let head = app.log.head().await?;
    let start = sse::start(&request, &query, *app.identity, head, Position::START)?;
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let from = start.position(head);
    let needed = needed(&may.staff);
    let personal = needed.contains(&Permission::PersonalRead);
    app.access_log.log_exported(may.staff.agent, from, personal, app.clock.now(), request_id()).await?;
    if !accept.contains(NDJSON) {
        can_follow(&app.tail)?;
        return Ok(respond(place, frames(app, may.staff, needed, start, head)));
    }
    if start == Start::Reset {
        let detail = "the cursor is of the log before a restore; begin again without it";
        return Err(Problem::new(StatusCode::CONFLICT, "CURSOR_OF_OTHER_GENERATION", detail));
    }
    let over = over(may.staff, app.directory, needed);
    let lines = lines(place, app.sessions, app.pulse, needed, from..=head, over);
    Ok(HttpResponse::Ok().content_type(NDJSON).streaming(lines))
}

/// The permissions that a stream of this kind shows events by, and needs for as long as it is open: personal parts are for those
/// who may see them.
fn needed(staff: &Staff) -> &'static [Permission] {
    if staff.may(Permission::PersonalRead) {
        &[LogRead::PERMISSION, Permission::PersonalRead]
    } else {
        &[LogRead::PERMISSION]
    }
}

fn frames(app: EventsServices, staff: Staff, needed: &'static [Permission], start: Start, head: Position) -> Frames {
    let first = (start == Start::Reset).then(|| reset_frame(*app.identity, head));
    let events = app.tail.follow(start.position(head));
    let (directory, stopping) = (app.directory, Stopping::clone(&app.stopping));
    let (frames, sessions, identity) = (app.staff_frames, app.sessions, *app.identity);
    let over = over(staff, directory, needed);
    let frame = async move |decoded: &Decoded| frames.of(sessions.journal(), identity, needed, decoded).await;
    following::frames(first, events, Box::pin(stream::pending()), over, stopping, frame)
}

/// Completes when the reader may not go on.
fn over(staff: Staff, directory: Arc<StaffDirectory>, needed: &'static [Permission]) -> Over {
    Box::pin(async move { staff.until_over(&directory, needed).await })
}

/// Broken off where an event cannot be read, a store falls silent, or the reader may not go on: a client sees an incomplete body, never a
/// gap.
fn lines(
    place: StreamPlace,
    sessions: Arc<Sessions>,
    pulse: Arc<StorePulse>,
    needed: &'static [Permission],
    wanted: RangeInclusive<Position>,
    mut over: Over,
) -> impl Stream<Item = Result<Bytes, Problem>> {
    let (after, head) = wanted.into_inner();
    async_stream::try_stream! {
        let _until_the_end = place;
        let mut reader = Reader::staff(needed);
        let mut pages = pin!(sessions.journal().read_all(after));
        loop {
            let page = tokio::select! {
                page = pages.next() => Ok(page),
                () = pulse.falls_silent() => Err(silent()),
            };
            let Some(page) = page? else { return };
            let page = page.map_err(CommandError::from)?;
            for some in page.chunks(LINES) {
                if (&mut over).now_or_never().is_some() {
                    Err::<(), _>(Problem::unauthorized("the right to read this has ended"))?;
                }
                yield lines_of(&mut reader, sessions.journal(), some, head).await.map_err(CommandError::from)?;
            }
            if page.last().is_none_or(|last| last.position() >= head) {
                return;
            }
        }
    }
}

async fn lines_of(
    reader: &mut Reader,
    journal: &Journal,
    page: &[Decoded],
    head: Position,
) -> Result<Bytes, JournalError> {
    let mut lines = String::new();
    for decoded in page.iter().take_while(|decoded| decoded.position() <= head) {
        if let Some(shown) = reader.show(journal, decoded).await? {
            lines += &envelope::json(&shown);
            lines.push('\n');
        }
    }
    Ok(lines.into())
}
