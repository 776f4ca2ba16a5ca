//! Who may see what happened to a visitor as a customer of the shop.

use crate::{
    agent::Permission::{AuditRead, LogRead, PersonalRead},
    audience::{Audience, Viewers},
    customer::event::Event,
};

const STAFF: Viewers = Viewers::staff(&[LogRead, AuditRead]);

impl Event {
    /// Who may see this event.
    #[must_use]
    pub fn audience(&self) -> Audience {
        match self {
            Self::Identified(_) | Self::ProfileChanged(_) => {
                Audience { event: STAFF, personal: Viewers::staff(&[PersonalRead]) }
            }
            Self::SignedOut(_) | Self::CommandConfirmed(_) | Self::DataErased(_) => {
                Audience { event: STAFF, personal: Viewers::NOBODY }
            }
        }
    }
}
