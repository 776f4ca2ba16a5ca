//! The decision: queue by queue's order, who is asked.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    Board, Step, Strategy,
    agent::Agent,
    session::{Offer, Waiting},
};
use crate::{
    id::{AgentId, SessionId},
    session::priority::{PriorityClass, effective_class},
};

/// An agent who has room.
struct Candidate<'a> {
    id: AgentId,
    agent: &'a Agent,
    load: u32,
    asked_at: Option<Timestamp>,
}

impl Board {
    /// What is to be done now. An offer counts from here on, before its event is folded.
    pub fn decide(&mut self, strategy: Strategy, now: Timestamp) -> Vec<Step> {
        self.forget_old(now);
        let mut steps = self.withdrawals(now);
        let offers = self.offers(strategy, now);
        for step in &offers {
            if let Step::Offer { session, agent, .. } = step
                && let Some(waiting) = self.waiting.get_mut(session)
            {
                waiting.reserved_for = Some(*agent);
            }
        }
        steps.extend(offers);
        steps
    }

    /// Sessions and offers of each agent.
    fn loads(&self) -> BTreeMap<AgentId, u32> {
        let live = self.live.values().map(|live| live.agent);
        let asked = |waiting: &Waiting| waiting.offer.map(|offer| offer.agent).or(waiting.reserved_for);
        let mut loads = BTreeMap::new();
        for agent in live.chain(self.waiting.values().filter_map(asked)) {
            *loads.entry(agent).or_default() += 1;
        }
        loads
    }

    /// Offers to agents who are not available any more, and, newest first, those for which an agent has no room any more: it
    /// picked another session by hand.
    fn withdrawals(&self, now: Timestamp) -> Vec<Step> {
        let mut loads = self.loads();
        let open = |(id, waiting): (&SessionId, &Waiting)| waiting.offer.map(|offer| (*id, offer));
        let mut offers: Vec<(SessionId, Offer)> = self.waiting.iter().filter_map(open).collect();
        offers.sort_by_key(|(id, offer)| std::cmp::Reverse((offer.made_at, *id)));
        let mut steps = Vec::new();
        for (session, Offer { offer, agent, made_by, .. }) in offers {
            let load = loads.entry(agent).or_default();
            let known = self.agents.get(&agent).filter(|agent| agent.is_available(now));
            if known.is_none_or(|agent| *load > agent.capacity) {
                *load -= 1;
                steps.push(Step::Withdraw { session, offer, cause: made_by });
            }
        }
        steps
    }

    fn offers(&self, strategy: Strategy, now: Timestamp) -> Vec<Step> {
        let mut free = match strategy {
            Strategy::ByHand => Vec::new(),
            Strategy::RoundRobin | Strategy::LeastLoaded => self.with_room(now),
        };
        let mut steps = Vec::new();
        if free.is_empty() {
            return steps;
        }
        for (session, waiting) in self.in_order(now) {
            let Some(chosen) = choose(&free, waiting, strategy, now) else { continue };
            let candidate = &mut free[chosen];
            steps.push(Step::Offer { session, agent: candidate.id, cause: waiting.cause });
            candidate.load += 1;
            candidate.asked_at = Some(now);
            if candidate.load >= candidate.agent.capacity {
                free.swap_remove(chosen);
            }
        }
        steps
    }

    fn with_room(&self, now: Timestamp) -> Vec<Candidate<'_>> {
        let loads = self.loads();
        let candidate = |(id, agent): (&AgentId, &'_ Agent)| {
            let load = loads.get(id).copied().unwrap_or_default();
            (agent.is_available(now) && load < agent.capacity).then_some((*id, load))
        };
        let rooms: Vec<(AgentId, u32)> = self.agents.iter().filter_map(candidate).collect();
        let of = |(id, load)| self.agents.get(&id).map(|agent| Candidate { id, agent, load, asked_at: agent.asked_at });
        rooms.into_iter().filter_map(of).collect()
    }

    /// Sessions without an offer, in the queue's order.
    fn in_order(&self, now: Timestamp) -> Vec<(SessionId, &Waiting)> {
        let is_free = |waiting: &Waiting| waiting.offer.is_none() && waiting.reserved_for.is_none();
        let waiting = self.waiting.iter().filter(|(_, waiting)| is_free(waiting));
        let mut sessions: Vec<(SessionId, &Waiting)> = waiting.map(|(id, waiting)| (*id, waiting)).collect();
        sessions.sort_by_cached_key(|(id, waiting)| {
            let since = waiting.wanted.since;
            // Where clocks differ it may have begun later than now.
            let waited = now.duration_since(since).max(SignedDuration::ZERO);
            (effective_class(waiting.wanted.class, waited), since, *id)
        });
        sessions
    }
}

/// The best of those who are suited; for danger the best of all, if none is.
fn choose(free: &[Candidate<'_>], waiting: &Waiting, strategy: Strategy, now: Timestamp) -> Option<usize> {
    let wanted = &waiting.wanted;
    let rank = |candidate: &Candidate<'_>| {
        let load = if strategy == Strategy::LeastLoaded { candidate.load } else { 0 };
        (waiting.served_by != Some(candidate.id), load, candidate.asked_at, candidate.id)
    };
    let best = |anybody: bool| {
        let candidates = free.iter().enumerate().filter(|(_, candidate)| {
            let is_suited = anybody || candidate.agent.is_suited(wanted.group.as_ref(), wanted.language);
            is_suited && !waiting.was_passed_by(candidate.id, now)
        });
        candidates.min_by_key(|(_, candidate)| rank(candidate)).map(|(index, _)| index)
    };
    best(false).or_else(|| best(true).filter(|_| wanted.class == PriorityClass::Danger))
}
