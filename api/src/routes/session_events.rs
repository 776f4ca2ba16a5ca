//! `GET /api/sessions/{name}/events`: one session's events as they happen, resumable from any position.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use commands::sessions::stream_of;
use domain::{
    PersonalText, SessionId, VisitorId,
    session::{Event, Screen, decode},
};
use event_store::{Position, ReadError, RecordedEvent, StreamVersion};
use futures::StreamExt;

use super::sessions::addressed;
use crate::{
    auth::{
        require::{KnownVisitor, OptionalStaff, RequiredPermission as _, SessionRead},
        staff::Staff,
    },
    departures::Departure,
    envelope::{Reader, is_shown, shown},
    openapi::{frames, texts},
    problem::Problem,
    query::QueryFields,
    services::Services,
    sse::{self, Frames, Start, event_frame, reauthenticate_frame, reset_frame, respond},
};

const PAGE: usize = 500;

/// Streams a session's events: `event:` is the type, `id:` the cursor, `data:` the envelope.
///
/// Resumes after `Last-Event-ID` or `?after=`; without either it begins with the session's first event. A frame
/// `reauthenticate` ends it when the visitor has signed out.
///
/// # Errors
/// The session is not there or not the caller's; the cursor is malformed or beyond the log's head.
#[utoipa::path(
    get, path = "/api/sessions/{name}/events", operation_id = "follow_session", tag = "customer",
    security((), ("visitor" = []), ("visitor_cookie" = []), ("bearer" = [])),
    params(
        ("name" = texts::Name, Path, description = "The session's name; for staff its id as well"),
        ("after" = Option<texts::Cursor>, Query, description = "A position, or an id of this stream"),
        ("Last-Event-ID" = Option<texts::Cursor>, Header, description = "As `after`, and wins"),
    ),
    responses(
        (status = 200, body = frames::EventFrame, content_type = "text/event-stream"),
        (status = 409, description = "CURSOR_AHEAD; AMBIGUOUS_SESSION, for staff"),
    )
)]
pub async fn stream(
    caller: OptionalStaff<SessionRead>,
    request: HttpRequest,
    app: Data<Services>,
    visitor: Result<KnownVisitor, Problem>,
    name: Path<String>,
    query: QueryFields,
) -> Result<HttpResponse, Problem> {
    let reader = if caller.staff.is_some() { Reader::Staff } else { Reader::Customer };
    let session = addressed(&request, caller.staff.as_ref(), visitor, name.into_inner()).await?;
    let current = app.sessions.current(session).await?;
    if current.version == StreamVersion::NONE {
        return Err(Problem::not_found("Session not found"));
    }
    let head = app.reader().head().await?;
    let start = sse::start(&request, &query, app.identity, head, Position::START)?;
    let screen = if reader == Reader::Customer { Some(Watched::read(&app, session).await?) } else { None };
    let owner = current.state.session().map(|session| session.visitor).filter(|_| reader == Reader::Customer);
    let departure = departure(&app, owner);
    Ok(respond(frames(app.into_inner(), session, caller.staff, start, screen, head, departure)))
}

/// Comes when the customer who follows has left; staff follows on.
fn departure(app: &Services, owner: Option<VisitorId>) -> Departure {
    match owner {
        Some(visitor) => app.departures.of(app.customers.clone(), visitor),
        None => Box::pin(std::future::pending()),
    }
}

/// The customer's screen and how far it has followed the stream.
#[derive(Default)]
struct Watched {
    read_to: StreamVersion,
    screen: Screen,
}

impl Watched {
    async fn read(app: &Services, session: SessionId) -> Result<Self, ReadError> {
        let (reader, stream) = (app.reader(), stream_of(session));
        let mut watched = Self::default();
        loop {
            let page = reader.read_stream(&stream, watched.read_to, PAGE).await?;
            if page.is_empty() {
                return Ok(watched);
            }
            page.iter().for_each(|recorded| watched.hear(recorded, plain(recorded).as_ref()));
        }
    }

    /// Whether the screen hides an event, which it hears if it has not before.
    fn hides(&mut self, recorded: &RecordedEvent) -> bool {
        let event = plain(recorded);
        self.hear(recorded, event.as_ref());
        event.is_some_and(|event| self.screen.hides(&event))
    }

    fn hear(&mut self, recorded: &RecordedEvent, event: Option<&Event>) {
        if recorded.version > self.read_to {
            self.read_to = recorded.version;
            event.into_iter().for_each(|event| self.screen.hear(event));
        }
    }
}

/// An event without its personal part; one that cannot be read is the business of who sends it.
fn plain(recorded: &RecordedEvent) -> Option<Event> {
    let event = &recorded.event;
    let personal = if event.personal.is_some() { PersonalText::Sealed } else { PersonalText::Absent };
    decode(&event.event_type, event.schema, &event.data, personal).ok()
}

/// Customers' tokens last longer than any stream.
async fn until_over(app: &Services, staff: Option<Staff>) {
    match staff {
        Some(staff) => staff.until_over(&app.directory, &[SessionRead::PERMISSION]).await,
        None => std::future::pending().await,
    }
}

fn frames(
    app: Arc<Services>,
    session: SessionId,
    staff: Option<Staff>,
    start: Start,
    mut screen: Option<Watched>,
    head: Position,
    mut departure: Departure,
) -> Frames {
    Box::pin(async_stream::stream! {
        let reader = if staff.is_some() { Reader::Staff } else { Reader::Customer };
        let over = until_over(&app, staff);
        tokio::pin!(over);
        let after = match start {
            Start::After(position) => position,
            Start::Reset => {
                yield reset_frame(app.identity, head);
                head
            }
        };
        let mut events = app.tail.follow_stream(&stream_of(session), after);
        loop {
            let recorded = tokio::select! {
                event = events.next() => match event {
                    Some(Ok(decoded)) => decoded.recorded().clone(),
                    Some(Err(_)) | None => return,
                },
                () = &mut departure => {
                    yield reauthenticate_frame();
                    return;
                }
                () = app.until_stopping() => return,
                () = &mut over => {
                    yield reauthenticate_frame();
                    return;
                }
            };
            let event_type = &*recorded.event.event_type;
            let is_hidden = screen.as_mut().is_some_and(|screen| screen.hides(&recorded));
            if is_hidden || !is_shown(reader, event_type) {
                continue;
            }
            // On the heap for as long as it takes: thousands of streams only wait.
            match Box::pin(shown(&app.log, reader, &recorded)).await {
                Ok(json) => yield event_frame(app.identity, recorded.position, event_type, &json),
                Err(_logged) => return,
            }
        }
    })
}
