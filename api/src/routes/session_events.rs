//! `GET /api/sessions/{name}/events`: one session's events as they happen, resumable from any position.
//!
//! Invariants: the session's stream is read once to know it: whether the session is there, whose it is and what the customer's
//! screen hides all come from that one reading. Nothing of it is kept, and what is sent is read by pages as the client takes them: one
//! that does not read holds a page at most.

use std::pin::pin;

use actix_web::{HttpRequest, HttpResponse, web::Path};
use bytes::Bytes;
use commands::{AccessLog, CommandError, Customers, Ephemeral, Sessions, sessions::stream_of};
use domain::{SessionId, VisitorId, agent::Permission, session::Event};
use event_store::{Clock, EventReader, Identity, Position, StreamVersion};
use futures::StreamExt as _;
use journal::{Decoded, DecodedEvents, Journal, JournalError, Tail};
use projections::Views;

use super::sessions::{addressed, no_session, record_view};
use crate::{
    activity_frames::ActivityFrames,
    agent_names::NameLookup,
    auth::{
        require::{KnownVisitor, OptionalStaff, RequiredPermission as _, SessionRead},
        staff::Staff,
        staff_directory::StaffDirectory,
    },
    envelope,
    following::{self, Beside, Over, can_follow},
    open_streams::StreamPlace,
    openapi::{frames as schemas, parameters::NamedSession, texts},
    problem::Problem,
    query::QueryFields,
    reader::{Reader, ScreenCursor},
    services::requested_services,
    session_frames,
    session_owners::SessionOwners,
    sse::{self, Frames, Start, reset_frame, respond},
    supervision::Stopping,
    visitor_revocation::{Issued, VisitorRevocation},
};

requested_services! {
    /// What finds a session and follows it.
    pub struct SessionEventsServices {
        views: Views,
        log: dyn EventReader,
        tail: Tail,
        identity: Identity,
        sessions: Sessions,
        customers: Customers,
        revocation: VisitorRevocation,
        directory: StaffDirectory,
        access_log: AccessLog,
        names: NameLookup,
        owners: SessionOwners,
        ephemeral: Ephemeral,
        clock: dyn Clock,
        stopping: Stopping,
    }
}

/// What staff needs for as long as it follows a session.
const NEEDED: &[Permission] = &[SessionRead::PERMISSION];

/// Streams a session's events as server-sent events.
///
/// `event:` is the event's type, `id:` the cursor, `data:` the envelope. Resumes after `Last-Event-ID` or `?after=`; without
/// either it begins with the session's first event. A frame `reauthenticate` ends it when the visitor has signed out, or has got
/// another token because the shop has named it. Frames
/// `typing` and `viewing` have no id: who types at this moment, and who of staff views the session; a customer is shown that the
/// agent who has the session types, and no more. Where staff looks, `access.session_viewed` is recorded.
///
/// # Errors
/// The session is not there or not the caller's; the cursor is malformed or beyond the log's head.
#[utoipa::path(
    get, path = "/api/sessions/{name}/events", operation_id = "follow_session", tag = "sessions",
    security((), ("visitor" = []), ("visitor_cookie" = []), ("bearer" = [])),
    params(
        NamedSession,
        ("after" = Option<texts::Cursor>, Query, description = "A position, or an id of this stream"),
        ("lastEventId" = Option<texts::Cursor>, Query, description = "As `after`, which wins: for clients that cannot set headers"),
        ("Last-Event-ID" = Option<texts::Cursor>, Header, description = "As `after`, and wins"),
    ),
    responses(
        (status = 200, body = schemas::SessionFrame, content_type = "text/event-stream"),
        (status = 409, description = "CURSOR_AHEAD; AMBIGUOUS_SESSION, for staff"),
    )
)]
pub async fn stream(
    caller: OptionalStaff<SessionRead>,
    place: StreamPlace,
    request: HttpRequest,
    app: SessionEventsServices,
    visitor: Result<KnownVisitor, Problem>,
    name: Path<String>,
    query: QueryFields,
) -> Result<HttpResponse, Problem> {
    can_follow(&app.tail)?;
    let issued = visitor.as_ref().ok().and_then(KnownVisitor::issued);
    let session = addressed(&app.views, &app.sessions, caller.staff.is_some(), visitor, name.into_inner()).await?;
    // Before the stream is read, so that what is read holds everything up to it.
    let head = app.log.head().await?;
    let so_far = SoFar::read(app.sessions.journal(), session).await.map_err(CommandError::from)?;
    if !so_far.is_there {
        return Err(no_session());
    }
    if let Some(staff) = &caller.staff {
        record_view(&app.access_log, &*app.clock, staff, session).await?;
    }
    let start = sse::start(&request, &query, *app.identity, head, Position::START)?;
    let reader = match caller.staff {
        Some(_) => Reader::staff(NEEDED),
        None => Reader::customer_with_screen(so_far.screen),
    };
    let beside = beside(&app, caller.staff.as_ref(), session);
    let over = over(&app, caller.staff, so_far.owner, issued);
    let first = (start == Start::Reset).then(|| reset_frame(*app.identity, head));
    let events = app.tail.follow_stream(&stream_of(session), start.position(head));
    Ok(respond(place, frames(app, reader, first, events, beside, over)))
}

