//! `GET /api/sessions/{name}` and `/stats`: what the views say, or with `?at=` what they said then.

mod point_in_time;
mod written;

use actix_web::{
    HttpResponse, ResponseError as _,
    http::StatusCode,
    web::{Data, Path},
};
use commands::{AccessLog, Sessions};
use domain::{SessionId, text::SessionName};
use event_store::{Clock, EventReader, Position, StreamVersion};
use jiff::{Timestamp, tz::TimeZone};
use journal::Journal;
use projections::{Audience, QueuePlace, Views};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

pub(super) use point_in_time::notes as notes_at;
pub(super) use written::{note_after, state_after, tags_after};

use super::{
    min_position::{CaughtUpViews, wait},
    own_session::OwnSession,
};
use crate::{
    auth::{
        require::{KnownVisitor, OptionalStaff, Require, SessionRead, StatisticsRead, nobody},
        staff::Staff,
    },
    openapi::texts,
    problem::Problem,
    query::QueryFields,
    queue_places::QueuePlaces,
    request::request_id,
    services::requested_services,
    settings::Settings,
    wire::{SessionData, StatisticsData, Wanted},
};

requested_services! {
    /// What finds a session and shows it.
    pub struct SessionServices {
        sessions: Sessions,
        views: Views,
        log: dyn EventReader,
        access_log: AccessLog,
        queue_places: QueuePlaces,
        clock: dyn Clock,
        settings: Settings,
    }
}

impl SessionServices {
    /// What is asked for sessions.
    pub(super) fn views(&self) -> &Views {
        &self.views
    }

    /// What is set.
    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The log, read as events.
    pub(super) fn journal(&self) -> &Journal {
        self.sessions.journal()
    }
}

/// What staff asks of all sessions at once, where a session's name could stand. To a customer it is a name.
pub(super) const STAFFS_WORDS: [&str; 3] = ["stats", "queue", "counts"];
/// Rows of the list: by default, and at most.
const ROWS: (u32, u32) = (50, 200);

/// A session.
#[derive(Serialize, ToSchema)]
pub struct SessionAnswer {
    success: bool,
    data: SessionData,
    /// How far the views had read the log; with `?at=` the position of the session's newest event of then.
    position: u64,
    /// To its customer, while it waits for a person: where it stands, as of the last second; absent in the moment when it begins to wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    queue: Option<OwnPlace>,
}

/// A customer's place among those who wait for a person.
#[derive(Serialize, ToSchema)]
pub struct OwnPlace {
    /// From 1: the next one.
    position: u64,
    /// About how long until somebody takes it; null where nothing tells.
    estimated_wait_seconds: Option<i64>,
}

impl From<QueuePlace> for OwnPlace {
    fn from(place: QueuePlace) -> Self {
        Self { position: place.position, estimated_wait_seconds: place.estimated_wait.map(|wait| wait.as_secs()) }
    }
}

/// Shows a session: a customer's own by name, staff any by id or by name.
///
/// Where staff looks, `access.session_viewed` is recorded. With `?at=` it is the session as it stood: at a position, which
/// counts, or at a time, with everything recorded up to that very time. The answer for a position stays the same for ever, but
/// for texts that were erased since (`erased`), and, to the customer, for messages that the customer has cleared since, which
/// stay hidden. Staff is also told what the customer saw then and the last decision.
///
/// # Errors
/// It is not there or not the caller's; the moment is not in the log; the views are behind or away.
#[utoipa::path(
    get, path = "/api/sessions/{name}", operation_id = "show_session", tag = "sessions",
    security((), ("visitor" = []), ("visitor_cookie" = []), ("bearer" = [])),
    params(
        ("name" = texts::Name, Path, description = "The session's name; for staff its id as well"),
        ("at" = Option<texts::Moment>, Query, description = "As it stood: a position, or a time in RFC 3339 (write + as %2B)"),
        ("before" = Option<u64>, Query, description = "History before this position"),
        ("min_position" = Option<u64>, Query, description = "Waits until the views have read so far"),
    ),
    responses(
        (status = 200, body = SessionAnswer),
        (status = 400, description = "Also: `at` is in the future"),
        (status = 404, description = "Also: it had not begun at `at`"),
        (status = 409, description = "AMBIGUOUS_SESSION, for staff; CURSOR_AHEAD: `at` is beyond the log's head"),
    )
)]
pub async fn show(
    caller: OptionalStaff<SessionRead>,
    app: SessionServices,
    visitor: Result<KnownVisitor, Problem>,
    name: Path<String>,
    query: QueryFields,
) -> Result<HttpResponse, Problem> {
    let is_word = caller.staff.is_none() && STAFFS_WORDS.contains(&name.as_str());
    match shown(caller, app, visitor, name.into_inner(), query).await {
        // Whoever has no session of this name has asked for what is staff's.
        Err(problem) if is_word && problem.status_code() == StatusCode::NOT_FOUND => Err(nobody()),
        answer => answer,
    }
}

