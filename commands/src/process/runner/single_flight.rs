//! Which sessions this node is answering: one task each, and nothing that comes meanwhile is missed.
//!
//! Invariant: whoever is told that a session is busy has left its trigger with the task that is at it, which looks once more
//! before it ends.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Mutex, MutexGuard},
};

use domain::SessionId;
use uuid::Uuid;

use super::trigger::Trigger;

/// Sessions that are being answered, each with what came meanwhile.
#[derive(Default)]
pub(super) struct SingleFlight(Mutex<HashMap<SessionId, Missed>>);

/// The last trigger of each kind: one look at the session answers all that waits there.
#[derive(Default)]
struct Missed {
    assigned: Option<Trigger>,
    other: Option<Trigger>,
}

impl Missed {
    fn leave(&mut self, trigger: Trigger) {
        match trigger {
            Trigger::Assigned { .. } => self.assigned = Some(trigger),
            Trigger::Event { .. } | Trigger::GivenUp { .. } => self.other = Some(trigger),
        }
    }

    fn next(&mut self) -> Option<Trigger> {
        self.assigned.take().or_else(|| self.other.take())
    }
}

impl SingleFlight {
    /// Whether no session is being answered.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// The right to answer a session; where a task has it, the trigger is left with that task.
    pub(super) fn take(&self, session: SessionId, trigger: Trigger) -> Option<Flight<'_>> {
        match self.lock().entry(session) {
            Entry::Vacant(free) => {
                free.insert(Missed::default());
                Some(Flight { flights: self, session, is_over: false })
            }
            Entry::Occupied(mut taken) => {
                taken.get_mut().leave(trigger);
                None
            }
        }
    }

    /// What the last event that came meanwhile belongs to.
    pub(super) fn newest_correlation(&self, session: SessionId) -> Option<Uuid> {
        self.lock().get(&session)?.other.map(Trigger::correlation)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Missed>> {
        self.0.lock().expect("no code panics while it holds this lock")
    }
}

/// The right to answer a session, until it is dropped.
pub(super) struct Flight<'a> {
    flights: &'a SingleFlight,
    session: SessionId,
    is_over: bool,
}

impl Flight<'_> {
    /// What came meanwhile; the flight is over if nothing did.
    pub(super) fn end(&mut self) -> Option<Trigger> {
        let mut flights = self.flights.lock();
        let missed = flights.get_mut(&self.session).and_then(Missed::next);
        if missed.is_none() {
            flights.remove(&self.session);
            self.is_over = true;
        }
        missed
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.flights.lock().remove(&self.session);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Trigger = Trigger::Event { cause: Uuid::from_u128(1), correlation: Uuid::from_u128(11) };
    const SECOND: Trigger = Trigger::Event { cause: Uuid::from_u128(2), correlation: Uuid::from_u128(12) };
    const ASSIGNED: Trigger =
        Trigger::Assigned { run: domain::RunId(Uuid::from_u128(3)), correlation: Uuid::from_u128(13) };

    #[test]
    fn a_trigger_that_comes_while_a_session_is_busy_is_not_missed() {
        let (flights, session) = (SingleFlight::default(), SessionId(Uuid::from_u128(1)));
        let mut flight = flights.take(session, FIRST).expect("nobody is at it");
        assert!(flights.take(session, SECOND).is_none());
        assert_eq!(flights.newest_correlation(session), Some(SECOND.correlation()));
        assert_eq!(flight.end(), Some(SECOND));
        assert!(flights.take(session, ASSIGNED).is_none(), "the session is still busy");
        assert!(flights.take(session, FIRST).is_none());
        assert_eq!((flight.end(), flight.end(), flight.end()), (Some(ASSIGNED), Some(FIRST), None));
        assert!(flights.take(session, FIRST).is_some());
    }

    #[test]
    fn a_flight_that_is_dropped_frees_its_session() {
        let (flights, session) = (SingleFlight::default(), SessionId(Uuid::from_u128(1)));
        drop(flights.take(session, FIRST));
        assert!(flights.is_empty());
    }
}
