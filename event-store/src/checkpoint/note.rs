//! A checkpoint as a signed note: the lines of its text, an empty line, and a line per signature.
//!
//! ```text
//! fiido-desk/0b9f…        the log
//! 12345                   how many events
//! 5j0Pp…=                 the root, base64
//! generation 1            the log's generation
//! position 12345          of the last event
//! signed_at 2026-11-25T…  the signer's clock
//!
//! — fiido-desk/0b9f… 9cd3…= the key's hash and the signature, base64
//! ```

use base64::{Engine as _, prelude::BASE64_STANDARD};
use uuid::Uuid;

use super::{Checkpoint, CheckpointKey, PublicKey};
use crate::{
    event::{Position, parse_time_text, time_text},
    merkle::TreeSize,
    port::Identity,
};

/// Longest accepted note in bytes: ours have 350, and countersigners may add lines.
pub const MAX_NOTE_BYTES: usize = 16 * 1024;
/// Prefix of a signature line.
const SIGNED_BY: &str = "\u{2014} ";
const ORIGIN: &str = "fiido-desk/";

/// Why a note is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is malformed.
    #[error("not a checkpoint: {0}")]
    Malformed(&'static str),
    /// It has no signature by the key.
    #[error("the checkpoint is not signed by this key")]
    OtherKey,
    /// The key's signature does not match the text.
    #[error("the checkpoint's signature is invalid: its text or the signature was changed")]
    Forged,
    /// The key belongs to another log.
    #[error("the checkpoint is of another log than its key")]
    OtherLog,
}

impl Checkpoint {
    /// The signed note of this checkpoint.
    #[must_use]
    pub fn sign(&self, key: &CheckpointKey) -> String {
        let text = self.text();
        let signature = BASE64_STANDARD.encode(key.signature(text.as_bytes()));
        format!("{text}\n{SIGNED_BY}{} {signature}\n", key.public().name())
    }

    /// Verifies a note's signature by `key` and parses its checkpoint.
    ///
    /// # Errors
    /// The note is not signed by this key, was changed, or is malformed.
    pub fn open(note: &str, key: &PublicKey) -> Result<Self, NoteError> {
        let (text, signatures) = split(note)?;
        let mut is_signed = false;
        for line in signatures.lines() {
            let (name, signature) = signature(line)?;
            if name == key.name() && signature.starts_with(&key.hash()) {
                is_signed = true;
                if !key.has_signed(text.as_bytes(), &signature) {
                    return Err(NoteError::Forged);
                }
            }
        }
        if !is_signed {
            return Err(NoteError::OtherKey);
        }
        let checkpoint = Self::parse(text).ok_or(NoteError::Malformed("its lines are not those of a checkpoint"))?;
        if Self::origin(checkpoint.log) != key.name() {
            return Err(NoteError::OtherLog);
        }
        Ok(checkpoint)
    }

    /// The same note with only this key's signature, so that everything in it is covered by that signature.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn without_countersignatures(note: &str, key: &PublicKey) -> Result<String, NoteError> {
        Self::open(note, key)?;
        let (text, signatures) = split(note)?;
        let is_ours = |line: &&str| {
            signature(line).is_ok_and(|(name, signature)| name == key.name() && signature.starts_with(&key.hash()))
        };
        let own = signatures.lines().find(is_ours).ok_or(NoteError::OtherKey)?;
        Ok(format!("{text}\n{own}\n"))
    }

    /// The signed lines.
    fn text(&self) -> String {
        let (origin, root) = (Self::origin(self.log), BASE64_STANDARD.encode(self.root));
        let (size, generation, position) = (self.size, self.log.generation, self.position);
        let signed_at = time_text(self.signed_at);
        format!("{origin}\n{size}\n{root}\ngeneration {generation}\nposition {position}\nsigned_at {signed_at}\n")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let log_id = Uuid::try_parse(lines.next()?.strip_prefix(ORIGIN)?).ok()?;
        let size = TreeSize(lines.next()?.parse().ok()?);
        let root = BASE64_STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
        let generation = lines.next()?.strip_prefix("generation ")?.parse().ok()?;
        let position = Position(lines.next()?.strip_prefix("position ")?.parse().ok()?);
        let signed_at = parse_time_text(lines.next()?.strip_prefix("signed_at ")?)?;
        let checkpoint = Self { log: Identity { log_id, generation }, size, root, position, signed_at };
        (checkpoint.text() == text).then_some(checkpoint)
    }
}

/// The signed text including its final newline, and the signature lines.
fn split(note: &str) -> Result<(&str, &str), NoteError> {
    if note.len() > MAX_NOTE_BYTES {
        return Err(NoteError::Malformed("it is too long"));
    }
    let end = note.rfind("\n\n").ok_or(NoteError::Malformed("it has no empty line before the signatures"))?;
    let (text, signatures) = (&note[..=end], &note[end + 2..]);
    if !signatures.ends_with('\n') {
        return Err(NoteError::Malformed("its last line has no newline"));
    }
    Ok((text, signatures))
}

/// The signer's name, and the key hash with the signature.
fn signature(line: &str) -> Result<(&str, Vec<u8>), NoteError> {
    let parts = line.strip_prefix(SIGNED_BY).and_then(|line| line.split_once(' '));
    let (name, signature) = parts.ok_or(NoteError::Malformed("a signature line is malformed"))?;
    let signature = BASE64_STANDARD.decode(signature);
    Ok((name, signature.map_err(|_| NoteError::Malformed("a signature is not base64"))?))
}
