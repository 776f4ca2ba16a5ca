//! Who may see what the shop has published. A policy's phrases are no customer's business.

use crate::{
    agent::Permission::{AuditRead, LogRead, SettingsRead},
    audience::{Audience, Viewers},
    settings::event::Event,
};

impl Event {
    /// Who may see this event.
    #[must_use]
    pub fn audience(&self) -> Audience {
        match self {
            Self::Published(_) | Self::RolledBack(_) | Self::BudgetReached(_) => {
                Audience { event: Viewers::staff(&[SettingsRead, LogRead, AuditRead]), personal: Viewers::NOBODY }
            }
        }
    }
}
