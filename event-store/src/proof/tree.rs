//! The log's tree in memory: what proofs are made from.

use std::pin::pin;

use futures::StreamExt as _;

use crate::{
    event::RecordedEvent,
    merkle::{LeafIndex, Tree, TreeSize, leaf_hash},
    pages::pages,
    port::{EventReader, ReadError},
};

/// The tree over the first events of the log, over fewer where it has fewer; `seen` is told each of them. Takes 64 bytes of
/// memory an event. The events are taken by their stored hashes, which whoever compares the root with a signed one proves.
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