async fn shown(
    caller: OptionalStaff<SessionRead>,
    app: SessionServices,
    visitor: Result<KnownVisitor, Problem>,
    name: String,
    query: QueryFields,
) -> Result<HttpResponse, Problem> {
    let is_staff = caller.staff.is_some();
    let audience = if is_staff { Audience::Staff } else { Audience::Customer };
    // Staff's names are looked up in the views; a customer is known before it may wait.
    if is_staff {
        wait(&app.views, &*app.log, &query).await?;
    }
    let session = addressed(&app.views, &app.sessions, is_staff, visitor, name).await?;
    match &caller.staff {
        Some(staff) => viewed(&app, staff, session).await?,
        None => wait(&app.views, &*app.log, &query).await?,
    }
    let before = query.number("before")?.map(Position);
    let wanted = Wanted { session, audience, before, zone: &app.settings.time_zone };
    if let Some(moment) = point_in_time::moment(&query)? {
        let (data, position) = point_in_time::read(&app, &wanted, moment).await?;
        return Ok(HttpResponse::Ok().json(SessionAnswer { success: true, data, position: position.0, queue: None }));
    }
    let mut reading = app.views.reading().await?;
    let data = SessionData::read(&mut reading, &wanted).await?.ok_or_else(no_session)?;
    let queue = match data.session.is_waiting() && !is_staff {
        true => app.queue_places.of(session, &mut reading, app.clock.now()).await?.map(OwnPlace::from),
        false => None,
    };
    let position = reading.position().0;
    Ok(HttpResponse::Ok().json(SessionAnswer { success: true, data, position, queue }))
}

/// The session that a path names: to customers only their own exist, and to staff those that the views know by name.
///
/// # Errors
/// It is not there or not the caller's, or the name is not unique.
pub async fn addressed(
    views: &Views,
    sessions: &Sessions,
    is_staff: bool,
    visitor: Result<KnownVisitor, Problem>,
    name: String,
) -> Result<SessionId, Problem> {
    let name = SessionName::parse(name).map_err(|error| Problem::invalid("name", error))?;
    if is_staff {
        return named(views, &name).await;
    }
    let own = OwnSession::find(sessions, &visitor?, name).await?;
    own.map(|own| own.session).ok_or_else(no_session)
}

/// The session that staff names by id or by name; that staff is about to see it is on record.
///
/// # Errors
/// It is not there, the name is not unique, or the log does not take it.
pub(super) async fn found(app: &SessionServices, staff: &Staff, name: String) -> Result<SessionId, Problem> {
    let name = SessionName::parse(name).map_err(|error| Problem::invalid("session", error))?;
    let session = named(&app.views, &name).await?;
    viewed(app, staff, session).await?;
    Ok(session)
}

/// Records that staff is about to see a session; what is not there is not seen.
async fn viewed(app: &SessionServices, staff: &Staff, session: SessionId) -> Result<(), Problem> {
    if app.sessions.current(session).await?.version == StreamVersion::NONE {
        return Err(no_session());
    }
    record_view(&app.access_log, &*app.clock, staff, session).await
}

