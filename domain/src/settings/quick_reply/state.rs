//! The state of one collection of quick replies, folded from its events: versions, no texts. `evolve` never fails.

use std::collections::BTreeMap;

use super::first_set;
use crate::{id::QuickReplyId, settings::event::Event};

/// The versions of a collection's quick replies; `None` is one that was removed. The first set is the shop's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State(BTreeMap<QuickReplyId, Option<u32>>);

impl State {
    /// The version of a quick reply; `None` where there is no such one, or none any more.
    #[must_use]
    pub fn version(&self, reply: QuickReplyId) -> Option<u32> {
        match self.0.get(&reply) {
            Some(version) => *version,
            None => first_set::find(reply).map(|_| first_set::VERSION),
        }
    }

    /// Whether there is or was such a quick reply.
    #[must_use]
    pub fn knows(&self, reply: QuickReplyId) -> bool {
        self.0.contains_key(&reply) || first_set::find(reply).is_some()
    }

    /// How many were written and are there, those of the first set left out unless they were changed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.values().flatten().count()
    }

    /// Whether none was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The state after one more event.
    #[must_use]
    pub fn evolve(mut self, event: &Event) -> Self {
        let (reply, version) = match event {
            Event::QuickReplySaved(saved) => (saved.reply, Some(saved.version)),
            Event::PersonalQuickReplySaved(saved) => (saved.reply, Some(saved.version)),
            Event::QuickReplyRemoved(removed) => (removed.reply, None),
            Event::Published(_) | Event::RolledBack(_) | Event::BudgetReached(_) | Event::LogRestored(_) => {
                return self;
            }
        };
        self.0.insert(reply, version);
        self
    }
}
