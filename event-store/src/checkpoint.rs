//! Checkpoints: what the log was at one moment, in a few signed lines that are kept elsewhere. Whoever has one can tell
//! whether the log still begins with what it stood for.
//!
//! The form is C2SP's signed note (`signed-note`, `tlog-checkpoint`), so other tools can read and countersign it; `note.rs`
//! has its lines, `key.rs` the keys, `signer.rs` writes them. Invariants: a checkpoint comes out of a note only behind a signature that is right; its
//! text is exactly the one that its fields give, so no two notes say the same.

mod edge;
mod folder;
mod key;
mod note;
mod resume;
mod signer;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::{
    event::Position,
    merkle::{Hash, TreeSize},
    port::Identity,
};

pub use folder::LATEST;
pub use key::{CheckpointKey, KeyError, PublicKey};
pub use note::NoteError;
pub use signer::{Alarm, Pace, Places, Signer, Status};

/// What the log was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub log: Identity,
    /// How many events it had.
    pub size: TreeSize,
    /// The Merkle root over their hashes, in position order.
    pub root: Hash,
    /// Where the last of them stands; in a dense log the same number as `size`.
    pub position: Position,
    /// When this was signed, by the signer's clock.
    pub signed_at: Timestamp,
}

impl Checkpoint {
    /// What names the log in a note's first line, and its keys.
    #[must_use]
    pub fn origin(log: Identity) -> String {
        format!("fiido-desk/{}", log.log_id)
    }
}
