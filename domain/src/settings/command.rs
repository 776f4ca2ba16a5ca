//! Commands to settings. A document has been checked before.

use crate::text::MessageText;

/// What somebody wants; [`super::decide()`] decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Put a document into force.
    Publish {
        /// It.
        document: String,
        /// Why.
        reason: Option<MessageText>,
        /// The version that its author saw; not asked for where `None`.
        seen: Option<u32>,
    },
    /// Put an earlier document into force again.
    RollBack {
        /// Its version; 0 is what the program brings.
        to_version: u32,
        /// Why.
        reason: Option<MessageText>,
        /// The version that was seen; not asked for where `None`.
        seen: Option<u32>,
    },
}
