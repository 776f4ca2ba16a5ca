//! How the events of settings are stored.

use crate::{
    codec::{stored_events, upcast::Upcaster},
    settings::event::{Event, Published, RolledBack},
};

/// None yet: every event is still at its first schema.
const UPCASTERS: &[Upcaster] = &[];

stored_events! {
    Event;
    plain {
        Published = "settings.published",
        RolledBack = "settings.rolled_back",
    }
    personal {}
}
