//! Offers waiting sessions to agents ([`domain::routing`]).
//!
//! What it knows of sessions and agents is in memory while this node holds the lease, and in rows. Invariant: an offer's id is made
//! of the event since which the session waits without one, so that two nodes, or one that died halfway and its successor, make
//! one offer; it decides only when it has read all that was in the log when it took the lease.

use std::time::Duration;

use domain::{
    AgentId, DomainEvent, OfferId, SessionId,
    routing::{Board, Moment, REST, RowOf, Step, Strategy},
    session::{
        Command, Event,
        event::{OfferEnd, OfferExpired},
    },
};
use event_store::StreamName;
use jiff::{SignedDuration, Timestamp};
use journal::Decoded;
use serde_json::Value;
use uuid::Uuid;

use super::{
    manager::{Action, Decision, Overview, ProcessManager, Timer, whole_millisecond},
    store::StoreError,
};
use crate::{accounts, sessions};

/// The process manager.
#[derive(Debug, Clone, Copy)]
pub struct Routing {
    strategy: Strategy,
    offer_for: SignedDuration,
}

impl Routing {
    /// Offers that wait so long for an answer, but for a second at least. `None` where agents pick sessions by hand.
    #[must_use]
    pub fn new(strategy: Strategy, offer_for: Duration) -> Option<Self> {
        let offer_for = SignedDuration::try_from(offer_for.max(Duration::from_secs(1))).unwrap_or(SignedDuration::MAX);
        (strategy != Strategy::ByHand).then_some(Self { strategy, offer_for })
    }

    fn action(self, step: Step, now: Timestamp) -> Decision {
        match step {
            Step::Offer { session, agent, cause } => {
                let offer = OfferId(Uuid::new_v5(&cause, b"offer"));
                let expires_at = whole_millisecond(now.checked_add(self.offer_for).unwrap_or(Timestamp::MAX));
                let command = Box::new(Command::MakeOffer { offer, agent, expires_at });
                Decision { cause, action: Action::Command { name: "make_offer", session, command } }
            }
            Step::Withdraw { session, offer, cause } => {
                let command = Box::new(Command::EndOffer { offer, reason: OfferEnd::Withdrawn });
                Decision { cause, action: Action::Command { name: "withdraw_offer", session, command } }
            }
        }
    }
}

impl ProcessManager for Routing {
    fn name(&self) -> &'static str {
        "routing"
    }

    /// When whoever let an offer pass may be asked again, it is decided anew.
    fn react(&self, _: &mut Value, decoded: &Decoded) -> Vec<Action> {
        let Some((_, Event::OfferExpired(OfferExpired { offer, reason }))) = decoded.event().session() else {
            return Vec::new();
        };
        match reason {
            OfferEnd::Declined | OfferEnd::Expired => {
                let due = decoded.recorded().recorded_at.checked_add(REST).unwrap_or(Timestamp::MAX);
                let (stream, key) = (decoded.recorded().stream.clone(), offer.to_string());
                vec![Action::SetTimer(Timer {
                    stream,
                    key,
                    due: whole_millisecond(due),
                    payload: Value::Null,
                    life: None,
                })]
            }
            OfferEnd::Withdrawn => Vec::new(),
        }
    }

    fn on_timer(&self, _: &Timer) -> Vec<Action> {
        Vec::new()
    }

    fn overview(&self) -> Option<Box<dyn Overview>> {
        Some(Box::new(RoutingOverview { routing: *self, board: Board::default() }))
    }
}

/// What it knows while it holds the lease.
struct RoutingOverview {
    routing: Routing,
    board: Board,
}

impl Overview for RoutingOverview {
    fn restore(&mut self, stream: &StreamName, row: Value) -> Result<(), StoreError> {
        let malformed = StoreError::Malformed { what: "state" };
        let Some(of) = row_of(stream) else { return Err(malformed) };
        self.board.restore(of, row).map_err(|_| malformed)
    }

    fn take(&mut self, decoded: &Decoded) {
        let recorded = decoded.recorded();
        match decoded.event() {
            DomainEvent::Session(session, event) => {
                let moment = Moment { event: recorded.event.event_id, at: recorded.recorded_at };
                self.board.take_session(*session, event, moment);
            }
            DomainEvent::Agent(agent, event) => drop(self.board.take_agent(*agent, event)),
            DomainEvent::Customer(..) | DomainEvent::Access(_) | DomainEvent::Settings(_) => {}
        }
    }

    fn changed_rows(&mut self) -> Vec<(StreamName, Value)> {
        let stream = |of| match of {
            RowOf::Session(session) => sessions::stream_of(session),
            RowOf::Agent(agent) => accounts::stream_of(agent),
        };
        self.board.changed_rows().into_iter().map(|(of, row)| (stream(of), row)).collect()
    }

    fn decide(&mut self, now: Timestamp) -> Vec<Decision> {
        let steps = self.board.decide(self.routing.strategy, now);
        steps.into_iter().map(|step| self.routing.action(step, now)).collect()
    }
}

fn row_of(stream: &StreamName) -> Option<RowOf> {
    match (stream.category(), stream.id()?) {
        ("session", id) => Some(RowOf::Session(SessionId(id))),
        ("agent", id) => Some(RowOf::Agent(AgentId(id))),
        _other => None,
    }
}
