//! What the customer thinks of the person who helped.

use serde::{Deserialize, Serialize};

use crate::{codec::sealed, id::AgentId, personal::Personal, session::rating::Score, text::MessageText};

/// The customer rated an episode. The last rating counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatingGiven {
    /// From 1, bad, to 5, good.
    pub score: Score,
    /// The episode.
    pub episode: u32,
    /// Who wrote last in it when the rating was asked for.
    pub agent: AgentId,
    /// In the customer's words.
    #[serde(skip, default = "sealed")]
    pub remark: Personal<RatingRemark>,
}

/// The sealed part of [`RatingGiven`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatingRemark {
    /// Absent where the customer wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<MessageText>,
}
