//! An event for whoever tests a log by itself.

use event_store::{Actor, SealedEvent};
use uuid::Uuid;

/// A new event without a personal part, in two scripts.
#[must_use]
pub fn event() -> SealedEvent {
    SealedEvent {
        event_id: Uuid::new_v4(),
        event_type: "test.happened".into(),
        schema: 1,
        actor: Actor::new("system", "test"),
        subject: None,
        key_id: None,
        correlation_id: Uuid::new_v4(),
        causation_id: None,
        data: r#"{"text":"wie weit fährt das Rad? 续航多少公里？"}"#.into(),
        personal: None,
    }
}
