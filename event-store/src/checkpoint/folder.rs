//! The folder of notes: `latest.checkpoint`, and for each day (UTC) that day's newest, so that the number of files is bounded and
//! old notes stay. From the log's second generation on, a day's file name includes the generation.
//!
//! Invariants: a note file is complete or absent, whenever the process ends; only an older note of the same key, log and
//! generation is replaced. Any other file in its place is kept, renamed to the hash of its text.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{Checkpoint, NoteError, PublicKey};
use crate::private_file::open_to_readers;

/// File name of the newest note.
pub const LATEST: &str = "latest.checkpoint";
const NOTE: &str = ".checkpoint";
/// File name of a note until it is complete. There is one writer, so one name suffices.
const DRAFT: &str = "checkpoint.draft";
/// Bytes read of a file: a note has 350 bytes, and is refused from 16 KiB on.
const READ_BYTES: u64 = 20_000;

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct NoteFolder {
    path: PathBuf,
}

/// A file with a note's name, and the result of opening it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) opened: Result<Checkpoint, NoteError>,
}

/// A valid note of the folder.
#[derive(Debug, Clone)]
pub(super) struct FolderNote {
    pub(super) name: String,
    pub(super) checkpoint: Checkpoint,
}

impl NoteFolder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Creates the folder if it is missing. Notes are for everybody who audits.
    pub(super) fn create(&self) -> io::Result<()> {
        if self.path.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(&self.path)?;
        open_to_readers(&self.path)
    }

    /// Every file with a note's name.
    pub(super) fn survey(&self, key: &PublicKey) -> io::Result<Vec<Found>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let Ok(name) = entry?.file_name().into_string() else { continue };
            if !name.ends_with(NOTE) {
                continue;
            }
            if let Some(text) = read(&self.path.join(&name))? {
                found.push(Found { name, opened: Checkpoint::open(&text, key) });
            }
        }
        Ok(found)
    }

    /// Stores a note as its day's newest and as the latest; on disk when this returns.
    pub(super) fn keep(&self, checkpoint: &Checkpoint, note: &str, key: &PublicKey) -> io::Result<()> {
        for name in [day_name(checkpoint), LATEST.to_owned()] {
            self.set_aside_what_is_not_older(&name, checkpoint, key)?;
            self.replace(&name, note)?;
        }
        fs::File::open(&self.path)?.sync_all()
    }

    fn replace(&self, name: &str, note: &str) -> io::Result<()> {
        let draft = self.path.join(DRAFT);
        let mut file = fs::File::create(&draft)?;
        file.write_all(note.as_bytes())?;
        open_to_readers(&draft)?;
        file.sync_all()?;
        fs::rename(draft, self.path.join(name))
    }

    fn set_aside_what_is_not_older(&self, name: &str, newer: &Checkpoint, key: &PublicKey) -> io::Result<()> {
        let path = self.path.join(name);
        let Some(text) = read(&path)? else { return Ok(()) };
        let opened = Checkpoint::open(&text, key);
        if opened.is_ok_and(|older| older.log == newer.log && older.size <= newer.size) {
            return Ok(());
        }
        let kept = format!("{name}.{}.kept", &hex::encode(Sha256::digest(&text))[..8]);
        tracing::warn!(file = name, kept, "a checkpoint that is not replaced by a newer one is set aside");
        fs::rename(path, self.path.join(kept))
    }
}

/// With the newest note of each day, the consistency of any two of them can be proved.
fn day_name(checkpoint: &Checkpoint) -> String {
    let day = checkpoint.signed_at.strftime("%Y-%m-%d");
    match checkpoint.log.generation {
        1 => format!("{day}{NOTE}"),
        generation => format!("{day}.generation-{generation}{NOTE}"),
    }
}

/// The text of a file, with invalid UTF-8 replaced; `None` if there is no file.
fn read(path: &Path) -> io::Result<Option<String>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(READ_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}
