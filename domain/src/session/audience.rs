//! Who may see what happened in a session.
//!
//! The customer sees its own session, but for what went wrong behind the scenes and what was withheld; of an escalation it does
//! not see what the rule saw, and of its way from person to person not what staff says about it. Notes and tags are staff's alone.

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
            Self::Opened(_)
            | Self::CustomerMessageSent(_)
            | Self::AssistantReplied(_)
            | Self::AgentMessageSent(_)
            | Self::ProfileChanged(_)
            | Self::RatingGiven(_) => Audience { event: STAFF.and_customer(), personal: STAFF_PERSONAL.and_customer() },
            Self::Escalated(_) | Self::Transferred(_) => {
                Audience { event: STAFF.and_customer(), personal: STAFF_PERSONAL }
            }
            Self::ContextStarted(_)
            | Self::AssistantRunStarted(_)
            | Self::EscalationCancelled(_)
            | Self::AfterHoursNoticeGiven(_)
            | Self::AgentTookOver(_)
            | Self::NoticeGiven(_)
            | Self::Released(_)
            | Self::ReturnedToQueue(_)
            | Self::Closed(_)
            | Self::Reopened(_) => Audience { event: STAFF.and_customer(), personal: Viewers::NOBODY },
            Self::AssistantAsked(_)
            | Self::AssistantFailed(_)
            | Self::AssistantReplyWithheld(_)
            | Self::TransferRequested(_)
            | Self::NoteAdded(_)
            | Self::NoteEdited(_) => Audience { event: STAFF, personal: STAFF_PERSONAL },
            Self::TransferAccepted(_)
            | Self::TransferDeclined(_)
            | Self::OfferMade(_)
            | Self::OfferAccepted(_)
            | Self::OfferExpired(_)
            | Self::MailRequested(_)
            | Self::MailSent(_)
            | Self::MailFailed(_)
            | Self::PriorityChanged(_)
            | Self::NoteRemoved(_)
            | Self::TagsChanged(_)
            | Self::CommandConfirmed(_) => Audience { event: STAFF, personal: Viewers::NOBODY },
        }
    }
}

impl Event {
    /// Fields of the plain part that the customer does not see: rules, the policy and the queue are the shop's own, and so are its
    /// nodes, and where and how surely an answer was found.
    #[must_use]
    pub fn hidden_from_customer(&self) -> &'static [&'static str] {
        match self {
            Self::Escalated(_) => &["rule", "policy_version", "class", "group", "severity"],
            Self::CustomerMessageSent(_) => &["rule_signals", "incarnation"],
            Self::AssistantReplied(_) => &["rule_signals", "confidence_permille", "sources", "tokens", "cost"],
            Self::AssistantRunStarted(_) => &["variant", "incarnation"],
            Self::ReturnedToQueue(_) => &["group"],
            Self::AgentMessageSent(_) => &["quick_reply"],
            Self::Opened(_)
            | Self::ContextStarted(_)
            | Self::AssistantAsked(_)
            | Self::AssistantFailed(_)
            | Self::AssistantReplyWithheld(_)
            | Self::EscalationCancelled(_)
            | Self::AfterHoursNoticeGiven(_)
            | Self::AgentTookOver(_)
            | Self::NoticeGiven(_)
            | Self::TransferRequested(_)
            | Self::TransferAccepted(_)
            | Self::TransferDeclined(_)
            | Self::Transferred(_)
            | Self::OfferMade(_)
            | Self::OfferAccepted(_)
            | Self::OfferExpired(_)
            | Self::MailRequested(_)
            | Self::MailSent(_)
            | Self::MailFailed(_)
            | Self::PriorityChanged(_)
            | Self::ProfileChanged(_)
            | Self::NoteAdded(_)
            | Self::NoteEdited(_)
            | Self::NoteRemoved(_)
            | Self::TagsChanged(_)
            | Self::RatingGiven(_)
            | Self::Released(_)
            | Self::Closed(_)
            | Self::Reopened(_)
            | Self::CommandConfirmed(_) => &[],
        }
    }
}