/// What a session was when its stream was opened.
#[derive(Default)]
struct SoFar {
    is_there: bool,
    /// Nobody's before it has been opened.
    owner: Option<VisitorId>,
    screen: ScreenCursor,
}

impl SoFar {
    async fn read(journal: &Journal, session: SessionId) -> Result<Self, JournalError> {
        let (mut so_far, stream) = (Self::default(), stream_of(session));
        let mut pages = pin!(journal.read_stream(&stream, StreamVersion::NONE));
        while let Some(page) = pages.next().await {
            page?.iter().for_each(|decoded| so_far.follow(decoded));
        }
        Ok(so_far)
    }

    fn follow(&mut self, decoded: &Decoded) {
        self.is_there = true;
        if let Some((_, Event::Opened(opened))) = decoded.event().session() {
            self.owner = Some(opened.visitor);
        }
        self.screen.follow(decoded);
    }
}

/// Completes when the customer has signed out or the token is one of before the shop named the customer, or when staff may no longer
/// follow the session. Customers' tokens last longer than any stream.
fn over(app: &SessionEventsServices, staff: Option<Staff>, owner: Option<VisitorId>, issued: Option<Issued>) -> Over {
    let directory = app.directory.clone();
    match (staff, owner) {
        (Some(staff), _) => Box::pin(async move { staff.until_over(&directory, NEEDED).await }),
        (None, Some(owner)) => app.revocation.revoked(app.customers.clone(), owner, issued),
        (None, None) => Box::pin(std::future::pending()),
    }
}

fn beside(app: &SessionEventsServices, staff: Option<&Staff>, session: SessionId) -> Beside {
    let (ephemeral, owners, names) = (app.ephemeral.clone(), app.owners.clone(), app.names.clone());
    let activities = ActivityFrames { ephemeral, owners, names };
    match staff {
        Some(staff) => activities.for_staff(session, staff.agent),
        None => activities.for_customer(session),
    }
}

fn frames(
    app: SessionEventsServices,
    mut reader: Reader,
    first: Option<Bytes>,
    events: DecodedEvents,
    beside: Beside,
    over: Over,
) -> Frames {
    let (stopping, identity) = (Stopping::clone(&app.stopping), *app.identity);
    let (sessions, names) = (app.sessions, app.names);
    let frame = async move |decoded: &Decoded| {
        let Some(shown) = reader.show(sessions.journal(), decoded).await? else { return Ok(None) };
        let data = session_frames::data(&names, &shown).await;
        Ok(Some(envelope::frame_with(identity, &shown, data.as_deref())))
    };
    following::frames(first, events, beside, over, stopping, frame)
}
