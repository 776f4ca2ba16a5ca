//! Checks with the log whether a newer checkpoint extends an older one.

use crate::{
    checkpoint::Checkpoint,
    merkle::{Tree, is_consistent},
};

/// The relation of two checkpoints and a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Consistency {
    /// The log matches the older checkpoint.
    pub fits_older: bool,
    /// The log matches the newer checkpoint.
    pub fits_newer: bool,
    /// The newer checkpoint extends the older one.
    pub extends: bool,
}

impl Consistency {
    /// Makes the consistency proof from the log's tree and checks it against the two signed roots.
    #[must_use]
    pub fn between(older: &Checkpoint, newer: &Checkpoint, tree: &Tree) -> Self {
        let fits = |checkpoint: &Checkpoint| tree.root(checkpoint.size) == Some(checkpoint.root);
        let proof = tree.consistency(older.size, newer.size);
        let extends =
            proof.is_some_and(|proof| is_consistent((older.size, older.root), (newer.size, newer.root), &proof));
        Self { fits_older: fits(older), fits_newer: fits(newer), extends }
    }
}
