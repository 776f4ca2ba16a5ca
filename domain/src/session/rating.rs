//! Ratings: asked for by a notice when a person has helped and the service ends, given by the customer within a week.
//!
//! Invariants: it is asked for once until a person writes again; a rating changes nothing about the session.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    id::AgentId,
    session::{event::Event, notice::Notice},
};

/// How long a rating may be given after it was asked for.
pub const OPEN_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// From 1, bad, to 5, good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Score(u8);

/// It is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 5")]
pub struct InvalidScore;

impl TryFrom<u8> for Score {
    type Error = InvalidScore;

    fn try_from(score: u8) -> Result<Self, InvalidScore> {
        if (1..=5).contains(&score) { Ok(Self(score)) } else { Err(InvalidScore) }
    }
}

impl From<Score> for u8 {
    fn from(score: Score) -> Self {
        score.0
    }
}

/// A rating that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedRating {
    /// Of which episode.
    pub episode: u32,
    /// Who wrote last in it.
    pub agent: AgentId,
    /// From then on it is too late.
    pub open_until: Timestamp,
}

/// What a session knows of ratings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ratings {
    /// The agent who wrote last in this episode, until a rating is asked for.
    unasked: Option<AgentId>,
    asked: Option<AskedRating>,
}

impl Ratings {
    /// Whether a person wrote since a rating was last asked for in this episode.
    #[must_use]
    pub fn is_to_be_asked(&self) -> bool {
        self.unasked.is_some()
    }

    /// The rating that was last asked for.
    #[must_use]
    pub fn asked(&self) -> Option<&AskedRating> {
        self.asked.as_ref()
    }

    /// Takes in an event of this episode.
    pub(super) fn apply(&mut self, event: &Event, episode: u32) {
        match event {
            Event::AgentMessageSent(sent) => self.unasked = Some(sent.agent),
            Event::NoticeGiven(given) => {
                if let Notice::RatingAsked { open_until } = given.notice
                    && let Some(agent) = self.unasked.take()
                {
                    self.asked = Some(AskedRating { episode, agent, open_until });
                }
            }
            Event::Closed(_) => self.unasked = None,
            _no_rating => {}
        }
    }
}
