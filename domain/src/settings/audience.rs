//! Who may see what the shop has published. A policy's phrases are no customer's business; quick replies are for whoever reads
//! sessions.

use crate::{
    agent::Permission::{AuditRead, LogRead, PersonalRead, SessionRead, SettingsRead},
    audience::{Audience, Viewers},
    settings::event::Event,
};

const WITH_AGENTS: Viewers = Viewers::staff(&[SessionRead, SettingsRead, LogRead, AuditRead]);

impl Event {
    /// Who may see this event.
    #[must_use]
    pub fn audience(&self) -> Audience {
        match self {
            Self::Published(_) | Self::RolledBack(_) | Self::BudgetReached(_) | Self::LogRestored(_) => {
                Audience { event: Viewers::staff(&[SettingsRead, LogRead, AuditRead]), personal: Viewers::NOBODY }
            }
            Self::QuickReplySaved(_) | Self::QuickReplyRemoved(_) => {
                Audience { event: WITH_AGENTS, personal: Viewers::NOBODY }
            }
            Self::PersonalQuickReplySaved(_) => {
                Audience { event: WITH_AGENTS, personal: Viewers::staff(&[SessionRead, PersonalRead]) }
            }
        }
    }
}
