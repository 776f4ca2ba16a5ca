//! `GET /api/sessions/{name}?at=`: a session as it stood at a position of the log or at a time.
//!
//! It is folded from the log, so it waits for no view. Messages that a customer has cleared since stay hidden from that customer:
//! the next user of the device must not find them.

use domain::SessionId;
use event_store::{Clock, EventReader, Position};
use jiff::Timestamp;
use projections::{AsOf, Audience, NoteView, SessionAt, Views, as_of::InvalidAsOf};

use super::{SessionServices, no_session};
use crate::{
    problem::Problem,
    query::QueryFields,
    wire::{SessionData, Wanted},
};

/// The moment of `?at=`, if the query has one. An empty one is refused: whoever asks for a moment must not be shown now.
pub(super) fn moment(query: &QueryFields) -> Result<Option<AsOf>, Problem> {
    let refused = |error: InvalidAsOf| Problem::invalid("at", format_args!("{error}; in a URL + is written %2B"));
    query.given("at").map(|text| text.parse().map_err(refused)).transpose()
}

/// The session as a reader is shown it for that moment, and the position of its newest event of then.
pub(super) async fn read(
    app: &SessionServices,
    wanted: &Wanted<'_>,
    as_of: AsOf,
) -> Result<(SessionData, Position), Problem> {
    let then = then(app, wanted.session, as_of).await?;
    let data = SessionData::read_then(&then, &mut app.views.reading().await?, wanted).await?;
    let (mut data, position) = (data.ok_or_else(no_session)?, then.newest.position);
    if wanted.audience == Audience::Customer && is_cleared_since(&app.views, wanted.session, position).await? {
        data.session.clear_history();
    }
    Ok((data, position))
}

/// The session as it stood.
async fn then(app: &SessionServices, session: SessionId, as_of: AsOf) -> Result<SessionAt, Problem> {
    if let AsOf::Time(time) = as_of {
        refuse_future(&*app.log, &*app.clock, time).await?;
    }
    Ok(SessionAt::read(app.sessions.journal(), session, as_of).await?)
}

/// The notes of a session as they stood at the moment of `?at=`, and the position of its newest event of then; nothing without one.
///
/// # Errors
/// The moment does not parse or is in the future, the session had not begun, or the log is away.
pub(in crate::routes) async fn notes(
    app: &SessionServices,
    session: SessionId,
    query: &QueryFields,
) -> Result<Option<(Vec<NoteView>, Position)>, Problem> {
    let Some(as_of) = moment(query)? else { return Ok(None) };
    let then = then(app, session, as_of).await?;
    let notes = then.reading().await?.notes(session).await?;
    Ok(Some((notes, then.newest.position)))
}

/// A time in the future is refused, for events up to it may still be recorded. Where clocks differ the log may be ahead of this one.
async fn refuse_future(log: &dyn EventReader, clock: &dyn Clock, time: Timestamp) -> Result<(), Problem> {
    let now = clock.now();
    if time <= now {
        return Ok(());
    }
    let last = log.read_at(log.head().await?).await?;
    match last {
        Some(last) if time <= last.recorded_at => Ok(()),
        Some(_) | None => Err(Problem::invalid("at", format_args!("is in the future; it is {now:.0} here"))),
    }
}

async fn is_cleared_since(views: &Views, session: SessionId, position: Position) -> Result<bool, Problem> {
    let now = views.session(session).await?;
    Ok(now.is_some_and(|now| now.cleared_at > position))
}
