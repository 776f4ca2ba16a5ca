//! What can have been looked at. Field names are the stored JSON's; `tests/golden` freezes them.

use serde::{Deserialize, Serialize};

use crate::id::SessionId;

/// One event of what staff has looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is documented at its type")]
pub enum Event {
    SessionViewed(SessionViewed),
    LogExported(LogExported),
}

/// A customer's session was opened, for the first time in a quarter of an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionViewed {
    /// Which.
    pub session: SessionId,
}

/// The log was read as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogExported {
    /// From the event after this position on.
    pub after: u64,
    /// Whether personal parts were opened.
    pub personal: bool,
}
