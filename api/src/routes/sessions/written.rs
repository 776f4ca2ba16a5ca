//! What a command left, for that command's answer: the session, a note, its tags.

use domain::{NoteId, SessionId, text::Tag};
use event_store::Position;
use projections::{AsOf, Audience, NoteView, SessionAt, SessionView};

use super::{SessionServices, no_session, point_in_time, record_view};
use crate::{
    auth::staff::Staff,
    problem::Problem,
    routes::min_position::PATIENCE,
    wire::{SessionData, SessionState, Wanted},
};

/// The session at the position that a command wrote: out of the views once they have read so far. What a repeated command
/// left, and what the views are too far behind to know, is folded from the log.
///
/// # Errors
/// The log or the views are away; that staff is about to see the session cannot be recorded.
pub(in crate::routes) async fn state_after(
    app: &SessionServices,
    session: SessionId,
    staff: Option<&Staff>,
    position: Position,
    is_repeat: bool,
) -> Result<SessionState, Problem> {
    if let Some(staff) = staff {
        record_view(&app.access_log, &*app.clock, staff, session).await?;
    }
    let audience = if staff.is_some() { Audience::Staff } else { Audience::Customer };
    let wanted = Wanted { session, audience, before: None, zone: &app.settings.time_zone };
    if is_repeat || app.views.wait_for(position, PATIENCE).await.is_err() {
        let then = AsOf::Position(position);
        return Ok(point_in_time::read(app, &wanted, then).await?.0.session);
    }
    let mut reading = app.views.reading().await?;
    let data = SessionData::read(&mut reading, &wanted).await?;
    Ok(data.ok_or_else(no_session)?.session)
}

/// A note at the position that a command wrote, removed or not.
///
/// # Errors
/// The log or the views are away.
pub(in crate::routes) async fn note_after(
    app: &SessionServices,
    session: SessionId,
    note: NoteId,
    position: Position,
    is_repeat: bool,
) -> Result<Option<NoteView>, Problem> {
    if let Some(then) = folded(app, session, position, is_repeat).await? {
        return Ok(then.reading().await?.note(session, note).await?);
    }
    Ok(app.views.reading().await?.note(session, note).await?)
}

/// The session's tags at the position that a command wrote.
///
/// # Errors
/// The log or the views are away.
pub(in crate::routes) async fn tags_after(
    app: &SessionServices,
    session: SessionId,
    position: Position,
    is_repeat: bool,
) -> Result<Vec<String>, Problem> {
    let view = match folded(app, session, position, is_repeat).await? {
        Some(then) => then.reading().await?.session(session).await?,
        None => app.views.reading().await?.session(session).await?,
    };
    let SessionView { tags, .. } = view.ok_or_else(no_session)?;
    Ok(tags.iter().map(|tag: &Tag| tag.as_str().to_owned()).collect())
}

/// The session as a repeated command left it, or as the views are too far behind to know it; nothing where they know it.
async fn folded(
    app: &SessionServices,
    session: SessionId,
    position: Position,
    is_repeat: bool,
) -> Result<Option<SessionAt>, Problem> {
    if !is_repeat && app.views.wait_for(position, PATIENCE).await.is_ok() {
        return Ok(None);
    }
    Ok(Some(SessionAt::read(app.sessions.journal(), session, AsOf::Position(position)).await?))
}
