//! All that routing knows, in memory, with what changed since it was last written down.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    Moment,
    agent::{self, Agent},
    session::{self, Live, Served, Session, Waiting},
};
use crate::{
    agent::Event as AgentEvent,
    id::{AgentId, SessionId},
    session::Event as SessionEvent,
};

/// Who had a session is remembered for so long after its end.
const SERVED_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How often what is older is looked for.
const FORGETS_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// Sessions and agents.
#[derive(Debug, Clone, Default)]
pub struct Board {
    pub(super) waiting: BTreeMap<SessionId, Waiting>,
    pub(super) live: BTreeMap<SessionId, Live>,
    served: BTreeMap<SessionId, Served>,
    pub(super) agents: BTreeMap<AgentId, Agent>,
    changed: BTreeSet<RowOf>,
    forgot_at: Option<Timestamp>,
}

/// Of what a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RowOf {
    /// Of a session.
    Session(SessionId),
    /// Of an agent.
    Agent(AgentId),
}

impl Board {
    /// Takes up a row that was written down.
    ///
    /// # Errors
    /// It is malformed.
    pub fn restore(&mut self, of: RowOf, row: Value) -> Result<(), serde_json::Error> {
        match of {
            RowOf::Session(id) => self.put(id, Some(serde_json::from_value(row)?)),
            RowOf::Agent(id) => drop(self.agents.insert(id, serde_json::from_value(row)?)),
        }
        Ok(())
    }

    /// The rows that changed since the last time; null where there is none any more.
    pub fn changed_rows(&mut self) -> Vec<(RowOf, Value)> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().map(|of| (of, self.row(of))).collect()
    }

    fn row(&self, of: RowOf) -> Value {
        let written = match of {
            RowOf::Session(id) => self.session(id).map(serde_json::to_value),
            RowOf::Agent(id) => self.agents.get(&id).map(serde_json::to_value),
        };
        // Structures of ids, names, numbers and times are always written.
        written.and_then(Result::ok).unwrap_or_default()
    }

    /// Folds an event of a session; whether that changed anything.
    pub fn take_session(&mut self, id: SessionId, event: &SessionEvent, moment: Moment) -> bool {
        let mut row = self.session(id);
        if !session::fold(&mut row, event, moment) {
            return false;
        }
        self.put(id, row);
        self.changed.insert(RowOf::Session(id));
        if let SessionEvent::OfferMade(made) = event
            && let Some(agent) = self.agents.get_mut(&made.agent)
        {
            agent.asked_at = Some(moment.at);
            self.changed.insert(RowOf::Agent(made.agent));
        }
        true
    }

    /// Folds an event of an account; whether that changed anything.
    pub fn take_agent(&mut self, id: AgentId, event: &AgentEvent) -> bool {
        let mut row = self.agents.remove(&id);
        let changed = agent::fold(&mut row, event);
        if let Some(agent) = row {
            self.agents.insert(id, agent);
        }
        if changed {
            self.changed.insert(RowOf::Agent(id));
        }
        changed
    }

    fn session(&self, id: SessionId) -> Option<Session> {
        let waiting = self.waiting.get(&id).cloned().map(Session::Waiting);
        let live = || self.live.get(&id).cloned().map(Session::Live);
        let served = || self.served.get(&id).copied().map(Session::Served);
        waiting.or_else(live).or_else(served)
    }

    fn put(&mut self, id: SessionId, row: Option<Session>) {
        self.waiting.remove(&id);
        self.live.remove(&id);
        self.served.remove(&id);
        match row {
            Some(Session::Waiting(waiting)) => drop(self.waiting.insert(id, waiting)),
            Some(Session::Live(live)) => drop(self.live.insert(id, live)),
            Some(Session::Served(served)) => drop(self.served.insert(id, served)),
            None => {}
        }
    }

    /// Forgets once a day who had sessions that ended long ago.
    pub(super) fn forget_old(&mut self, now: Timestamp) {
        if self.forgot_at.is_some_and(|at| now.duration_since(at) < FORGETS_EVERY) {
            return;
        }
        self.forgot_at = Some(now);
        let is_old = |served: &Served| now.duration_since(served.at) >= SERVED_FOR;
        let old: Vec<SessionId> = self.served.iter().filter(|(_, served)| is_old(served)).map(|(id, _)| *id).collect();
        for id in old {
            self.served.remove(&id);
            self.changed.insert(RowOf::Session(id));
        }
    }
}
