//! Which sessions this node is answering: one task each, and nothing that comes meanwhile is missed.
//!
//! Invariant: whoever is told "somebody is at it" has left its cause with that somebody, who looks once more before it leaves.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Mutex, MutexGuard},
};

use domain::SessionId;
use uuid::Uuid;

/// Sessions that are being answered, each with what came too late to be begun by whoever is at it.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<SessionId, Option<Uuid>>>);

impl Turns {
    /// Whether nobody is at anything.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// The turn of a session; where somebody has it, that one is left the cause, if there is one.
    pub(super) fn take(&self, session: SessionId, cause: Option<Uuid>) -> Option<Turn<'_>> {
        match self.lock().entry(session) {
            Entry::Vacant(free) => {
                free.insert(None);
                Some(Turn { turns: self, session, is_over: false })
            }
            Entry::Occupied(mut taken) => {
                if cause.is_some() {
                    taken.insert(cause);
                }
                None
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Option<Uuid>>> {
        self.0.lock().expect("no code panics while it holds this lock")
    }
}

/// The right to answer a session, until it is dropped.
pub(super) struct Turn<'a> {
    turns: &'a Turns,
    session: SessionId,
    is_over: bool,
}

impl Turn<'_> {
    /// What came meanwhile; the turn is over if nothing did.
    pub(super) fn end(&mut self) -> Option<Uuid> {
        let mut turns = self.turns.lock();
        let missed = turns.get_mut(&self.session).and_then(Option::take);
        if missed.is_none() {
            turns.remove(&self.session);
            self.is_over = true;
        }
        missed
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.turns.lock().remove(&self.session);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_during_a_turn_is_not_missed() {
        let (turns, session) = (Turns::default(), SessionId(Uuid::from_u128(1)));
        let mut turn = turns.take(session, None).expect("nobody is at it");
        assert!(turns.take(session, Some(Uuid::from_u128(2))).is_none());
        assert_eq!(turn.end(), Some(Uuid::from_u128(2)));
        assert!(turns.take(session, None).is_none(), "the turn goes on");
        assert_eq!(turn.end(), None);
        assert!(turns.take(session, None).is_some());
    }

    #[test]
    fn a_turn_that_is_dropped_is_over() {
        let (turns, session) = (Turns::default(), SessionId(Uuid::from_u128(1)));
        drop(turns.take(session, None));
        assert!(turns.is_empty());
    }
}
