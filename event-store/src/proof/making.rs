//! Makes a proof file of recorded events and a signed note.
//!
//! Invariant: only a proof that verifies is given out.

use std::{collections::HashMap, sync::Arc};

use super::{MAX_PROOF_BYTES, Proof, ProofError, check, tree_of};
use crate::{
    checkpoint::{Checkpoint, NoteError, PublicKey},
    event::{Position, RecordedEvent},
    merkle::LeafIndex,
    port::{EventReader, ReadError},
};

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The note is not signed by the key.
    #[error("the note proves nothing")]
    Note(#[from] NoteError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The log differs from what was signed.
    #[error("the log is not the one that the note was signed over")]
    AnotherLog,
    /// The file would be longer than a proof file may be.
    #[error("the proof would take {bytes} bytes, more than a proof file may have")]
    TooLong {
        /// How long.
        bytes: usize,
    },
    /// What is stored does not verify.
    #[error("what is stored cannot be proved")]
    Unprovable(#[source] ProofError),
}

/// The text of a proof file of events of one stream, none newer than the note. It reads the log up to the note and takes 64 bytes
/// of memory for each event; `seen` is called with each position.
///
/// # Errors
/// The log cannot be read or differs from what was signed, or the events cannot be proved.
pub async fn make(
    reader: &dyn EventReader,
    note: &str,
    key: &PublicKey,
    events: &[Arc<RecordedEvent>],
    seen: impl Fn(Position),
) -> Result<String, MakeError> {
    let checkpoint = Checkpoint::open(note, key)?;
    let mut places: HashMap<Position, Option<LeafIndex>> = events.iter().map(|event| (event.position, None)).collect();
    let tree = tree_of(reader, checkpoint.size, |index, event| {
        if let Some(place) = places.get_mut(&event.position) {
            *place = Some(index);
        }
        seen(event.position);
    });
    let tree = tree.await?;
    if tree.root(checkpoint.size) != Some(checkpoint.root) {
        return Err(MakeError::AnotherLog);
    }
    let placed = events.iter().filter_map(|event| Some((places.get(&event.position).copied()??, &**event)));
    let text = Proof::new(note, key, &tree, placed)?.text();
    if text.len() > MAX_PROOF_BYTES {
        return Err(MakeError::TooLong { bytes: text.len() });
    }
    check(text.as_bytes(), key).map_err(MakeError::Unprovable)?;
    Ok(text)
}