/// Records that staff is about to see a session that is there.
///
/// # Errors
/// The log does not take it: then nothing is shown.
pub(super) async fn record_view(
    access_log: &AccessLog,
    clock: &dyn Clock,
    staff: &Staff,
    session: SessionId,
) -> Result<(), Problem> {
    Ok(access_log.session_viewed(staff.agent, session, clock.now(), request_id()).await?)
}

impl SessionServices {
    /// The session that staff names by id, or by a name that only one visitor uses.
    ///
    /// # Errors
    /// It is not there, or the name is not unique.
    pub(super) async fn named(&self, field: &'static str, name: String) -> Result<SessionId, Problem> {
        let name = SessionName::parse(name).map_err(|error| Problem::invalid(field, error))?;
        named(&self.views, &name).await
    }
}

/// By id, or by a name that only one visitor uses: as it was sent, else in NFC.
async fn named(views: &Views, name: &SessionName) -> Result<SessionId, Problem> {
    if let Ok(id) = name.as_str().parse() {
        return Ok(id);
    }
    let (mut found, composed) = (views.find_by_name(name.as_str()).await?, name.composed());
    if found.is_empty() && composed != *name {
        found = views.find_by_name(composed.as_str()).await?;
    }
    match found.as_slice() {
        [] => Err(no_session()),
        [session] => Ok(*session),
        several => {
            let ids: Vec<Value> = several.iter().map(|id| id.to_string().into()).collect();
            let detail = "several visitors have a session of this name; use an id";
            Err(Problem::new(StatusCode::CONFLICT, "AMBIGUOUS_SESSION", detail).with("session_ids", ids))
        }
    }
}

/// Answers that there is no such session, or none of the caller's.
pub(super) fn no_session() -> Problem {
    Problem::not_found("Session not found")
}

/// Which rows of a list are asked for: how many at most, and how many to leave out.
pub(super) fn page_of(query: &QueryFields) -> Result<(u32, u64), Problem> {
    let limit = query.number("limit")?.unwrap_or(ROWS.0);
    if !(1..=ROWS.1).contains(&limit) {
        return Err(Problem::invalid("limit", format_args!("must be 1 to {}", ROWS.1)));
    }
    Ok((limit, query.number("offset")?.unwrap_or(0)))
}

/// The figures of now.
#[derive(Serialize, ToSchema)]
pub struct StatisticsAnswer {
    success: bool,
    data: StatisticsData,
    /// How far the views had read the log.
    position: u64,
}

/// Shows the figures of now.
///
/// Sessions by status, waiting and service times, agents who serve, and today's escalations, in the original's shape. No event is
/// recorded.
///
/// # Errors
/// The caller is no staff, or the views are away.
#[utoipa::path(
    get, path = "/api/sessions/stats", operation_id = "show_session_statistics", tag = "sessions", security(("bearer" = [])),
    params(("min_position" = Option<u64>, Query, description = "Waits until the views have read so far")),
    responses(
        (status = 200, body = StatisticsAnswer),
    )
)]
pub async fn stats(
    _: Require<StatisticsRead>,
    views: CaughtUpViews,
    clock: Data<dyn Clock>,
    settings: Data<Settings>,
) -> Result<HttpResponse, Problem> {
    let now = clock.now();
    let mut reading = views.reading().await?;
    let figures = reading.statistics(now, day_start(now, &settings.time_zone)).await?;
    let (data, position) = (figures.into(), reading.position().0);
    Ok(HttpResponse::Ok().json(StatisticsAnswer { success: true, data, position }))
}

/// When the day began that it is now in a time zone; that is not always at midnight.
#[must_use]
pub fn day_start(now: Timestamp, zone: &TimeZone) -> Timestamp {
    now.to_zoned(zone.clone()).start_of_day().map_or(now, |day| day.timestamp())
}
