//! How the events of a customer are stored.

use crate::{
    codec::{stored_events, upcast::Upcaster},
    customer::event::{CommandConfirmed, DataErased, Event, Identified, Profile, ProfileChanged, SignedOut},
};

/// None yet: every event is still at its first schema.
const UPCASTERS: &[Upcaster] = &[];

stored_events! {
    Event;
    plain {
        SignedOut = "customer.signed_out",
        CommandConfirmed = "customer.command_confirmed",
        DataErased = "customer.data_erased",
    }
    personal {
        Identified = "customer.identified", profile: Profile, Contact;
        ProfileChanged = "customer.profile_changed", profile: Profile, Contact;
    }
}
