//! `GET /api/events`: the whole log as it grows, for auditors and integrations; as server-sent events, or as NDJSON up to
//! the head.

use std::{pin::pin, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::Data,
};
use bytes::Bytes;
use commands::CommandError;
use domain::agent::Permission;
use event_store::Position;
use futures::{Stream, StreamExt};
use journal::{Decoded, Journal, JournalError};

use crate::{
    auth::{
        require::{LogRead, Require, RequiredPermission as _},
        staff::Staff,
    },
    envelope::{self, Envelope},
    following::{self, Over},
    openapi::{frames as schemas, texts},
    problem::Problem,
    query::QueryFields,
    reader::Reader,
    request::request_id,
    services::Services,
    sse::{self, Frames, Start, reset_frame, respond},
};

const NDJSON: &str = "application/x-ndjson";

/// Streams every event of the log after a position.
///
/// `Accept: application/x-ndjson` gives one envelope a line up to the head of that moment; otherwise server-sent events that
/// go on for ever. Resumes after `Last-Event-ID` or `?after=`; without either it begins with the first event.
///
/// # Errors
/// The caller is no staff; the cursor is malformed or beyond the log's head.
#[utoipa::path(
    get, path = "/api/events", operation_id = "follow_log", tag = "staff", security(("bearer" = [])),
    params(
        ("after" = Option<texts::Cursor>, Query, description = "A position, or an id of this stream"),
        ("Last-Event-ID" = Option<texts::Cursor>, Header, description = "As `after`, and wins"),
    ),
    responses(
        (status = 200, content((schemas::EventFrame = "text/event-stream"), (Envelope = "application/x-ndjson"))),
        (status = 409, description = "CURSOR_AHEAD; CURSOR_OF_OTHER_GENERATION, for NDJSON"),
    )
)]
pub async fn stream(
    may: Require<LogRead>,
    request: HttpRequest,
    app: Data<Services>,
    query: QueryFields,
) -> Result<HttpResponse, Problem> {
    let head = app.reader().head().await?;
    let start = sse::start(&request, &query, app.identity, head, Position::START)?;
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let from = start.position(head);
    let needed = needed(&may.staff);
    let personal = needed.contains(&Permission::PersonalRead);
    app.access_log.log_exported(may.staff.agent, from, personal, app.clock.now(), request_id()).await?;
    if !accept.contains(NDJSON) {
        return Ok(respond(frames(app.into_inner(), may.staff, needed, start, head)));
    }
    if start == Start::Reset {
        let detail = "the cursor is of the log before a restore; begin again without it";
        return Err(Problem::new(StatusCode::CONFLICT, "CURSOR_OF_OTHER_GENERATION", detail));
    }
    Ok(HttpResponse::Ok().content_type(NDJSON).streaming(lines(app.into_inner(), needed, from, head)))
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

fn frames(app: Arc<Services>, staff: Staff, needed: &'static [Permission], start: Start, head: Position) -> Frames {
    let first = (start == Start::Reset).then(|| reset_frame(app.identity, head));
    let events = app.tail.follow(start.position(head));
    let (directory, stopping) = (app.directory.clone(), app.stopping.clone());
    let over: Over = Box::pin(async move { staff.until_over(&directory, needed).await });
    let frame =
        async move |decoded: &Decoded| app.staff_frames.of(app.sessions.journal(), app.identity, needed, decoded).await;
    following::frames(first, events, over, stopping, frame)
}

/// Broken off where an event cannot be read: a client sees an incomplete body, never a gap.
fn lines(
    app: Arc<Services>,
    needed: &'static [Permission],
    after: Position,
    head: Position,
) -> impl Stream<Item = Result<Bytes, Problem>> {
    async_stream::try_stream! {
        let mut reader = Reader::staff(needed);
        let mut pages = pin!(app.sessions.journal().read_all(after));
        while let Some(page) = pages.next().await {
            let page = page.map_err(CommandError::from)?;
            yield lines_of(&mut reader, app.sessions.journal(), &page, head).await.map_err(CommandError::from)?;
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
