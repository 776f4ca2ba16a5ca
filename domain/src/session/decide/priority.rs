//! Staff sets a session's place in the queue.
//!
//! Invariant: danger is declared by its rule alone, and no person lowers it.

use crate::session::{
    decide::{Decision, invalid},
    event::{Event, PriorityChanged},
    priority::PriorityClass,
    rejection::Rejection,
    state::{Phase, Session},
};

/// Set while the assistant has the session, it is the least class that an escalation gives it.
pub(super) fn set(session: &Session, class: PriorityClass) -> Decision {
    if class == PriorityClass::Danger || session.class == PriorityClass::Danger {
        return Err(Rejection::DangerIsByRule);
    }
    match session.phase {
        Phase::Closed => invalid(session),
        _open if session.class == class => Ok(Vec::new()),
        Phase::BotActive | Phase::PendingManual | Phase::ManualLive { .. } | Phase::AfterHoursEmail => {
            Ok(vec![Event::PriorityChanged(PriorityChanged { class, rule: None })])
        }
    }
}
