//! The log's tree in memory: what proofs are made from.

use crate::{
    event::{Position, RecordedEvent},
    merkle::{LeafIndex, Tree, TreeSize, leaf_hash},
    port::{EventReader, ReadError},
};

const PAGE: usize = 1000;

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
    let mut after = Position::START;
    while (leaves.len() as u64) < size.0 {
        let left = usize::try_from(size.0 - leaves.len() as u64).unwrap_or(PAGE);
        let page = reader.read_all(after, PAGE.min(left)).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
        for event in page {
            seen(LeafIndex(leaves.len() as u64), &event);
            leaves.push(leaf_hash(&event.hash));
        }
    }
    Ok(Tree::from_iter(leaves))
}
