//! Who may see what happened to an account or an API key.
//!
//! What a password, a code or a recovery code is checked against is the account's alone: no permission opens it.

use crate::{
    agent::{
        Permission::{AgentRead, AuditRead, LogRead, PersonalRead, SessionRead},
        event::Event,
    },
    audience::{Audience, Viewers},
    id::AgentId,
};

const STAFF: Viewers = Viewers::staff(&[AgentRead, LogRead, AuditRead]);
/// Whoever may give a session to a colleague sees who is there.
const COLLEAGUES: Viewers = Viewers::staff(&[SessionRead, AgentRead, LogRead, AuditRead]);
const NAMES: Viewers = Viewers::staff(&[AgentRead, PersonalRead]);
const ORIGINS: Viewers = Viewers::staff(&[PersonalRead]);

impl Event {
    /// Who may see this event of this account.
    #[must_use]
    pub fn audience(&self, account: AgentId) -> Audience {
        let event = STAFF.and_account(account);
        match self {
            Self::Created(_) | Self::Renamed(_) => Audience { event, personal: NAMES.and_account(account) },
            Self::SignedIn(_) => Audience { event, personal: ORIGINS.and_account(account) },
            Self::PasswordSet(_)
            | Self::SecondFactorOffered(_)
            | Self::SecondFactorEnabled(_)
            | Self::RecoveryCodesReplaced(_) => Audience { event, personal: Viewers::account(account) },
            // Of whoever tried, who need not be the owner.
            Self::SignInsFailed(_) => Audience { event, personal: ORIGINS },
            Self::RoleChanged(_)
            | Self::SkillsChanged(_)
            | Self::LanguagesChanged(_)
            | Self::CapacityChanged(_)
            | Self::Deactivated(_)
            | Self::Reactivated(_)
            | Self::SignInRenewed(_)
            | Self::SignedOut(_)
            | Self::SignInRevoked(_)
            | Self::SecondFactorUsed(_)
            | Self::SecondFactorDisabled(_)
            | Self::DataErased(_) => Audience { event, personal: Viewers::NOBODY },
            Self::PresenceChanged(_) => Audience { event: COLLEAGUES.and_account(account), personal: Viewers::NOBODY },
            Self::ApiKeyIssued(_) => Audience { event: STAFF, personal: NAMES },
            Self::ApiKeyRevoked(_) => Audience { event: STAFF, personal: Viewers::NOBODY },
        }
    }
}
