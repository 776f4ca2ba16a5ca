//! What settings are about: the second part of their stream's name.

use std::fmt;

use uuid::Uuid;

/// The topic of a settings document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// The escalation policy.
    Policy,
    /// When people work.
    Calendar,
    /// What is switched on for whom.
    Flags,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Policy, Self::Calendar, Self::Flags];

    /// As in the stream's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Calendar => "calendar",
            Self::Flags => "flags",
        }
    }

    /// From the stream's name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == text)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// For ids that are made of what a command is about; the stream is named after the word.
impl From<Topic> for Uuid {
    fn from(topic: Topic) -> Self {
        Self::new_v5(&Self::NAMESPACE_OID, topic.as_str().as_bytes())
    }
}
