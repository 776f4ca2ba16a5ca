//! The events of settings. Field names are those of the stored JSON; `tests/golden` freezes it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{session::event::Cost, text::MessageText};

pub use super::quick_reply::event::{PersonalQuickReplySaved, QuickReplyRemoved, QuickReplySaved, QuickReplyWords};

/// A topic has a new version, a budget was used, or a quick reply was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is documented at its type")]
pub enum Event {
    Published(Published),
    RolledBack(RolledBack),
    BudgetReached(BudgetReached),
    QuickReplySaved(QuickReplySaved),
    PersonalQuickReplySaved(PersonalQuickReplySaved),
    QuickReplyRemoved(QuickReplyRemoved),
    LogRestored(LogRestored),
}

impl Event {
    /// The version of a document that is in force from here on; none where none begins.
    #[must_use]
    pub fn version(&self) -> Option<u32> {
        match self {
            Self::Published(published) => Some(published.version),
            Self::RolledBack(rolled_back) => Some(rolled_back.version),
            Self::BudgetReached(_)
            | Self::QuickReplySaved(_)
            | Self::PersonalQuickReplySaved(_)
            | Self::QuickReplyRemoved(_)
            | Self::LogRestored(_) => None,
        }
    }
}

/// A new document is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// Its number, from 1.
    pub version: u32,
    /// The whole document, as it was written.
    pub document: String,
    /// Why, in the words of whoever published it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<MessageText>,
}

/// An earlier document is in force again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolledBack {
    /// The earlier version; 0 is what the program brings.
    pub to_version: u32,
    /// The number under which it is in force now.
    pub version: u32,
    /// Why, in the words of whoever went back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<MessageText>,
}

/// An assistant has used so much of what it may cost in a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetReached {
    /// Which assistant.
    pub assistant: String,
    /// The shop's day.
    pub day: Date,
    /// How much of it: 80 or 100 percent.
    pub level: BudgetLevel,
    /// What was used then; answers under way may add to it.
    pub spent: Amount,
    /// What may be used in a day.
    pub budget: Amount,
}

/// The log was put back to an earlier state: what stood behind `from` is gone, and positions behind it mean other events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogRestored {
    /// The last position that was left.
    pub from: u64,
    /// The Merkle root over the events up to there, in hexadecimal digits.
    pub root: String,
    /// The log's generation from here on.
    pub generation: u64,
    /// Who says so.
    pub who: String,
    /// A checkpoint of what was left, signed for the new generation.
    pub note: String,
}

/// How much of a budget is used, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum BudgetLevel {
    /// 80: a warning.
    Warning,
    /// 100: all of it.
    Spent,
}

impl BudgetLevel {
    /// Both, in the order in which they are reached.
    pub const ALL: [Self; 2] = [Self::Warning, Self::Spent];

    /// In percent.
    #[must_use]
    pub fn percent(self) -> u8 {
        match self {
            Self::Warning => 80,
            Self::Spent => 100,
        }
    }
}

impl From<BudgetLevel> for u8 {
    fn from(level: BudgetLevel) -> Self {
        level.percent()
    }
}

/// A level that there is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a budget's level is 80 or 100")]
pub struct NoLevel;

impl TryFrom<u8> for BudgetLevel {
    type Error = NoLevel;

    fn try_from(percent: u8) -> Result<Self, NoLevel> {
        Self::ALL.into_iter().find(|level| level.percent() == percent).ok_or(NoLevel)
    }
}

/// What is counted of an assistant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// Money.
    Money(Cost),
    /// Tokens, those of questions and those of answers together.
    Tokens(u64),
}

impl Amount {
    /// As a number: millionths of the currency, or tokens.
    #[must_use]
    pub fn number(&self) -> u64 {
        match self {
            Self::Money(cost) => cost.micros,
            Self::Tokens(tokens) => *tokens,
        }
    }

    /// Whether the other is counted in the same: tokens, or money of one currency.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Money(one), Self::Money(other)) => one.currency == other.currency,
            (Self::Tokens(_), Self::Tokens(_)) => true,
            (Self::Money(_), Self::Tokens(_)) | (Self::Tokens(_), Self::Money(_)) => false,
        }
    }
}
