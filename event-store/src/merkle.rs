//! RFC 6962's Merkle tree over the log: its leaves are the events' hashes in position order. One root of 32 bytes stands for
//! the whole log up to an event; what changes any event, or their number or order, changes the root.
//!
//! A leaf's place is its event's *ordinal*, counted from 0 in position order, and not its position: positions may have
//! holes. Invariant: the two are never taken for each other, for they have types of their own.

mod compact;
mod proof;
#[cfg(test)]
mod tests;
mod tree;

use std::fmt;

use sha2::{Digest, Sha256};

pub use compact::CompactRange;
pub use proof::{is_consistent, parts_of_path, root_of_inclusion};
pub use tree::Tree;

/// A leaf's, a node's or a tree's hash.
pub type Hash = [u8; 32];

/// How many leaves a tree has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct TreeSize(pub u64);

impl TreeSize {
    /// No leaf.
    pub const EMPTY: Self = Self(0);
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A leaf's place, from 0: how many events stand before it in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct LeafIndex(pub u64);

/// The root of a tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The hash of a leaf with this data; of ours, the data is an event's hash.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// The hash of a node over two others. Its prefix keeps a node from being taken for a leaf.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The largest power of two that is smaller than a number of at least two.
fn split(leaves: u64) -> u64 {
    1 << (u64::BITS - 1 - (leaves - 1).leading_zeros())
}
