//! Which other nodes have somebody who follows a session's answers: only these are sent its pieces.
//!
//! Invariant: a node that has not said so for [`INTEREST`] is sent nothing more.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use domain::{Incarnation, SessionId};
use tokio::time::Instant;

/// How long a node's word counts.
pub(super) const INTEREST: Duration = Duration::from_secs(30);

type Nodes = HashMap<Incarnation, Instant>;

#[derive(Default)]
pub(super) struct Interests(Mutex<HashMap<SessionId, Nodes>>);

impl Interests {
    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Nodes>> {
        self.0.lock().expect("no code panics while it holds this lock")
    }

    pub(super) fn note(&self, session: SessionId, node: Incarnation, now: Instant) {
        self.lock().entry(session).or_default().insert(node, now + INTEREST);
    }

    /// Whether any other node wants it, or did a moment ago.
    pub(super) fn has(&self, session: SessionId) -> bool {
        self.lock().contains_key(&session)
    }

    /// The nodes that want it now.
    pub(super) fn of(&self, session: SessionId, now: Instant) -> Vec<Incarnation> {
        let interests = self.lock();
        let nodes = interests.get(&session).into_iter().flatten();
        nodes.filter(|(_, until)| **until > now).map(|(node, _)| *node).collect()
    }

    /// Forgets what no longer counts.
    pub(super) fn sweep(&self, now: Instant) {
        self.lock().retain(|_, nodes| {
            nodes.retain(|_, until| *until > now);
            !nodes.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_nodes_word_counts_for_thirty_seconds() {
        let (interests, session, start) = (Interests::default(), SessionId(Uuid::from_u128(1)), Instant::now());
        let (one, other) = (Incarnation(Uuid::from_u128(2)), Incarnation(Uuid::from_u128(3)));
        let at = |seconds| start + Duration::from_secs(seconds);
        interests.note(session, one, start);
        interests.note(session, other, at(20));
        assert_eq!(interests.of(session, at(20)).len(), 2);
        assert_eq!(interests.of(session, at(31)), [other]);
        interests.sweep(at(31));
        assert!(interests.has(session));
        interests.sweep(at(51));
        assert!(!interests.has(session));
    }
}
