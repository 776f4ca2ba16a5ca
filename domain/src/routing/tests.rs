//! Whom routing asks, as tables; and what it never does, whatever happens.

mod never;
mod table;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Board, Moment, Step, Strategy};
use crate::{
    agent::{
        self, Presence, PresenceCause, Role,
        event::{Created, PresenceChanged, SignedIn},
    },
    id::{AgentId, OfferId, SessionId, SignInId},
    language::Language,
    personal::Personal,
    session::{
        self,
        event::{Escalated, EscalationReason, Evidence, OfferEnd, OfferExpired, OfferMade, Severity},
        priority::PriorityClass,
    },
    text::Skill,
};

/// A board with a clock, which gives each event an id of its own.
struct Desk {
    board: Board,
    now: Timestamp,
    events: u128,
}

fn agent(n: u128) -> AgentId {
    AgentId(Uuid::from_u128(n))
}

fn session(n: u128) -> SessionId {
    SessionId(Uuid::from_u128(0x5e55_0000 + n))
}

fn skill(name: &str) -> Skill {
    Skill::parse(name).expect("a skill")
}

impl Desk {
    fn new() -> Self {
        Self { board: Board::default(), now: Timestamp::from_second(1_800_000_000).expect("a time"), events: 0 }
    }

    fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    fn tell(&mut self, n: u128, event: &session::Event) {
        self.events += 1;
        let moment = Moment { event: Uuid::from_u128(self.events), at: self.now };
        self.board.take_session(session(n), event, moment);
    }

    /// An agent who is online.
    fn has_agent(&mut self, n: u128, capacity: u32, skills: &[&str], languages: &[Language]) {
        let skills = skills.iter().map(|name| skill(name)).collect();
        let person = Personal::Erased;
        let created = Created { role: Role::Agent, skills, languages: languages.to_vec(), capacity, person };
        self.board.take_agent(agent(n), &agent::Event::Created(created));
        let (sign_in, expires_at) = (SignInId(Uuid::from_u128(n)), self.now + SignedDuration::from_hours(1));
        let origin = Personal::Erased;
        let signed_in = SignedIn { sign_in, device: None, at: self.now, expires_at, origin };
        self.board.take_agent(agent(n), &agent::Event::SignedIn(signed_in));
        self.is(n, Presence::Online);
    }

    fn is(&mut self, n: u128, presence: Presence) {
        let changed = PresenceChanged { presence, cause: PresenceCause::Chosen };
        self.board.take_agent(agent(n), &agent::Event::PresenceChanged(changed));
    }

    fn asks(&mut self, n: u128, class: PriorityClass, group: Option<&str>, language: Language) {
        self.tell(n, &escalated(class, group, language));
    }

    /// What is decided now, with its outcome.
    fn decides(&mut self, strategy: Strategy) -> Vec<(u128, u128)> {
        let steps = self.board.decide(strategy, self.now);
        let mut offers = Vec::new();
        for step in steps {
            let Step::Offer { session: to, agent, cause } = step else { continue };
            let n = to.0.as_u128() - 0x5e55_0000;
            offers.push((n, agent.0.as_u128()));
            let made = OfferMade { offer: OfferId(cause), agent, expires_at: self.now };
            self.tell(n, &session::Event::OfferMade(made));
        }
        offers
    }

    fn lets_pass(&mut self, n: u128) {
        let offer = OfferId(Uuid::nil());
        self.tell(n, &session::Event::OfferExpired(OfferExpired { offer, reason: OfferEnd::Expired }));
    }
}

fn escalated(class: PriorityClass, group: Option<&str>, language: Language) -> session::Event {
    session::Event::Escalated(Escalated {
        reason: EscalationReason::Manual,
        rule: "R1".to_owned(),
        severity: Severity::Low,
        policy_version: 0,
        class,
        group: group.map(skill),
        language,
        messages: Vec::new(),
        evidence: Personal::Known(Evidence { details: String::new() }),
    })
}
