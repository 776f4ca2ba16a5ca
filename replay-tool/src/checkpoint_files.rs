//! Checkpoint files of an auditor, single or in folders, verified with the public key.
//!
//! A readable note whose signature is not valid is a difference: it was changed or replaced. A missing one, or one of another log,
//! means that nothing can be checked.

use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use event_store::{
    checkpoint::{Checkpoint, MAX_NOTE_BYTES, NoteError, PublicKey, WrongLog},
    proof::{self, MAX_PROOF_BYTES, Proof},
};

use crate::{failure::Failure, source::Maps};

/// File extension of checkpoints.
const ENDING: &str = "checkpoint";

/// A checkpoint and its note.
#[derive(Debug)]
pub struct CheckpointFile {
    /// The file.
    pub file: PathBuf,
    /// The note's text.
    pub text: String,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
}

impl CheckpointFile {
    /// Reads a note and verifies its signature.
    ///
    /// # Errors
    /// The file cannot be read, or its signature is not valid.
    pub fn read(file: &Path, key: &PublicKey) -> Result<Self, Failure> {
        let refused = |source| Failure::CheckpointFile { file: file.to_owned(), source };
        let bytes = read_at_most(file, MAX_NOTE_BYTES).map_err(|source| failed(file, source))?;
        let text = String::from_utf8(bytes).map_err(|_| refused(NoteError::Malformed("it is not text")))?;
        let checkpoint = Checkpoint::open(&text, key).map_err(refused)?;
        Ok(Self { file: file.to_owned(), text, checkpoint })
    }

    /// The checkpoint in the positions of this log; it must be of this log, or of one that this is a copy of.
    ///
    /// # Errors
    /// It is of another log.
    pub fn in_terms_of(&self, maps: &Maps) -> Result<Checkpoint, Failure> {
        let translated = maps.checkpoint(&self.checkpoint);
        let wrong = translated.is_of(maps.here()).err();
        match wrong {
            Some(source @ WrongLog::Another { .. }) => Err(Failure::WrongLog { file: self.file.clone(), source }),
            Some(WrongLog::Generation { .. }) | None => Ok(translated),
        }
    }
}

/// Reads and verifies a proof file.
///
/// # Errors
/// It cannot be read, is not valid, or is of another log.
pub fn read_proof(file: &Path, key: &PublicKey, maps: &Maps) -> Result<(Checkpoint, Proof), Failure> {
    let content = read_at_most(file, MAX_PROOF_BYTES).map_err(|source| failed(file, source))?;
    let refused = |source| Failure::Proof { file: file.to_owned(), source };
    let (checkpoint, proof) = proof::check(&content, key).map_err(refused)?;
    Ok((maps.checkpoint(&checkpoint), proof))
}

/// Reads all given notes, those of a folder in order of their names; one of a folder may be damaged.
///
/// # Errors
/// A folder contains no checkpoint, or a file cannot be read.
pub fn read_all(paths: &[PathBuf], key: &PublicKey) -> Result<Vec<Result<CheckpointFile, Failure>>, Failure> {
    let mut notes = Vec::new();
    for path in paths {
        if path.is_dir() {
            for file in notes_in(path)? {
                notes.push(CheckpointFile::read(&file, key));
            }
        } else {
            let note = CheckpointFile::read(path, key);
            match note {
                Err(failure @ Failure::Unreadable { .. }) => return Err(failure),
                note => notes.push(note),
            }
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

/// Reads a file up to one byte beyond the limit, so that a longer one is recognised.
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
