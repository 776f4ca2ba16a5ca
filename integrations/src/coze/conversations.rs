//! What is known of some conversations beyond their ids.
//!
//! - New: made and never asked anything in, so it does not know what was said before. The first chat may come an attempt later.
//! - Abandoned: a chat may run in it of which nobody heard the id, so it cannot be cancelled, and Coze takes no other (4016).
//!
//! It is remembered in this process only. What a restart loses is the history in front of one answer, or a wait for a chat's end.

use moka::sync::Cache;

/// Far more than are ever in such a state.
const MOST: u64 = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Abandoned,
}

/// The conversations of which something is known.
#[derive(Clone)]
pub(super) struct Conversations(Cache<String, State>);

impl Conversations {
    pub(super) fn new() -> Self {
        Self(Cache::new(MOST))
    }

    /// One was made.
    pub(super) fn made(&self, conversation: &str) {
        self.0.insert(conversation.to_owned(), State::New);
    }

    /// A chat began in it.
    pub(super) fn used(&self, conversation: &str) {
        self.0.invalidate(conversation);
    }

    /// A chat may have begun in it that nobody knows.
    pub(super) fn abandoned(&self, conversation: &str) {
        self.0.insert(conversation.to_owned(), State::Abandoned);
    }

    /// Whether it must be told what was said before.
    pub(super) fn is_new(&self, conversation: &str) -> bool {
        self.0.get(conversation) == Some(State::New)
    }

    /// Whether another is needed.
    pub(super) fn is_abandoned(&self, conversation: &str) -> bool {
        self.0.get(conversation) == Some(State::Abandoned)
    }
}
