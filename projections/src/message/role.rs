//! Who writes messages.

use serde::{Deserialize, Serialize};

/// Who wrote a message, as on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as on the wire")]
pub enum Role {
    User,
    Assistant,
    Agent,
    System,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::User, Self::Assistant, Self::Agent, Self::System];

    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Agent => "agent",
            Self::System => "system",
        }
    }
}
