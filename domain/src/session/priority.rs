//! A waiting session's place in the queue.
//!
//! Invariant: waiting raises nobody above [`PriorityClass::Vip`]: danger is declared by rule R0 alone.

use jiff::SignedDuration;
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

/// Each full ten minutes of waiting raise a session by one class.
const RAISED_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// The class that a session has in the queue after it has waited for some time.
#[must_use]
pub fn effective_class(class: PriorityClass, waited: SignedDuration) -> PriorityClass {
    let full = waited.as_secs() / RAISED_EVERY.as_secs();
    match (class, full) {
        (PriorityClass::Danger, _) => PriorityClass::Danger,
        (PriorityClass::Vip, _) | (PriorityClass::Urgent, 1..) | (PriorityClass::Normal, 2..) => PriorityClass::Vip,
        (PriorityClass::Urgent, _) | (PriorityClass::Normal, 1) => PriorityClass::Urgent,
        (PriorityClass::Normal, _) => PriorityClass::Normal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PriorityClass::{Danger, Normal, Urgent, Vip};

    #[test]
    fn each_full_ten_minutes_raise_one_class_up_to_vip() {
        let table = [
            (Normal, -5, Normal),
            (Normal, 0, Normal),
            (Normal, 599, Normal),
            (Normal, 600, Urgent),
            (Normal, 1_199, Urgent),
            (Normal, 1_200, Vip),
            (Normal, 1_000_000, Vip),
            (Urgent, 599, Urgent),
            (Urgent, 600, Vip),
            (Urgent, 1_000_000, Vip),
            (Vip, 0, Vip),
            (Vip, 1_000_000, Vip),
            (Danger, -1, Danger),
            (Danger, 1_000_000, Danger),
        ];
        for (class, waited, expected) in table {
            assert_eq!(effective_class(class, SignedDuration::from_secs(waited)), expected, "{class:?}, {waited} s");
        }
    }
}
