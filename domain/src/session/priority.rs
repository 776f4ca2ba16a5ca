//! A waiting session's place in the queue.

use serde::{Deserialize, Serialize};

/// Class of priority, the first first. The queue's order is (class, waiting since, id), computed when it is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriorityClass {
    /// Rule R0: waiting raises nobody into this class.
    Danger,
    /// The shop says that this customer comes first.
    Vip,
    /// Urgent words.
    Urgent,
    /// In its turn.
    #[default]
    Normal,
}

impl PriorityClass {
    /// All of them, the first first.
    pub const ALL: [Self; 4] = [Self::Danger, Self::Vip, Self::Urgent, Self::Normal];

    /// As on the wire and in the views.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Danger => "danger",
            Self::Vip => "vip",
            Self::Urgent => "urgent",
            Self::Normal => "normal",
        }
    }

    /// From the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }
}
