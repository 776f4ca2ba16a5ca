//! Proof files: some events of one stream as they are stored, each with its path to the root of a signed checkpoint. Whoever
//! has such a file and the public key needs neither the log nor any other key to know that these events were in it.
//!
//! `docs/proof-file.md` is the form's contract; `tests/verify_proof.py` is a second implementation that must agree.
//! Invariants: a file has one form only, so that a change of any byte shows; nothing stands in it that is not proved by it.

mod check;
mod consistency;
mod entry;
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
pub use tree::tree_of;

/// What a proof file begins with; another form would get another.
pub const FORMAT: &str = "fiido-desk/proof/1";

/// The longest proof file that is looked at, in bytes: about 30,000 events of a talkative session.
pub const MAX_PROOF_BYTES: usize = 64 * 1024 * 1024;

/// Some leaves that stand side by side in the log, and the root over them, which is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which, from 0.
    pub leaves: Range<u64>,
    /// The root over them.
    pub root: Hash,
}

/// A proof file's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    format: String,
    /// The note, with one signature.
    checkpoint: String,
    /// In the order of the stream.
    events: Vec<Entry>,
}

impl Proof {
    /// Puts events of one stream together with their paths, which lie in the tree that the note's root is of.
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
            // an event without a path in this tree gets one that proves nothing, and `check` says so
            let path = tree.inclusion(index, checkpoint.size).unwrap_or_default();
            Entry::of(&checkpoint, index, recorded, path)
        });
        let events = entries.collect();
        let checkpoint = Checkpoint::without_countersignatures(note, key)?;
        Ok(Self { format: FORMAT.to_owned(), checkpoint, events })
    }

    /// The one form that the file has.
    #[must_use]
    pub fn text(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("it holds texts and numbers only");
        in_ascii(&text) + "\n"
    }

    /// What a checked proof proves of the whole log: the leaves of its events, and the parts that their paths lead past.
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

    /// The events, in the order of the stream.
    #[must_use]
    pub fn events(&self) -> &[Entry] {
        &self.events
    }
}

/// What is not ASCII stands in JSON's texts only, where an escape says the same: no mail program and no editor changes it.
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
