//! A session as a command left it, for that command's answer.

use domain::SessionId;
use event_store::Position;
use projections::{AsOf, Audience};

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
