//! Checkpoints: a few signed lines that state the log's size and Merkle root at one moment, kept outside the database. With one,
//! anybody can check whether the log still begins with the same events.
//!
//! The format is C2SP's signed note (`signed-note`, `tlog-checkpoint`), so other tools can read and countersign it: `note.rs` is
//! the format, `key.rs` the keys, `signer.rs` writes notes. Invariants: a checkpoint is only read from a note with a valid
//! signature; its text is the canonical form of its fields, so equal checkpoints have equal texts.

mod chain_check;
mod exemption;
mod folder;
mod frontier;
mod key;
mod log_proof;
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
pub use log_proof::LogProof;
pub use note::{MAX_NOTE_BYTES, NoteError};
pub use signer::{Alarm, Pace, Places, Signer, Status};

/// The signed state of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log.
    pub log: Identity,
    /// Number of events.
    pub size: TreeSize,
    /// Merkle root over the hashes of the events in position order.
    pub root: Hash,
    /// Position of the last of them; equal to `size` in a dense log.
    pub position: Position,
    /// Time of signing by the signer's clock.
    pub signed_at: Timestamp,
}

/// Why a checkpoint does not apply to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongLog {
    /// It is of another log.
    #[error("the checkpoint was signed over the log {signed}, and this is the log {here}")]
    Another {
        /// The log it was signed over.
        signed: Uuid,
        /// This log.
        here: Uuid,
    },
    /// It is of another generation: the log was restored in between.
    #[error("the checkpoint was signed over generation {signed} of the log, and this is generation {here}")]
    Generation {
        /// The generation it was signed over.
        signed: u64,
        /// This log's generation.
        here: u64,
    },
}

impl Checkpoint {
    /// Checks that it was signed over this log in its current generation.
    ///
    /// # Errors
    /// It is of another log or generation.
    pub fn is_of(&self, here: Identity) -> Result<(), WrongLog> {
        if self.log.log_id != here.log_id {
            return Err(WrongLog::Another { signed: self.log.log_id, here: here.log_id });
        }
        if self.log.generation != here.generation {
            return Err(WrongLog::Generation { signed: self.log.generation, here: here.generation });
        }
        Ok(())
    }

    /// The origin line of a note, which also names the log's keys.
    #[must_use]
    pub fn origin(log: Identity) -> String {
        format!("fiido-desk/{}", log.log_id)
    }
}
