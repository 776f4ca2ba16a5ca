//! Whether one checkpoint goes on where another ended, shown with the log between them.

use crate::{
    checkpoint::Checkpoint,
    merkle::{Tree, is_consistent},
};

/// How two checkpoints and a log stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Consistency {
    /// The log begins with what the older one was signed over.
    pub fits_older: bool,
    /// The log begins with what the newer one was signed over.
    pub fits_newer: bool,
    /// What the newer one was signed over begins with what the older one was.
    pub extends: bool,
}

impl Consistency {
    /// Makes the proof from the log's tree and checks it against the two signed roots.
    #[must_use]
    pub fn between(older: &Checkpoint, newer: &Checkpoint, tree: &Tree) -> Self {
        let fits = |checkpoint: &Checkpoint| tree.root(checkpoint.size) == Some(checkpoint.root);
        let proof = tree.consistency(older.size, newer.size);
        let extends =
            proof.is_some_and(|proof| is_consistent((older.size, older.root), (newer.size, newer.root), &proof));
        Self { fits_older: fits(older), fits_newer: fits(newer), extends }
    }
}
