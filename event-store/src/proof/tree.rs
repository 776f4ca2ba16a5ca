//! Reads the log's Merkle tree into memory, to make proofs from.

use std::pin::pin;

use futures::StreamExt as _;

use crate::{
    event::RecordedEvent,
    merkle::{LeafIndex, Tree, TreeSize, leaf_hash},
    pages::pages,
    port::{EventReader, ReadError},
};

/// The tree over the first `size` events of the log, or over all if it has fewer; `seen` is called with each event and its index.
/// Takes 64 bytes of memory per event. Uses the stored hashes: comparing the root with a signed one verifies them.
///
/// # Errors
/// The log cannot be read.
pub async fn tree_of(
    reader: &dyn EventReader,
    size: TreeSize,
    mut seen: impl FnMut(LeafIndex, &RecordedEvent),
) -> Result<Tree, ReadError> {
    let mut leaves = Vec::new();
    let mut pages = pin!(pages(reader));
    while let Some(page) = pages.next().await {
        for event in page? {
            if leaves.len() as u64 == size.0 {
                return Ok(Tree::from_iter(leaves));
            }
            seen(LeafIndex(leaves.len() as u64), &event);
            leaves.push(leaf_hash(&event.hash));
        }
    }
    Ok(Tree::from_iter(leaves))
}
