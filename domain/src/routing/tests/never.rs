//! Random sessions and agents: capacity is never exceeded by routing, a session has one open offer, and nobody has an offer while
//! not online.

use std::collections::BTreeMap;

use proptest::{
    prelude::{TestCaseError, any, prop, prop_assert, prop_oneof, proptest},
    strategy::Strategy as _,
};

use super::*;
use crate::{
    id::{ContextId, MessageId, VisitorId},
    session::{
        Command, State, Status,
        command::Staff,
        event::{CloseReason, Named, Opened, ReturnReason},
    },
    text::{ReasonCode, SessionName},
};

const SESSIONS: u128 = 5;
const AGENTS: u128 = 3;

#[derive(Debug, Clone, Copy)]
enum Happening {
    Asks(u128, PriorityClass),
    TakesOver(u128, u128),
    Accepts(u128),
    LetsPass(u128),
    Releases(u128),
    HandsBack(u128),
    Closes(u128),
    Is(u128, bool),
    Waits(i64),
}

fn happening() -> impl proptest::strategy::Strategy<Value = Happening> {
    let (session, agent) = (0..SESSIONS, 1..=AGENTS);
    let class = prop::sample::select(PriorityClass::ALL.to_vec());
    prop_oneof![
        4 => (session.clone(), class).prop_map(|(n, class)| Happening::Asks(n, class)),
        2 => (session.clone(), agent.clone()).prop_map(|(n, by)| Happening::TakesOver(n, by)),
        3 => session.clone().prop_map(Happening::Accepts),
        2 => session.clone().prop_map(Happening::LetsPass),
        2 => session.clone().prop_map(Happening::Releases),
        1 => session.clone().prop_map(Happening::HandsBack),
        1 => session.prop_map(Happening::Closes),
        3 => (agent, any::<bool>()).prop_map(|(n, online)| Happening::Is(n, online)),
        2 => (1..90_i64).prop_map(Happening::Waits),
    ]
}

/// Sessions by the domain's own rules, beside the board.
struct Shop {
    desk: Desk,
    sessions: BTreeMap<u128, State>,
    online: BTreeMap<u128, bool>,
    capacity: u32,
}

impl Shop {
    fn new(capacity: u32) -> Self {
        let mut desk = Desk::new();
        (1..=AGENTS).for_each(|n| desk.has_agent(n, capacity, &[], &[]));
        let name = Personal::Known(Named { session_name: SessionName::parse("s".to_owned()).expect("a name") });
        let (visitor, context) = (VisitorId(Uuid::nil()), ContextId(Uuid::nil()));
        let open = State::New.evolve(&session::Event::Opened(Opened { visitor, context, name }));
        let sessions = (0..SESSIONS).map(|n| (n, open.clone())).collect();
        Self { desk, sessions, online: (1..=AGENTS).map(|n| (n, true)).collect(), capacity }
    }

    fn record(&mut self, n: u128, event: &session::Event) {
        let state = self.sessions.remove(&n).expect("it is there");
        self.sessions.insert(n, state.evolve(event));
        self.desk.tell(n, event);
    }

    fn send(&mut self, n: u128, command: Command) {
        let events = session::decide(&self.sessions[&n], command).unwrap_or_default();
        events.iter().for_each(|event| self.record(n, event));
    }

    fn of(&self, n: u128) -> &session::Session {
        self.sessions[&n].session().expect("it is open")
    }

    fn owner(&self, n: u128) -> Option<AgentId> {
        match self.of(n).phase {
            session::Phase::ManualLive { agent } => Some(agent),
            _nobody => None,
        }
    }

