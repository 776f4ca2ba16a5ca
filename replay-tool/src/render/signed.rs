//! A checkpoint as JSON documents show it.

use event_store::{checkpoint::Checkpoint, event::time_text};
use serde::Serialize;

/// What was signed, and when.
#[derive(Serialize)]
pub struct Signed {
    /// How many events.
    pub events: u64,
    /// The position of the last.
    pub position: u64,
    /// The Merkle root over them, in hexadecimal digits.
    pub root: String,
    /// RFC 3339.
    pub signed_at: String,
}

impl Signed {
    /// Of this checkpoint.
    #[must_use]
    pub fn of(checkpoint: &Checkpoint) -> Self {
        Self {
            events: checkpoint.size.0,
            position: checkpoint.position.0,
            root: hex::encode(checkpoint.root),
            signed_at: time_text(checkpoint.signed_at),
        }
    }
}
