//! RFC 6962's Merkle tree over the log: its leaves are the events' hashes in position order. One root of 32 bytes identifies the
//! whole log up to an event; any change of an event, or of their number or order, changes the root.
//!
//! A leaf's index is its event's *ordinal*, counted from 0 in position order, not its position: positions may have holes. The two
//! have different types, so they cannot be confused.

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

/// Hash of a leaf, node or tree.
pub type Hash = [u8; 32];

/// Number of leaves of a tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct TreeSize(pub u64);

impl TreeSize {
    /// The empty tree.
    pub const EMPTY: Self = Self(0);
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Index of a leaf, from 0: the number of events before it in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct LeafIndex(pub u64);

/// Root of the empty tree: SHA-256 of the empty string.
#[must_use]
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// Hash of a leaf with this data; in our tree the data is an event's hash.
#[must_use]
pub fn leaf_hash(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// Hash of a node over its two children. Its prefix distinguishes a node from a leaf.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The largest power of two that is smaller than a number of at least two.
fn split(leaves: u64) -> u64 {
    1 << (u64::BITS - 1 - (leaves - 1).leading_zeros())
}
