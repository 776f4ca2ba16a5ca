//! Proof files: stored events of one stream, each with its path to the root of a signed checkpoint. With such a file and the public
//! key anybody can verify that these events were in the log, without the log or any other key.
//!
//! `docs/proof-file.md` specifies the format; `tests/verify_proof.py` is a second implementation that must agree.
//! Invariants: the encoding is canonical, so a change of any byte is detected; everything in a file is proved by it.

mod check;
mod consistency;
mod entry;
mod making;
#[cfg(test)]
mod tests;
mod tree;

use serde::{Deserialize, Serialize};

use std::ops::Range;

use crate::{
    checkpoint::{Checkpoint, NoteError, PublicKey},
    event::RecordedEvent,
    merkle::{Hash, LeafIndex, Tree, leaf_hash, parts_of_path},
};

pub use check::{EntryFlaw, ProofError, check};
pub use consistency::Consistency;
pub use entry::{Entry, Hex};
pub use making::{MakeError, make};
pub use tree::tree_of;

/// Identifies the format of a proof file.
pub const FORMAT: &str = "fiido-desk/proof/1";

/// Longest accepted proof file in bytes: about 30,000 events.
pub const MAX_PROOF_BYTES: usize = 64 * 1024 * 1024;

/// A range of leaves and the proved root over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Their indexes, from 0.
    pub leaves: Range<u64>,
    /// Root over them.
    pub root: Hash,
}

/// The content of a proof file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    format: String,
    /// The checkpoint note, with one signature.
    checkpoint: String,
    /// The events in stream order.
    events: Vec<Entry>,
}

impl Proof {
    /// Combines events of one stream with their paths in the tree of the note.
    ///
    /// # Errors
    /// The note is not signed by the key.
    pub fn new<'a>(
        note: &str,
        key: &PublicKey,
        tree: &Tree,
        events: impl IntoIterator<Item = (LeafIndex, &'a RecordedEvent)>,
    ) -> Result<Self, NoteError> {
        let checkpoint = Checkpoint::open(note, key)?;
        let entries = events.into_iter().map(|(index, recorded)| {
            // An event outside the tree gets an empty path, which `check` refuses.
            let path = tree.inclusion(index, checkpoint.size).unwrap_or_default();
            Entry::of(&checkpoint, index, recorded, path)
        });
        let events = entries.collect();
        let checkpoint = Checkpoint::without_countersignatures(note, key)?;
        Ok(Self { format: FORMAT.to_owned(), checkpoint, events })
    }

    /// The canonical encoding.
    #[must_use]
    pub fn text(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("it holds texts and numbers only");
        in_ascii(&text) + "\n"
    }

    /// The parts of the log that a checked proof proves: the leaves of its events, and the subtrees in their paths.
    #[must_use]
    pub fn parts(&self, checkpoint: &Checkpoint) -> Vec<Part> {
        let mut proved = Vec::new();
        for Entry { leaf_index: LeafIndex(place), hash, path, .. } in &self.events {
            proved.push(Part { leaves: *place..place + 1, root: leaf_hash(&hash.0) });
            let parts = parts_of_path(LeafIndex(*place), checkpoint.size);
            proved.extend(parts.into_iter().zip(path).map(|(leaves, root)| Part { leaves, root: root.0 }));
        }
        proved
    }

    /// The events in stream order.
    #[must_use]
    pub fn events(&self) -> &[Entry] {
        &self.events
    }
}

/// Non-ASCII characters only occur in JSON strings. They are escaped, so that no mail program or editor changes them.
fn in_ascii(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            ascii.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| ascii.push_str(&format!("\\u{unit:04x}")));
        }
    }
    ascii
}
