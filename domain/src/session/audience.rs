//! Who may see what happened in a session.
//!
//! The customer sees its own session, but for what went wrong behind the scenes and what was withheld; of an escalation it does
//! not see what the rule saw.

use crate::{
    agent::Permission::{AuditRead, LogRead, PersonalRead, SessionRead},
    audience::{Audience, Viewers},
    session::event::Event,
};

const STAFF: Viewers = Viewers::staff(&[SessionRead, LogRead, AuditRead]);
const STAFF_PERSONAL: Viewers = Viewers::staff(&[SessionRead, PersonalRead]);

impl Event {
    /// Who may see this event.
    #[must_use]
    pub fn audience(&self) -> Audience {
        match self {
            Self::Opened(_) | Self::CustomerMessageSent(_) | Self::AssistantReplied(_) => {
                Audience { event: STAFF.and_customer(), personal: STAFF_PERSONAL.and_customer() }
            }
            Self::Escalated(_) => Audience { event: STAFF.and_customer(), personal: STAFF_PERSONAL },
            Self::ContextStarted(_)
            | Self::AssistantRunStarted(_)
            | Self::EscalationCancelled(_)
            | Self::AfterHoursNoticeGiven(_)
            | Self::AgentTookOver(_)
            | Self::Released(_)
            | Self::ReturnedToQueue(_)
            | Self::Closed(_)
            | Self::Reopened(_) => Audience { event: STAFF.and_customer(), personal: Viewers::NOBODY },
            Self::AssistantFailed(_) | Self::AssistantReplyWithheld(_) => {
                Audience { event: STAFF, personal: STAFF_PERSONAL }
            }
            Self::CommandConfirmed(_) => Audience { event: STAFF, personal: Viewers::NOBODY },
        }
    }
}
