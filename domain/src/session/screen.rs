//! What the customer's screen still holds: `clear` hides what was said before it, and an answer that comes late to it.
//!
//! Invariant: the log keeps everything; this only says what the customer's own routes leave out.

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
            Event::ContextStarted(started) if started.cleared => self.hidden.extend(self.said.drain()),
            _nothing_said => {}
        }
    }

    /// Whether an event is no longer shown: a message that was cleared, or an answer to nothing but such messages.
    #[must_use]
    pub fn hides(&self, event: &Event) -> bool {
        match event {
            Event::CustomerMessageSent(sent) => self.hidden.contains(&sent.message),
            Event::AssistantReplied(replied) => {
                !replied.answers.is_empty() && replied.answers.iter().all(|id| self.hidden.contains(id))
            }
            _nothing_said => false,
        }
    }
}
