//! Verification of proofs without the log: the algorithms of RFC 9162 (2.1.3.2 and 2.1.4.2) for RFC 6962's proofs.
//!
//! Invariant: a proof with unused hashes is refused.

use std::ops::Range;

use super::{Hash, LeafIndex, TreeSize, empty_root, node_hash, split};

/// The root computed from a leaf and its path, to be compared with a signed one; `None` if the path's length does not fit the
/// index and size.
#[must_use]
pub fn root_of_inclusion(index: LeafIndex, size: TreeSize, leaf: Hash, path: &[Hash]) -> Option<Hash> {
    let mut node = index.0;
    let mut last = size.0.checked_sub(1).filter(|last| node <= *last)?;
    let mut root = leaf;
    for sibling in path {
        if last == 0 {
            return None;
        }
        if is_right(node) || node == last {
            root = node_hash(sibling, &root);
            climb_to_right_child(&mut node, &mut last);
        } else {
            root = node_hash(&root, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    (last == 0).then_some(root)
}

/// For each hash of a leaf's path, in order, the leaves it covers; empty for a leaf outside the tree.
#[must_use]
pub fn parts_of_path(index: LeafIndex, size: TreeSize) -> Vec<Range<u64>> {
    let (mut parts, mut leaves) = (Vec::new(), 0..size.0);
    while leaves.contains(&index.0) && leaves.end - leaves.start > 1 {
        let middle = leaves.start + split(leaves.end - leaves.start);
        if index.0 < middle {
            parts.push(middle..leaves.end);
            leaves.end = middle;
        } else {
            parts.push(leaves.start..middle);
            leaves.start = middle;
        }
    }
    parts.reverse();
    parts
}

/// Whether a proof shows that the newer tree begins with the leaves of the older one.
#[must_use]
pub fn is_consistent(older: (TreeSize, Hash), newer: (TreeSize, Hash), proof: &[Hash]) -> bool {
    let ((older_size, older_root), (newer_size, newer_root)) = (older, newer);
    if older_size == TreeSize::EMPTY {
        return proof.is_empty() && older_root == empty_root();
    }
    if older_size >= newer_size {
        return older == newer && proof.is_empty();
    }
    let whole_subtree = older_size.0.is_power_of_two().then_some(older_root);
    let mut path = whole_subtree.into_iter().chain(proof.iter().copied());
    let Some(first) = path.next() else { return false };
    roots_of_consistency(older_size, newer_size, first, path) == Some((older_root, newer_root))
}

fn roots_of_consistency(
    older: TreeSize,
    newer: TreeSize,
    first: Hash,
    path: impl Iterator<Item = Hash>,
) -> Option<(Hash, Hash)> {
    let (mut node, mut last) = (older.0 - 1, newer.0 - 1);
    let shared = node.trailing_ones();
    (node, last) = (node >> shared, last >> shared);
    let (mut older_root, mut newer_root) = (first, first);
    for hash in path {
        if last == 0 {
            return None;
        }
        if is_right(node) || node == last {
            older_root = node_hash(&hash, &older_root);
            newer_root = node_hash(&hash, &newer_root);
            climb_to_right_child(&mut node, &mut last);
        } else {
            newer_root = node_hash(&newer_root, &hash);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    (last == 0).then_some((older_root, newer_root))
}

fn is_right(node: u64) -> bool {
    node & 1 == 1
}

/// At the right edge a node without a sibling moves up unchanged until it is a right child or the root.
fn climb_to_right_child(node: &mut u64, last: &mut u64) {
    while !is_right(*node) && *node != 0 {
        (*node, *last) = (*node >> 1, *last >> 1);
    }
}
