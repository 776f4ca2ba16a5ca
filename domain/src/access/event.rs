//! The events of staff's access to personal data. Field names are those of the stored JSON; `tests/golden` freezes it.

use serde::{Deserialize, Serialize};

use crate::id::SessionId;

/// One access.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is documented at its type")]
pub enum Event {
    SessionViewed(SessionViewed),
    LogExported(LogExported),
}

/// Staff viewed a customer's session, for the first time in a quarter of an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionViewed {
    /// Which.
    pub session: SessionId,
}

/// Staff or a program read the whole log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogExported {
    /// From the event after this position on.
    pub after: u64,
    /// Whether personal parts were opened.
    pub personal: bool,
}
