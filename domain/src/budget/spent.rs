//! What an event says that an attempt used.

use crate::{
    id::RunId,
    session::{
        Event,
        event::{Cost, Tokens},
    },
};

/// An attempt that ended.
pub(super) struct Ended<'a> {
    pub(super) run: RunId,
    pub(super) attempt: u32,
    pub(super) tokens: Option<Tokens>,
    pub(super) cost: Option<&'a Cost>,
}

/// The attempt that an event ends, if it ends one.
pub(super) fn ended(event: &Event) -> Option<Ended<'_>> {
    let (run, attempt, tokens, cost) = match event {
        Event::AssistantReplied(end) => (end.run, end.attempt, end.tokens, &end.cost),
        Event::AssistantFailed(end) => (end.run, end.attempt, end.tokens, &end.cost),
        Event::AssistantReplyWithheld(end) => (end.run, end.attempt, end.tokens, &end.cost),
        Event::Opened(_)
        | Event::CustomerMessageSent(_)
        | Event::ContextStarted(_)
        | Event::AssistantRunStarted(_)
        | Event::AssistantAsked(_)
        | Event::Escalated(_)
        | Event::EscalationCancelled(_)
        | Event::AfterHoursNoticeGiven(_)
        | Event::AgentTookOver(_)
        | Event::AgentMessageSent(_)
        | Event::NoticeGiven(_)
        | Event::TransferRequested(_)
        | Event::TransferAccepted(_)
        | Event::TransferDeclined(_)
        | Event::Transferred(_)
        | Event::OfferMade(_)
        | Event::OfferAccepted(_)
        | Event::OfferExpired(_)
        | Event::MailRequested(_)
        | Event::MailSent(_)
        | Event::MailFailed(_)
        | Event::PriorityChanged(_)
        | Event::ProfileChanged(_)
        | Event::Released(_)
        | Event::ReturnedToQueue(_)
        | Event::Closed(_)
        | Event::Reopened(_)
        | Event::CommandConfirmed(_) => return None,
    };
    Some(Ended { run, attempt, tokens, cost: cost.as_ref() })
}
