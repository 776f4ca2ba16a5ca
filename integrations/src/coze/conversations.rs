//! Conversations that we made and never asked anything in: they do not know what was said before.
//!
//! Only for the time between making one and the first chat in it, which may be an attempt later. What is lost by a restart in
//! between is the history of one session in front of one answer.

use moka::sync::Cache;

/// Far more than are ever between their making and their first chat.
const MOST: u64 = 10_000;

/// The ids of such conversations.
#[derive(Clone)]
pub(super) struct Unused(Cache<String, ()>);

impl Unused {
    pub(super) fn new() -> Self {
        Self(Cache::new(MOST))
    }

    pub(super) fn add(&self, conversation: &str) {
        self.0.insert(conversation.to_owned(), ());
    }

    pub(super) fn has(&self, conversation: &str) -> bool {
        self.0.contains_key(conversation)
    }

    pub(super) fn remove(&self, conversation: &str) {
        self.0.invalidate(conversation);
    }
}
