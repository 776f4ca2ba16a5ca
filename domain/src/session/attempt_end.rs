//! What an event says of the end of an assistant's attempt: read by budgets and by views, so that both count the same.

use crate::{
    id::RunId,
    session::{
        Event,
        event::{Cost, FailureCode, Outcome, Tokens},
    },
};

/// The end of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptEnd<'a> {
    /// The run.
    pub run: RunId,
    /// The attempt.
    pub attempt: u32,
    /// How it ended.
    pub result: AttemptResult<'a>,
    /// What the model counted.
    pub tokens: Option<Tokens>,
    /// What it cost.
    pub cost: Option<&'a Cost>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptResult<'a> {
    /// With a reply.
    Replied(Outcome),
    /// With a failure.
    Failed {
        /// Why.
        code: FailureCode,
        /// The other side's code for it.
        error_code: Option<&'a str>,
    },
    /// With a reply that came too late.
    Withheld,
}

impl Event {
    /// The attempt that it ends, if it ends one.
    #[must_use]
    pub fn attempt_end(&self) -> Option<AttemptEnd<'_>> {
        let (run, attempt, result, tokens, cost) = match self {
            Self::AssistantReplied(end) => {
                (end.run, end.attempt, AttemptResult::Replied(end.outcome), end.tokens, &end.cost)
            }
            Self::AssistantFailed(end) => {
                let result = AttemptResult::Failed { code: end.code, error_code: end.error_code.as_deref() };
                (end.run, end.attempt, result, end.tokens, &end.cost)
            }
            Self::AssistantReplyWithheld(end) => (end.run, end.attempt, AttemptResult::Withheld, end.tokens, &end.cost),
            Self::Opened(_)
            | Self::CustomerMessageSent(_)
            | Self::ContextStarted(_)
            | Self::AssistantRunStarted(_)
            | Self::AssistantAsked(_)
            | Self::Escalated(_)
            | Self::EscalationCancelled(_)
            | Self::AfterHoursNoticeGiven(_)
            | Self::AgentTookOver(_)
            | Self::AgentMessageSent(_)
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
            | Self::ReturnedToQueue(_)
            | Self::Closed(_)
            | Self::Reopened(_)
            | Self::CommandConfirmed(_) => return None,
        };
        Some(AttemptEnd { run, attempt, result, tokens, cost: cost.as_ref() })
    }
}
