//! What customers asked lately, as fingerprints: enough to see that a question comes again, without reading and opening the last
//! messages for each new one.
//!
//! Invariant: no text is kept and none can be read from what is kept: a fingerprint is 64 bits under a key that this process made up
//! and that is written nowhere. It is forgotten ten minutes after the customer's last message, and with the process.

use std::{
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use domain::{SessionId, policy::Message};
use event_store::StreamVersion;
use moka::sync::Cache;

/// Earlier messages that a question is compared with.
pub(super) const COMPARED: usize = 3;
/// Sessions, the longest unused leaves first: about 10 MB.
const CAPACITY: u64 = 50_000;
/// Since the customer's last message.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(10);

/// What every session's customer asked last.
pub(crate) struct Heard {
    key: RandomState,
    sessions: Cache<SessionId, Asked>,
}

/// A question, or that a message was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint(Option<u64>);

/// A session's last questions, the newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    /// The version up to which the session has been looked at.
    pub(super) through: StreamVersion,
    last: [Fingerprint; COMPARED],
}

impl Default for Heard {
    fn default() -> Self {
        let sessions = Cache::builder().max_capacity(CAPACITY).time_to_live(FORGOTTEN_AFTER).build();
        Self { key: RandomState::new(), sessions }
    }
}

impl Heard {
    /// What a message asks.
    pub(super) fn fingerprint(&self, message: &Message<'_>) -> Fingerprint {
        Fingerprint(message.question().map(|question| self.key.hash_one(question)))
    }

    pub(super) fn of(&self, session: SessionId) -> Option<Asked> {
        self.sessions.get(&session)
    }

    pub(super) fn remember(&self, session: SessionId, asked: Asked) {
        self.sessions.insert(session, asked);
    }
}

impl Asked {
    /// Of a session that was looked at up to this version and had no message yet.
    pub(super) fn nothing(through: StreamVersion) -> Self {
        Self { through, last: [Fingerprint(None); COMPARED] }
    }

    /// With one message more.
    #[must_use]
    pub(super) fn and(self, newest: Fingerprint, through: StreamVersion) -> Self {
        let [first, second, _third] = self.last;
        Self { through, last: [newest, first, second] }
    }

    /// Whether one of them asks this.
    pub(super) fn contains(&self, question: Fingerprint) -> bool {
        question.0.is_some() && self.last.contains(&question)
    }
}
