//! What the customer's screen still shows: `clear` hides the messages before it and their late answers.
//!
//! Invariant: nothing is deleted; staff sees everything, only the customer's own routes leave this out.

use std::collections::HashSet;

use crate::{id::MessageId, session::event::Event};

/// The customer's screen, folded from the session's events in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Screen {
    said: HashSet<MessageId>,
    hidden: HashSet<MessageId>,
}

impl Screen {
    /// Takes in one more event.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::CustomerMessageSent(sent) => drop(self.said.insert(sent.message)),
            Event::AgentMessageSent(sent) => drop(self.said.insert(sent.message)),
            Event::NoticeGiven(given) => drop(self.said.insert(given.message)),
            Event::ContextStarted(started) if started.cleared => self.hidden.extend(self.said.drain()),
            Event::ContextStarted(_)
            | Event::Opened(_)
            | Event::AssistantRunStarted(_)
            | Event::AssistantReplied(_)
            | Event::AssistantAsked(_)
            | Event::AssistantFailed(_)
            | Event::AssistantReplyWithheld(_)
            | Event::Escalated(_)
            | Event::EscalationCancelled(_)
            | Event::AfterHoursNoticeGiven(_)
            | Event::AgentTookOver(_)
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
            | Event::NoteAdded(_)
            | Event::NoteEdited(_)
            | Event::NoteRemoved(_)
            | Event::TagsChanged(_)
            | Event::RatingGiven(_)
            | Event::Released(_)
            | Event::ReturnedToQueue(_)
            | Event::Closed(_)
            | Event::Reopened(_)
            | Event::CommandConfirmed(_) => {}
        }
    }

    /// Whether an event is no longer shown: a message that was cleared, or an answer to nothing but such messages.
    #[must_use]
    pub fn hides(&self, event: &Event) -> bool {
        match event {
            Event::CustomerMessageSent(sent) => self.hidden.contains(&sent.message),
            Event::AgentMessageSent(sent) => self.hidden.contains(&sent.message),
            Event::NoticeGiven(given) => self.hidden.contains(&given.message),
            Event::AssistantReplied(replied) => {
                !replied.answers.is_empty() && replied.answers.iter().all(|id| self.hidden.contains(id))
            }
            Event::ContextStarted(_)
            | Event::Opened(_)
            | Event::AssistantRunStarted(_)
            | Event::AssistantAsked(_)
            | Event::AssistantFailed(_)
            | Event::AssistantReplyWithheld(_)
            | Event::Escalated(_)
            | Event::EscalationCancelled(_)
            | Event::AfterHoursNoticeGiven(_)
            | Event::AgentTookOver(_)
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
            | Event::NoteAdded(_)
            | Event::NoteEdited(_)
            | Event::NoteRemoved(_)
            | Event::TagsChanged(_)
            | Event::RatingGiven(_)
            | Event::Released(_)
            | Event::ReturnedToQueue(_)
            | Event::Closed(_)
            | Event::Reopened(_)
            | Event::CommandConfirmed(_) => false,
        }
    }
}
