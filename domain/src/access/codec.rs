//! How the events of staff's access are stored.

use crate::{
    access::event::{Event, LogExported, SessionViewed},
    codec::{stored_events, upcast::Upcaster},
};

/// None yet: every event is still at its first schema.
const UPCASTERS: &[Upcaster] = &[];

stored_events! {
    Event;
    plain {
        SessionViewed = "access.session_viewed",
        LogExported = "access.log_exported",
    }
    personal {}
}
