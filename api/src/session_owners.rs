//! Who has which session, what waits, and who is asked to take what: one fold of the log in memory for all workbench streams.
//!
//! It starts from the views and applies every event after them. Invariants: for an event since then that is among the newest,
//! everybody gets the same answer to how its session stood before and after it, whenever they ask; for an older one there is no
//! answer, and whoever needs it reads the session's stream.

mod ownership;

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    sync::{Arc, PoisonError, RwLock},
};

use domain::{
    SessionId,
    session::{Event, Status},
};
use event_store::{Position, ReadError};
use journal::{Decoded, Tail, Unreadable, position};
use projections::{Views, ViewsError};
use tokio::sync::watch;

pub use ownership::{Ownership, Tie, changes_queue};

/// Events that are remembered with what they changed: some seconds at full load, about 1 MB.
const REMEMBERED: usize = 4096;

/// How a session stood before and after one of its events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Before it.
    pub before: Ownership,
    /// After it.
    pub after: Ownership,
}

/// Who has which session.
pub struct SessionOwners {
    state: RwLock<State>,
    position: watch::Sender<Position>,
}

struct State {
    current: HashMap<SessionId, Ownership>,
    /// Changes are known of events after this one.
    remembered_after: Position,
    /// In the log's order; events of sessions that no person had before and after are left out.
    changes: VecDeque<(Position, Change)>,
}

impl SessionOwners {
    /// As the views have it.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn read(views: &Views) -> Result<Arc<Self>, ViewsError> {
        let mut reading = views.reading().await?;
        let mut current: HashMap<SessionId, Ownership> = HashMap::new();
        for status in [Status::PendingManual, Status::ManualLive] {
            let (rows, _) = reading.list(Some(status), u32::MAX, 0).await?;
            current.extend(rows.into_iter().map(|row| (row.session, Ownership::of_row(row.status, row.agent))));
        }
        for (session, offer) in reading.open_offers().await? {
            current.entry(session).or_default().offer(offer.agent);
        }
        for (session, transfer) in reading.open_transfers().await? {
            current.entry(session).or_default().ask(transfer.to);
        }
        Ok(Self::starting_with(current, reading.position()))
    }

    /// These sessions, as of a position.
    #[must_use]
    pub fn starting_with(current: HashMap<SessionId, Ownership>, position: Position) -> Arc<Self> {
        let state = State { current, remembered_after: position, changes: VecDeque::new() };
        Arc::new(Self { state: RwLock::new(state), position: watch::Sender::new(position) })
    }

    /// Follows the log. Called again after a failure, it goes on where it stood; while it does not run, workbench streams wait.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn follow(&self, tail: &Arc<Tail>) -> Result<Infallible, ReadError> {
        let take = |entry| {
            self.take(&entry);
            Ok(())
        };
        tail.follow_each(self.position(), take).await
    }

    /// Every stream ends at an event that cannot be read; one that begins behind it knows nothing of the session before its next
    /// change.
    fn take(&self, entry: &Result<Decoded, Unreadable>) {
        let position = position(entry);
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        match entry {
            Ok(decoded) => {
                if let Some((session, event)) = decoded.event().session() {
                    state.apply(position, session, event);
                }
            }
            Err(unreadable) => {
                let stream = &unreadable.recorded.stream;
                if let Some(id) = stream.id().filter(|_| stream.category() == "session") {
                    state.current.remove(&SessionId(id));
                }
            }
        }
        drop(state);
        self.position.send_replace(position);
    }

    /// How far the log has been applied.
    #[must_use]
    pub fn position(&self) -> Position {
        *self.position.borrow()
    }

    /// Waits until the log has been applied up to a position.
    pub async fn reach(&self, position: Position) {
        let mut reached = self.position.subscribe();
        // The sender is ours, so it cannot end.
        drop(reached.wait_for(|reached| *reached >= position).await);
    }

    /// How a session stands, as far as the log has been applied.
    #[must_use]
    pub fn current(&self, session: SessionId) -> Ownership {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.current.get(&session).cloned().unwrap_or_default()
    }

    /// What the session's event at this position changed; `None` where it is not known, because it is too old or still to come.
    #[must_use]
    pub fn change_at(&self, position: Position) -> Option<Change> {
        if position > self.position() {
            return None;
        }
        self.state.read().unwrap_or_else(PoisonError::into_inner).change_at(position)
    }
}

impl State {
    fn apply(&mut self, position: Position, session: SessionId, event: &Event) {
        // Taken again after a failure.
        if self.changes.back().is_some_and(|(newest, _)| *newest >= position) {
            return;
        }
        let before = self.current.get(&session).cloned().unwrap_or_default();
        let after = before.after(event);
        if before == Ownership::default() && before == after {
            return;
        }
        if after == Ownership::default() {
            self.current.remove(&session);
        } else {
            self.current.insert(session, after.clone());
        }
        self.changes.push_back((position, Change { before, after }));
        if self.changes.len() > REMEMBERED
            && let Some((oldest, _)) = self.changes.pop_front()
        {
            self.remembered_after = oldest;
        }
    }

    fn change_at(&self, position: Position) -> Option<Change> {
        if position <= self.remembered_after {
            return None;
        }
        let found = self.changes.binary_search_by_key(&position, |(position, _)| *position);
        Some(found.map_or_else(|_| Change::default(), |index| self.changes[index].1.clone()))
    }
}

#[cfg(test)]
mod tests {
    use domain::{AgentId, session::event::AgentTookOver};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn changes_are_known_of_the_newest_events_alone() {
        let owners = SessionOwners::starting_with(HashMap::new(), Position(10));
        let session = SessionId(Uuid::from_u128(1));
        let (last, agents) = (10 + 2 * REMEMBERED as u64 + 2, |n: u64| AgentId(Uuid::from_u128(n.into())));
        for n in (12..=last).step_by(2) {
            let event = Event::AgentTookOver(AgentTookOver { agent: agents(n), messages: Vec::new() });
            owners.state.write().expect("nobody panicked").apply(Position(n), session, &event);
        }
        owners.position.send_replace(Position(last));
        let owner = |n| Ownership::of_row(Status::ManualLive, Some(agents(n)));
        let expected = Change { before: owner(last - 2), after: owner(last) };
        assert_eq!(owners.change_at(Position(last)), Some(expected));
        assert_eq!(
            owners.change_at(Position(last - 1)),
            Some(Change::default()),
            "nothing of a session that a person has"
        );
        assert_eq!((owners.change_at(Position(12)), owners.change_at(Position(last + 1))), (None, None));
        assert!(owners.change_at(Position(14)).is_some());
    }
}
