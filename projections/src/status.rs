//! Which status an event brings a session, for projections that keep nothing but the status.
//!
//! Invariant: it agrees with the domain's fold (a property test).

use domain::session::{Event, Status};

pub(crate) trait StatusAfter {
    /// The session's status after this event, given the one before it: `None` until the session is opened.
    fn status_after(&self, before: Option<Status>) -> Option<Status>;
}

impl StatusAfter for Event {
    fn status_after(&self, before: Option<Status>) -> Option<Status> {
        match self {
            Self::Opened(_) => before.or(Some(Status::BotActive)),
            Self::EscalationCancelled(_) | Self::Released(_) | Self::Reopened(_) => before.and(Some(Status::BotActive)),
            Self::Escalated(_) | Self::ReturnedToQueue(_) => before.and(Some(Status::PendingManual)),
            Self::AgentTookOver(_) => before.and(Some(Status::ManualLive)),
            Self::AfterHoursNoticeGiven(_) => before.and(Some(Status::AfterHoursEmail)),
            Self::Closed(_) => before.and(Some(Status::Closed)),
            Self::CustomerMessageSent(_)
            | Self::ContextStarted(_)
            | Self::AssistantRunStarted(_)
            | Self::AssistantReplied(_)
            | Self::AssistantFailed(_)
            | Self::AssistantReplyWithheld(_)
            | Self::CommandConfirmed(_) => before,
        }
    }
}
