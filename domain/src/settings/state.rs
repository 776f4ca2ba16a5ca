//! The state of a topic's settings, folded from its events. `evolve` never fails.

use std::sync::Arc;

use crate::settings::event::Event;

/// Every version of a topic's document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// Those from version 1 on; `None` is what the program brings.
    documents: Vec<Option<Arc<str>>>,
}

impl State {
    /// The version in force.
    #[must_use]
    pub fn version(&self) -> u32 {
        u32::try_from(self.documents.len()).expect("nobody publishes 4 billion versions")
    }

    /// A version's document, if there is this version; inside, `None` is the document that the program brings.
    #[must_use]
    pub fn document(&self, version: u32) -> Option<Option<&Arc<str>>> {
        match usize::try_from(version).ok()?.checked_sub(1) {
            None => Some(None),
            Some(index) => self.documents.get(index).map(Option::as_ref),
        }
    }

    /// The document in force; `None` is the document that the program brings.
    #[must_use]
    pub fn in_force(&self) -> Option<&Arc<str>> {
        self.documents.last().and_then(Option::as_ref)
    }

    /// The state after one more event.
    #[must_use]
    pub fn evolve(mut self, event: &Event) -> Self {
        let document = match event {
            Event::Published(published) => Some(Arc::from(published.document.as_str())),
            Event::RolledBack(rolled_back) => self.document(rolled_back.to_version).flatten().cloned(),
            Event::BudgetReached(_)
            | Event::QuickReplySaved(_)
            | Event::PersonalQuickReplySaved(_)
            | Event::QuickReplyRemoved(_)
            | Event::LogRestored(_) => return self,
        };
        self.documents.push(document);
        self
    }
}
