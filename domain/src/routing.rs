//! Who is offered which waiting session.
//!
//! A [`Board`] is what routing knows of sessions and agents, folded from the events of both; [`Board::decide`] says which offers
//! are to be made and which to be withdrawn. An offer is caused by the event since which the session waits without one, so the
//! same wait gives the same offer, whoever decides it.
//!
//! Invariants: offers and live sessions of an agent are never more than its capacity by what routing does; a session has one
//! offer at a time; only who is online, and talks to customers, has offers.

mod agent;
mod board;
mod choice;
mod session;
#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::id::{AgentId, OfferId, SessionId};

pub use board::{Board, RowOf};

/// An agent who let an offer pass is not asked again about the same session for so long.
pub const REST: SignedDuration = SignedDuration::from_mins(1);

/// How waiting sessions come to agents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Agents pick them from the queue.
    #[default]
    ByHand,
    /// Whoever was asked longest ago is asked.
    RoundRobin,
    /// Whoever has the fewest sessions is asked.
    LeastLoaded,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ByHand, Self::RoundRobin, Self::LeastLoaded];

    /// As in the settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ByHand => "by_hand",
            Self::RoundRobin => "round_robin",
            Self::LeastLoaded => "least_loaded",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no such strategy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such strategy")]
pub struct UnknownStrategy;

impl FromStr for Strategy {
    type Err = UnknownStrategy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|strategy| strategy.as_str() == text).ok_or(UnknownStrategy)
    }
}

/// Which event it was, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The event.
    pub event: Uuid,
    /// When it was recorded.
    pub at: Timestamp,
}

/// What is to be done about a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is offered to an agent.
    Offer {
        /// The session.
        session: SessionId,
        /// To whom.
        agent: AgentId,
        /// The event since which it waits without an offer.
        cause: Uuid,
    },
    /// An offer is taken back, because the agent is not there any more or has no room any more.
    Withdraw {
        /// The session.
        session: SessionId,
        /// The offer.
        offer: OfferId,
        /// The event that made it.
        cause: Uuid,
    },
}
