//! The right edge of the tree: at most 64 hashes suffice to add leaves and to compute the root, whatever the tree's size.
//!
//! Invariant: `peaks` are the roots of the perfect subtrees given by the binary digits of the size, largest first.

use super::{Hash, TreeSize, empty_root, node_hash};

/// The part of a growing tree that must be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompactRange {
    size: TreeSize,
    peaks: Vec<Hash>,
}

impl CompactRange {
    /// Restores a tree from its peaks; `None` if their number does not match the size.
    #[must_use]
    pub fn from_peaks(size: TreeSize, peaks: Vec<Hash>) -> Option<Self> {
        (u32::try_from(peaks.len()) == Ok(size.0.count_ones())).then_some(Self { size, peaks })
    }

    /// Adds a leaf by its hash.
    pub fn append(&mut self, leaf: Hash) {
        let mut subtree = leaf;
        for _perfect in 0..self.size.0.trailing_ones() {
            let left = self.peaks.pop().expect("there is a peak for every one in the size");
            subtree = node_hash(&left, &subtree);
        }
        self.peaks.push(subtree);
        self.size.0 += 1;
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> TreeSize {
        self.size
    }

    /// Roots of the perfect subtrees, largest first.
    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        let peaks = self.peaks.iter().rev().copied();
        peaks.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }
}
