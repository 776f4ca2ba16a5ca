//! From which end the audit trail is read.

use event_store::Position;

/// An order of the trail, with the names that it has on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuditOrder {
    /// In the log's order.
    #[default]
    Oldest,
    /// What was recorded last comes first.
    Newest,
}

impl AuditOrder {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Oldest, Self::Newest];

    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Oldest => "oldest",
            Self::Newest => "newest",
        }
    }

    /// From the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|order| order.as_str() == text)
    }

    /// Before the first entry.
    pub(super) fn before_all(self) -> Position {
        match self {
            Self::Oldest => Position(0),
            Self::Newest => Position(u64::MAX),
        }
    }

    /// How the position of what comes later compares with the position of what came.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Oldest => ">",
            Self::Newest => "<",
        }
    }

    /// As SQL has it.
    pub(super) fn direction(self) -> &'static str {
        match self {
            Self::Oldest => "asc",
            Self::Newest => "desc",
        }
    }
}
