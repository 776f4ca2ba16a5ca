//! Checkpoints as an auditor keeps them: files, or folders of files, opened with the public key.
//!
//! A note that can be read and does not hold under the key is a difference: somebody changed it, or put another in its place.
//! One that is not there, or that was signed over another log, lets nothing be said.

use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use event_store::{
    checkpoint::{Checkpoint, MAX_NOTE_BYTES, NoteError, PublicKey},
    proof::{self, MAX_PROOF_BYTES, Proof},
};

use crate::{failure::Failure, source::Maps};

/// The ending of checkpoints' files, as `desk` names them.
const ENDING: &str = "checkpoint";

/// A checkpoint, and the note that it was taken out of.
#[derive(Debug)]
pub struct CheckpointFile {
    /// Where it lies.
    pub file: PathBuf,
    /// Its text.
    pub text: String,
    /// What it says.
    pub checkpoint: Checkpoint,
}

impl CheckpointFile {
    /// Reads a note and checks its signature.
    ///
    /// # Errors
    /// It cannot be read, or is not what the key has signed.
    pub fn read(file: &Path, key: &PublicKey) -> Result<Self, Failure> {
        let refused = |source| Failure::CheckpointFile { file: file.to_owned(), source };
        let bytes = read_at_most(file, MAX_NOTE_BYTES).map_err(|source| failed(file, source))?;
        let text = String::from_utf8(bytes).map_err(|_| refused(NoteError::Malformed("it is no text")))?;
        let checkpoint = Checkpoint::open(&text, key).map_err(refused)?;
        Ok(Self { file: file.to_owned(), text, checkpoint })
    }

    /// The checkpoint in this log's terms; it must have been signed over it, or over a log that this is a copy of.
    ///
    /// # Errors
    /// It says nothing about this log.
    pub fn in_terms_of(&self, maps: &Maps) -> Result<Checkpoint, Failure> {
        maps.checkpoint(&self.checkpoint).map_err(|source| Failure::WrongLog { file: self.file.clone(), source })
    }
}

/// Reads a proof file and checks it.
///
/// # Errors
/// It cannot be read, proves nothing, or is of another log.
pub fn read_proof(file: &Path, key: &PublicKey, maps: &Maps) -> Result<(Checkpoint, Proof), Failure> {
    let content = read_at_most(file, MAX_PROOF_BYTES).map_err(|source| failed(file, source))?;
    let refused = |source| Failure::Proof { file: file.to_owned(), source };
    let (checkpoint, proof) = proof::check(&content, key).map_err(refused)?;
    let carried = maps.checkpoint(&checkpoint);
    Ok((carried.map_err(|source| Failure::WrongLog { file: file.to_owned(), source })?, proof))
}

/// Reads all notes that were named, those of a folder in the order of their names.
///
/// # Errors
/// As [`CheckpointFile::read`]; there is none in a folder.
pub fn read_all(paths: &[PathBuf], key: &PublicKey) -> Result<Vec<CheckpointFile>, Failure> {
    let mut notes = Vec::new();
    for path in paths {
        if path.is_dir() {
            for file in notes_in(path)? {
                notes.push(CheckpointFile::read(&file, key)?);
            }
        } else {
            notes.push(CheckpointFile::read(path, key)?);
        }
    }
    Ok(notes)
}

fn notes_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|source| failed(folder, source))? {
        let file = entry.map_err(|source| failed(folder, source))?.path();
        if file.extension().is_some_and(|ending| ending == ENDING) {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(Failure::NoNotes(folder.to_owned()));
    }
    files.sort();
    Ok(files)
}

/// The bytes of a file; of a longer one enough to see that it is longer.
///
/// # Errors
/// It cannot be read.
pub fn read_at_most(file: &Path, bytes: usize) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(file)?.take(bytes as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}

fn failed(file: &Path, source: std::io::Error) -> Failure {
    Failure::Unreadable { file: file.to_owned(), source }
}
