//! Checkpoints: what the log was at one moment, in a few signed lines that are kept elsewhere. Whoever has one can tell
//! whether the log still begins with what it stood for.
//!
//! The form is C2SP's signed note (`signed-note`, `tlog-checkpoint`), so other tools can read and countersign it; `note.rs`
//! has its lines, `key.rs` the keys, `signer.rs` writes them. Invariants: a checkpoint comes out of a note only behind a signature that is right; its
//! text is exactly the one that its fields give, so no two notes say the same.

mod folder;
mod frontier;
mod key;
mod note;
mod signer;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    event::Position,
    merkle::{Hash, TreeSize},
    port::Identity,
};

pub use folder::LATEST;
pub use key::{CheckpointKey, KeyError, PublicKey};
pub use note::{MAX_NOTE_BYTES, NoteError};
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

/// Why a checkpoint says nothing about a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongLog {
    /// It was signed over another log.
    #[error("the checkpoint was signed over the log {signed}, and this is the log {here}")]
    Another {
        /// Which.
        signed: Uuid,
        /// The one at hand.
        here: Uuid,
    },
    /// A restore came between.
    #[error("the checkpoint was signed over generation {signed} of the log, and this is generation {here}")]
    Generation {
        /// Which.
        signed: u64,
        /// The one at hand.
        here: u64,
    },
}

impl Checkpoint {
    /// Makes sure that it was signed over this log, as it is since its last restore.
    ///
    /// # Errors
    /// It says nothing about this log.
    pub fn is_of(&self, here: Identity) -> Result<(), WrongLog> {
        if self.log.log_id != here.log_id {
            return Err(WrongLog::Another { signed: self.log.log_id, here: here.log_id });
        }
        if self.log.generation != here.generation {
            return Err(WrongLog::Generation { signed: self.log.generation, here: here.generation });
        }
        Ok(())
    }

    /// What names the log in a note's first line, and its keys.
    #[must_use]
    pub fn origin(log: Identity) -> String {
        format!("fiido-desk/{}", log.log_id)
    }
}
