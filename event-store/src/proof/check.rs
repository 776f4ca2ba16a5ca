//! Verification of a proof file without the log.
//!
//! Invariant: the file must be encoded canonically, byte for byte; an equivalent encoding is refused.

use crate::{
    checkpoint::{Checkpoint, NoteError, PublicKey},
    event::StreamVersion,
    hash::NO_HASH,
    merkle::{leaf_hash, root_of_inclusion},
};

use super::{Entry, FORMAT, MAX_PROOF_BYTES, Proof, entry::proved_position};

/// Why a proof file is refused.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// It is too long.
    #[error("it is longer than {} MiB", MAX_PROOF_BYTES >> 20)]
    TooLong,
    /// It is not a proof file.
    #[error("it is not a proof file")]
    Malformed(#[source] serde_json::Error),
    /// It has another format.
    #[error("its format is not {FORMAT}")]
    OtherFormat,
    /// It is not encoded canonically.
    #[error("it is not encoded as a proof file: line {line} was changed")]
    NotCanonical {
        /// The first line that differs, from 1.
        line: usize,
    },
    /// Its checkpoint is invalid.
    #[error("its checkpoint is invalid")]
    Note(#[from] NoteError),
    /// Its checkpoint has further signatures, which the key does not cover.
    #[error("its checkpoint has more than one signature")]
    MoreSignatures,
    /// It contains no event.
    #[error("it contains no event")]
    NoEvent,
    /// An event in it is not proved.
    #[error("event {number} of the file, {stream} version {version}: {flaw}")]
    Entry {
        /// Its number in the file, from 1.
        number: usize,
        /// Its stream according to the file.
        stream: String,
        /// Its version according to the file.
        version: StreamVersion,
        /// The flaw.
        flaw: EntryFlaw,
    },
}

/// Why an event of a proof file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryFlaw {
    /// A field is malformed.
    #[error("its {0} is malformed")]
    Malformed(&'static str),
    /// The content does not match the hash.
    #[error("its content does not give its hash")]
    Changed,
    /// It does not follow the previous event.
    #[error("it does not follow the one before it in its stream")]
    Misplaced,
    /// The position differs from that of the leaf.
    #[error("its position is not the one that is proved")]
    OtherPosition,
    /// The path does not lead to the root.
    #[error("its path does not lead to the checkpoint's root")]
    NotIncluded,
}

/// Verifies a proof file with the public key.
///
/// # Errors
/// The first reason to refuse it.
pub fn check(file: &[u8], key: &PublicKey) -> Result<(Checkpoint, Proof), ProofError> {
    if file.len() > MAX_PROOF_BYTES {
        return Err(ProofError::TooLong);
    }
    let proof: Proof = serde_json::from_slice(file).map_err(ProofError::Malformed)?;
    if proof.format != FORMAT {
        return Err(ProofError::OtherFormat);
    }
    is_canonical(file, &proof)?;
    let checkpoint = Checkpoint::open(&proof.checkpoint, key)?;
    if Checkpoint::without_countersignatures(&proof.checkpoint, key)? != proof.checkpoint {
        return Err(ProofError::MoreSignatures);
    }
    if proof.events.is_empty() {
        return Err(ProofError::NoEvent);
    }
    let mut before = None;
    for (place, entry) in proof.events.iter().enumerate() {
        check_entry(&checkpoint, before, entry).map_err(|flaw| failed(place, entry, flaw))?;
        before = Some(entry);
    }
    Ok((checkpoint, proof))
}

fn is_canonical(file: &[u8], proof: &Proof) -> Result<(), ProofError> {
    let text = proof.text();
    if text.as_bytes() == file {
        return Ok(());
    }
    let same = text.bytes().zip(file).take_while(|(right, found)| right == *found).count();
    let line = 1 + file.iter().take(same).filter(|byte| **byte == b'\n').count();
    Err(ProofError::NotCanonical { line })
}

fn check_entry(checkpoint: &Checkpoint, before: Option<&Entry>, entry: &Entry) -> Result<(), EntryFlaw> {
    if entry.computed_hash().map_err(EntryFlaw::Malformed)? != entry.hash.0 {
        return Err(EntryFlaw::Changed);
    }
    if !before.map_or_else(|| may_come_first(entry), |before| follows(before, entry)) {
        return Err(EntryFlaw::Misplaced);
    }
    if entry.position != proved_position(checkpoint, entry.leaf_index) {
        return Err(EntryFlaw::OtherPosition);
    }
    let path: Vec<_> = entry.path.iter().map(|hash| hash.0).collect();
    let root = root_of_inclusion(entry.leaf_index, checkpoint.size, leaf_hash(&entry.hash.0), &path);
    if root == Some(checkpoint.root) { Ok(()) } else { Err(EntryFlaw::NotIncluded) }
}

fn may_come_first(entry: &Entry) -> bool {
    (entry.version.0 == 1) == (entry.prev_hash.0 == NO_HASH)
}

fn follows(before: &Entry, entry: &Entry) -> bool {
    entry.stream == before.stream
        && entry.version == before.version.next()
        && entry.prev_hash == before.hash
        && entry.leaf_index > before.leaf_index
        && entry.recorded_at > before.recorded_at
}

fn failed(place: usize, entry: &Entry, flaw: EntryFlaw) -> ProofError {
    ProofError::Entry { number: place + 1, stream: entry.stream.clone(), version: entry.version, flaw }
}
