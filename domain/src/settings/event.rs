//! The events of settings. Field names are those of the stored JSON; `tests/golden` freezes it.

use serde::{Deserialize, Serialize};

/// A topic has a new version.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is documented at its type")]
pub enum Event {
    Published(Published),
    RolledBack(RolledBack),
}

impl Event {
    /// The version that is in force from here on.
    #[must_use]
    pub fn version(&self) -> u32 {
        match self {
            Self::Published(published) => published.version,
            Self::RolledBack(rolled_back) => rolled_back.version,
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
}

/// An earlier document is in force again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolledBack {
    /// The earlier version; 0 is what the program brings.
    pub to_version: u32,
    /// The number under which it is in force now.
    pub version: u32,
}
