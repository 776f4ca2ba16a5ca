//! A file of the vault's keys, still wrapped by the master key. Keys come in rounds: a round begins with every key that the vault
//! has, in one or more files, and goes on with those that are new, so that a round is all one needs and older ones can go.
//!
//! Invariant: a round without its file of kind `end` is not complete, and nothing relies on it.

use event_store::vault::key_migration::{StoredErasure, StoredKey};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    fields::{FieldReader, FieldWriter},
    key::{BackupKey, Sealed},
    sealed_file::{self, FileDigest, Flaw},
};

/// What stands in plain before the keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyHead {
    pub(crate) log_id: Uuid,
    /// The round: the second in which it began.
    pub(crate) round: u64,
    /// From 1 in each round, without holes.
    pub(crate) number: u64,
    pub(crate) kind: KeyFileKind,
    /// SHA-256 in the file before it in the round; zeros in the first.
    pub(crate) previous: String,
}

/// What a file of keys is in its round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyFileKind {
    /// A part of all keys.
    Part,
    /// The last part of all keys.
    End,
    /// Keys made since.
    More,
}

impl KeyFileKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Part => "part",
            Self::End => "end",
            Self::More => "more",
        }
    }
}

/// The content of a file.
#[derive(Default)]
pub(crate) struct KeyRows {
    pub(crate) erasures: Vec<StoredErasure>,
    pub(crate) keys: Vec<StoredKey>,
}

/// A file that was read and opened.
pub(crate) struct KeyFile {
    pub(crate) head: KeyHead,
    pub(crate) rows: KeyRows,
    pub(crate) digest: FileDigest,
}

pub(crate) fn seal(key: &BackupKey, head: &KeyHead, rows: &KeyRows) -> (Vec<u8>, FileDigest) {
    let mut fields = FieldWriter::default();
    fields.number(rows.erasures.len() as u64);
    for erasure in &rows.erasures {
        fields.bytes(erasure.subject.as_bytes());
        fields.bytes(erasure.erased_at.as_bytes());
    }
    for key in &rows.keys {
        fields.bytes(key.id.as_bytes());
        fields.bytes(key.subject.as_bytes());
        fields.optional(key.wrapped.as_deref());
        fields.bytes(key.created_at.as_bytes());
        fields.optional(key.destroyed_at.as_deref().map(str::as_bytes));
    }
    sealed_file::seal(key, Sealed::Keys, head, &fields.0)
}

pub(crate) fn open(key: &BackupKey, file: &[u8]) -> Result<KeyFile, Flaw> {
    let whole = sealed_file::read::<KeyHead>(file)?;
    let content = whole.open(key, Sealed::Keys)?;
    let rows = rows(&mut FieldReader(&content)).ok_or(Flaw::Malformed)?;
    Ok(KeyFile { head: whole.head, rows, digest: whole.digest })
}

fn rows(fields: &mut FieldReader<'_>) -> Option<KeyRows> {
    let mut rows = KeyRows::default();
    for _erasure in 0..fields.number()? {
        let subject = Uuid::from_slice(fields.bytes()?).ok()?;
        rows.erasures.push(StoredErasure { subject, erased_at: fields.text()?.to_owned() });
    }
    while !fields.is_at_end() {
        rows.keys.push(StoredKey {
            id: fields.text()?.to_owned(),
            subject: Uuid::from_slice(fields.bytes()?).ok()?,
            wrapped: fields.optional()?.map(<[u8]>::to_vec),
            created_at: fields.text()?.to_owned(),
            destroyed_at: fields.optional_text()?.map(str::to_owned),
        });
    }
    Some(rows)
}
