//! Who may see what staff has looked at.

use crate::{
    access::event::Event,
    agent::Permission::{AuditRead, LogRead},
    audience::{Audience, Viewers},
};

impl Event {
    /// Who may see this event.
    #[must_use]
    pub fn audience(&self) -> Audience {
        match self {
            Self::SessionViewed(_) | Self::LogExported(_) => {
                Audience { event: Viewers::staff(&[LogRead, AuditRead]), personal: Viewers::NOBODY }
            }
        }
    }
}
