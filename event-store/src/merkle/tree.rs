//! The whole tree in memory, to make proofs from: 64 bytes per leaf.
//!
//! Invariant: level `k` holds the roots of the perfect subtrees of 2^k leaves, from the left; all other nodes are computed from
//! those.

use std::ops::Range;

use super::{Hash, LeafIndex, TreeSize, empty_root, node_hash, split};

/// All leaves and the perfect nodes above them.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    levels: Vec<Vec<Hash>>,
}

impl FromIterator<Hash> for Tree {
    /// A tree of these leaf hashes.
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut levels = vec![leaves.into_iter().collect::<Vec<Hash>>()];
        while let Some(below) = levels.last().filter(|level| level.len() > 1) {
            let level = below.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect();
            levels.push(level);
        }
        Self { levels }
    }
}

impl Tree {
    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> TreeSize {
        TreeSize(self.levels.first().map_or(0, |leaves| leaves.len() as u64))
    }

    /// The root that the tree had at an earlier size; `None` beyond its own size.
    #[must_use]
    pub fn root(&self, size: TreeSize) -> Option<Hash> {
        (size <= self.size()).then(|| self.subtree(0, size.0))
    }

    /// The root over a range of leaves that occurs in an inclusion path; `None` beyond the tree.
    #[must_use]
    pub fn part(&self, leaves: Range<u64>) -> Option<Hash> {
        (leaves.start < leaves.end && leaves.end <= self.size().0).then(|| self.subtree(leaves.start, leaves.end))
    }

    /// RFC 6962 2.1.1: the path from a leaf to the root of the tree of this size.
    #[must_use]
    pub fn inclusion(&self, index: LeafIndex, size: TreeSize) -> Option<Vec<Hash>> {
        if index.0 >= size.0 || size > self.size() {
            return None;
        }
        let (mut path, mut start, mut end) = (Vec::new(), 0, size.0);
        while end - start > 1 {
            let middle = start + split(end - start);
            if index.0 < middle {
                path.push(self.subtree(middle, end));
                end = middle;
            } else {
                path.push(self.subtree(start, middle));
                start = middle;
            }
        }
        path.reverse();
        Some(path)
    }

    /// RFC 6962 2.1.2: the proof that the tree of the newer size begins with that of the older one. Empty for equal sizes and
    /// for the empty tree.
    #[must_use]
    pub fn consistency(&self, older: TreeSize, newer: TreeSize) -> Option<Vec<Hash>> {
        if older > newer || newer > self.size() {
            return None;
        }
        if older == TreeSize::EMPTY {
            return Some(Vec::new());
        }
        let (mut proof, mut start, mut end) = (Vec::new(), 0, newer.0);
        while older.0 < end {
            let middle = start + split(end - start);
            if older.0 <= middle {
                proof.push(self.subtree(middle, end));
                end = middle;
            } else {
                proof.push(self.subtree(start, middle));
                start = middle;
            }
        }
        if start > 0 {
            proof.push(self.subtree(start, end));
        }
        proof.reverse();
        Some(proof)
    }

    /// The root over the leaves from `start` up to `end`; `start` must be one that the RFC's recursion reaches.
    fn subtree(&self, start: u64, end: u64) -> Hash {
        let leaves = end - start;
        if leaves == 0 {
            return empty_root();
        }
        if leaves.is_power_of_two() {
            let level = &self.levels[leaves.trailing_zeros() as usize];
            return level[usize::try_from(start / leaves).expect("the tree is in memory")];
        }
        let middle = start + split(leaves);
        node_hash(&self.subtree(start, middle), &self.subtree(middle, end))
    }
}
