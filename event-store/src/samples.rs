//! Sample events for the tests of this crate.

use uuid::Uuid;

use crate::event::{Actor, SealedEvent};

/// A new event without a personal part.
pub(crate) fn event() -> SealedEvent {
    SealedEvent {
        event_id: Uuid::new_v4(),
        event_type: "session.noted".into(),
        schema: 1,
        actor: Actor::new("agent", "ana"),
        subject: None,
        key_id: None,
        correlation_id: Uuid::nil(),
        causation_id: None,
        data: "{}".into(),
        personal: None,
    }
}
