//! A session's status, as it stands on the wire, and which event brings which.
//!
//! Invariant: [`Event::status_after`] agrees with the fold of [`crate::session::State`], for readers that keep nothing but the
//! status (a property test).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::session::event::Event;

/// [`crate::session::Phase`] as it stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as in Phase")]
pub enum Status {
    BotActive,
    PendingManual,
    ManualLive,
    AfterHoursEmail,
    Closed,
}

impl Status {
    /// In the original's order.
    pub const ALL: [Self; 5] =
        [Self::BotActive, Self::PendingManual, Self::ManualLive, Self::AfterHoursEmail, Self::Closed];

    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BotActive => "bot_active",
            Self::PendingManual => "pending_manual",
            Self::ManualLive => "manual_live",
            Self::AfterHoursEmail => "after_hours_email",
            Self::Closed => "closed",
        }
    }

    /// From the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Event {
    /// The session's status after this event, given the one before it: `None` until the session is opened.
    #[must_use]
    pub fn status_after(&self, before: Option<Status>) -> Option<Status> {
        match self {
            Self::Opened(_) => before.or(Some(Status::BotActive)),
            Self::EscalationCancelled(_) | Self::Released(_) | Self::Reopened(_) => before.and(Some(Status::BotActive)),
            Self::Escalated(_) | Self::ReturnedToQueue(_) => before.and(Some(Status::PendingManual)),
            Self::AgentTookOver(_) | Self::Transferred(_) => before.and(Some(Status::ManualLive)),
            Self::AfterHoursNoticeGiven(_) => before.and(Some(Status::AfterHoursEmail)),
            Self::Closed(_) => before.and(Some(Status::Closed)),
            Self::CustomerMessageSent(_)
            | Self::ContextStarted(_)
            | Self::AssistantRunStarted(_)
            | Self::AssistantReplied(_)
            | Self::AssistantAsked(_)
            | Self::AssistantFailed(_)
            | Self::AssistantReplyWithheld(_)
            | Self::AgentMessageSent(_)
            | Self::NoticeGiven(_)
            | Self::TransferRequested(_)
            | Self::TransferAccepted(_)
            | Self::TransferDeclined(_)
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
            | Self::CommandConfirmed(_) => before,
        }
    }
}