    fn happens(&mut self, happening: Happening) {
        let notice = MessageId(Uuid::nil());
        let staff = |agent| Staff { agent, is_supervisor: false };
        match happening {
            Happening::Asks(n, class) if self.of(n).status() == Status::BotActive => {
                self.record(n, &escalated(class, None, Language::Zh));
            }
            Happening::Asks(n, _) => self.send(n, Command::Reopen),
            Happening::TakesOver(n, by) => {
                self.send(n, Command::TakeOver { agent: agent(by), from_any: true, notice });
            }
            Happening::Accepts(n) => {
                if let Some(offer) = self.of(n).offer {
                    self.send(n, Command::TakeOver { agent: offer.agent, from_any: false, notice });
                }
            }
            Happening::LetsPass(n) => {
                if let Some(offer) = self.of(n).offer {
                    self.send(n, Command::EndOffer { offer: offer.offer, reason: OfferEnd::Expired });
                }
            }
            Happening::Releases(n) => {
                if let Some(owner) = self.owner(n) {
                    let reason = ReasonCode::parse("resolved").expect("a code");
                    let at = self.desk.now;
                    self.send(n, Command::Release { by: staff(owner), reason, notice, at });
                }
            }
            Happening::HandsBack(n) => {
                if let Some(agent) = self.owner(n) {
                    let reason = ReturnReason::HandedBack;
                    self.send(n, Command::ReturnToQueue { agent, reason, group: None, notice });
                }
            }
            Happening::Closes(n) => {
                let (reason, at) = (CloseReason::Resolved, self.desk.now);
                self.send(n, Command::Close { reason, notice, by: None, at });
            }
            Happening::Is(n, online) => {
                self.online.insert(n, online);
                self.desk.is(n, if online { Presence::Online } else { Presence::Busy });
            }
            Happening::Waits(seconds) => self.desk.pass(seconds),
        }
    }

    /// Decides, and again until nothing is left to do.
    fn settles(&mut self, strategy: Strategy) {
        for _ in 0..4 {
            let steps = self.desk.board.decide(strategy, self.desk.now);
            if steps.is_empty() {
                return;
            }
            for step in steps {
                match step {
                    Step::Offer { session, agent, cause } => {
                        assert!(self.has(agent) < self.capacity, "{agent} has no room");
                        let (offer, expires_at) = (OfferId(cause), self.desk.now);
                        let n = session.0.as_u128() - 0x5e55_0000;
                        assert_eq!((self.of(n).status(), self.of(n).offer), (Status::PendingManual, None));
                        self.send(n, Command::MakeOffer { offer, agent, expires_at });
                    }
                    Step::Withdraw { session, offer, .. } => {
                        let n = session.0.as_u128() - 0x5e55_0000;
                        self.send(n, Command::EndOffer { offer, reason: OfferEnd::Withdrawn });
                    }
                }
            }
        }
        panic!("it comes to no end");
    }

    fn offers(&self, to: AgentId) -> u32 {
        let is_one = |n: &u128| self.of(*n).offer.is_some_and(|offer| offer.agent == to);
        u32::try_from((0..SESSIONS).filter(is_one).count()).expect("few")
    }

    fn has(&self, who: AgentId) -> u32 {
        let live = (0..SESSIONS).filter(|n| self.owner(*n) == Some(who)).count();
        u32::try_from(live).expect("few") + self.offers(who)
    }

    fn check(&self) -> Result<(), TestCaseError> {
        for (n, online) in &self.online {
            let (offers, has) = (self.offers(agent(*n)), self.has(agent(*n)));
            prop_assert!(*online || offers == 0, "{n} has {offers} offers and is not online");
            prop_assert!(
                offers == 0 || has <= self.capacity,
                "{n} has {has} of {}, of which {offers} offers",
                self.capacity
            );
            let is_idle = *online && has < self.capacity;
            let waits = |n: &u128| self.of(*n).status() == Status::PendingManual && self.of(*n).offer.is_none();
            let waiting = (0..SESSIONS).filter(waits).map(session);
            for waiting in waiting.filter(|_| is_idle) {
                let rests = self.desk.board.waiting[&waiting].was_passed_by(agent(*n), self.desk.now);
                prop_assert!(rests, "{waiting} waits while {n} has room");
            }
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn capacity_holds_one_offer_at_a_time_and_only_to_who_is_online(
        capacity in 1..4_u32,
        least_loaded in any::<bool>(),
        happenings in prop::collection::vec(happening(), 1..60),
    ) {
        let strategy = if least_loaded { Strategy::LeastLoaded } else { Strategy::RoundRobin };
        let mut shop = Shop::new(capacity);
        for happening in happenings {
            shop.happens(happening);
            shop.settles(strategy);
            shop.check()?;
        }
    }
}
