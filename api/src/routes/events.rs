//! `GET /api/events`: the whole log as it grows, for auditors and integrations; as server-sent events, or as NDJSON up to
//! the head.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};
use bytes::Bytes;
use domain::agent::Permission;
use event_store::Position;
use futures::{Stream, StreamExt};

use crate::{
    app::App,
    envelope::{Envelope, Reader, shown},
    openapi::{frames, texts},
    problem::Problem,
    query::QueryFields,
    request::request_id,
    sign_in::staff::{LogRead, May, Needs as _, Staff},
    sse::{self, Frames, Start, reauthenticate_frame, reset_frame, respond},
};

const NDJSON: &str = "application/x-ndjson";
const PAGE: usize = 500;

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
        (status = 200, content((frames::EventFrame = "text/event-stream"), (Envelope = "application/x-ndjson"))),
        (status = 409, description = "CURSOR_AHEAD; CURSOR_OF_OTHER_GENERATION, for NDJSON"),
    )
)]
pub async fn stream(
    may: May<LogRead>,
    request: HttpRequest,
    app: Data<App>,
    query: QueryFields,
) -> Result<HttpResponse, Problem> {
    let head = app.reader().head().await?;
    let start = sse::start(&request, &query, app.identity, head, Position::START)?;
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let from = if let Start::After(after) = start { after } else { head };
    let reader = reader(&may.staff);
    let personal = reader == Reader::Staff;
    app.access_log.log_exported(may.staff.agent, from, personal, app.now(), request_id()).await?;
    if !accept.contains(NDJSON) {
        return Ok(respond(frames(app.into_inner(), may.staff, reader, start, head)));
    }
    let Start::After(after) = start else {
        let detail = "the cursor is of the log before a restore; begin again without it";
        return Err(Problem::new(actix_web::http::StatusCode::CONFLICT, "CURSOR_OF_OTHER_GENERATION", detail));
    };
    Ok(HttpResponse::Ok().content_type(NDJSON).streaming(lines(app.into_inner(), reader, after, head)))
}

/// Personal parts are for those who may see them.
fn reader(staff: &Staff) -> Reader {
    if staff.may(Permission::PersonalRead) { Reader::Staff } else { Reader::Log }
}

/// What a stream of this kind needs for as long as it is open.
fn needed(reader: Reader) -> &'static [Permission] {
    if reader == Reader::Staff { &[LogRead::PERMISSION, Permission::PersonalRead] } else { &[LogRead::PERMISSION] }
}

fn frames(app: Arc<App>, staff: Staff, reader: Reader, start: Start, head: Position) -> Frames {
    Box::pin(async_stream::stream! {
        let over = staff.until_over(&app.access, needed(reader));
        tokio::pin!(over);
        let after = match start {
            Start::After(position) => position,
            Start::Reset => {
                yield reset_frame(app.identity, head);
                head
            }
        };
        let mut events = app.tail.follow(after);
        loop {
            let recorded = tokio::select! {
                event = events.next() => match event {
                    Some(Ok(decoded)) => decoded.recorded().clone(),
                    Some(Err(_)) | None => return,
                },
                () = app.until_stopping() => return,
                () = &mut over => {
                    yield reauthenticate_frame();
                    return;
                }
            };
            match app.staff_frames.of(&app.log, app.identity, reader, &recorded).await {
                Ok(frame) => yield frame,
                Err(_logged) => return,
            }
        }
    })
}

/// Broken off where an event cannot be read: a client sees an incomplete body, never a gap.
fn lines(app: Arc<App>, reader: Reader, after: Position, head: Position) -> impl Stream<Item = Result<Bytes, Problem>> {
    async_stream::try_stream! {
        let mut cursor = after;
        while cursor < head {
            let page = app.reader().read_all(cursor, PAGE).await?;
            let Some(last) = page.last() else { return };
            cursor = last.position;
            let mut chunk = String::new();
            for recorded in page.iter().filter(|recorded| recorded.position <= head) {
                chunk.push_str(&shown(&app.log, reader, recorded).await.map_err(commands::CommandError::from)?);
                chunk.push('\n');
            }
            yield Bytes::from(chunk);
        }
    }
}
