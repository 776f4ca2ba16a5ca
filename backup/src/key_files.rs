//! The files of keys of a backup, read back.
//!
//! Invariant: the files of a round come in order and complete, or an error names the one that is missing or damaged.

use std::sync::Arc;

use event_store::vault::key_migration::{StoredErasure, StoredKey};
use futures::{Stream, StreamExt as _, stream};
use uuid::Uuid;

use crate::{
    error::BackupError,
    key::BackupKey,
    key_file::{self, KeyFile, KeyFileKind},
    names,
    sealed_file::{FileDigest, Flaw},
    target::Target,
};

/// Files that are read at a time.
const AHEAD: usize = 4;

/// The files of keys of a backup.
pub struct KeyFiles {
    pub(crate) target: Arc<dyn Target>,
    pub(crate) key: Arc<BackupKey>,
    pub(crate) log_id: Uuid,
    pub(crate) rounds: Vec<(u64, Vec<(u64, KeyFileKind)>)>,
}

impl KeyFiles {
    /// Makes sure that a round has as many files as a segment says that there were.
    ///
    /// # Errors
    /// Files at the end of the round are missing.
    pub fn reach(&self, (round, files): (u64, u64)) -> Result<(), BackupError> {
        let there = self.rounds.iter().find(|(began, _)| *began == round).map(|(_, files)| files.len() as u64);
        match there {
            Some(there) if there < files => Err(missing_key_file(round, files)),
            // Only the newest rounds are needed: each has all keys of those before it.
            Some(_) | None => Ok(()),
        }
    }

    /// Every file in order, as erasures and keys.
    pub fn read(&self) -> impl Stream<Item = Result<(Vec<StoredErasure>, Vec<StoredKey>), BackupError>> {
        let all = self.rounds.iter().flat_map(|(round, files)| {
            let numbered = files.iter().zip(1..);
            numbered.map(|((number, kind), expected)| (*round, *number, expected, *kind))
        });
        let mut before = (0, FileDigest::default());
        let reading = stream::iter(all).map(move |(round, number, expected, kind)| async move {
            if number != expected {
                return Err(missing_key_file(round, expected));
            }
            self.open_one(round, number, kind).await
        });
        reading.buffered(AHEAD).map(move |file| {
            let file = file?;
            let previous = if before.0 == file.head.round { before.1 } else { FileDigest::default() };
            if file.head.previous != hex::encode(previous) {
                let name = names::keys(file.head.round, file.head.number, file.head.kind);
                return Err(damaged_keys(name, Flaw::Unlinked));
            }
            before = (file.head.round, file.digest);
            Ok((file.rows.erasures, file.rows.keys))
        })
    }

    async fn open_one(&self, round: u64, number: u64, kind: KeyFileKind) -> Result<KeyFile, BackupError> {
        let name = names::keys(round, number, kind);
        let Some(file) = self.target.read(&name).await? else { return Err(missing_key_file(round, number)) };
        match key_file::open(&self.key, &file) {
            Ok(file) if file.head.log_id != self.log_id => Err(damaged_keys(name, Flaw::Foreign)),
            Ok(file) if (file.head.round, file.head.number, file.head.kind) != (round, number, kind) => {
                Err(damaged_keys(name, Flaw::Foreign))
            }
            Ok(file) => Ok(file),
            Err(flaw) => Err(damaged_keys(name, flaw)),
        }
    }
}

const OF_KEYS: &str = "with keys of the vault";

fn damaged_keys(name: String, flaw: Flaw) -> BackupError {
    BackupError::Damaged { name, holds: OF_KEYS.to_owned(), flaw, way_out: String::new() }
}

fn missing_key_file(round: u64, number: u64) -> BackupError {
    let name = format!("{}/{number:06}.*.keys", names::round_folder(round));
    BackupError::Missing { name, holds: OF_KEYS.to_owned(), way_out: String::new() }
}
