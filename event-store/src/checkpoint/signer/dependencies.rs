//! What the signer works with, and the alarms that refer to it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::status::Alarm;
use crate::{
    checkpoint::{
        CheckpointKey,
        folder::{FolderNote, NoteFolder},
    },
    clock::Clock,
    event::Position,
    flaw::Flaw,
    port::{EventReader, Identity},
};

/// Paths of the signer's files.
#[derive(Debug, Clone)]
pub struct Places {
    /// The folder of notes.
    pub folder: PathBuf,
    /// The file with the frontier, which saves reading the log again.
    pub state: PathBuf,
    /// The file with the public key, named in alarms.
    pub public_key: PathBuf,
    /// The file that keeps an alarm over restarts.
    pub alarm: PathBuf,
    /// Where the log is, for the command that alarms name; without secrets.
    pub store: String,
}

/// Log, key, files and clock.
#[derive(Clone)]
pub(in crate::checkpoint) struct Dependencies {
    pub(in crate::checkpoint) reader: Arc<dyn EventReader>,
    pub(in crate::checkpoint) log: Identity,
    pub(in crate::checkpoint) key: Arc<CheckpointKey>,
    pub(in crate::checkpoint) folder: NoteFolder,
    pub(in crate::checkpoint) places: Places,
    pub(in crate::checkpoint) clock: Arc<dyn Clock>,
}

impl Dependencies {
    /// The log's root differs from a note's.
    pub(in crate::checkpoint) fn alarm_of_change(&self, note: &FolderNote) -> Alarm {
        let found = format!("its first {} events are not those that were signed", note.checkpoint.size);
        self.alarm(note, &found)
    }

    /// The log is shorter than a note says.
    pub(super) fn alarm_of_cut(&self, note: &FolderNote, head: Position) -> Alarm {
        let found = format!("{} events were signed, and it ends at position {head}", note.checkpoint.size);
        self.alarm(note, &found)
    }

    /// The log has an older generation than a note.
    pub(super) fn alarm_of_generation(&self, note: &FolderNote) -> Alarm {
        let (log, signed) = (self.log.generation, note.checkpoint.log.generation);
        let found =
            format!("generation {signed} was signed up to {} events, and it is generation {log}", note.checkpoint.size);
        self.alarm(note, &found)
    }

    /// An event does not prove itself.
    pub(in crate::checkpoint) fn alarm_of_event(&self, position: Position, flaw: &Flaw) -> Alarm {
        let what = format!(
            "the log does not prove itself at position {position}: {flaw}. Nothing is signed until this is looked into: \
             `{}` names the first bad position, or where it is",
            self.verify_command(&self.places.folder)
        );
        Alarm { position, what }
    }

    fn alarm(&self, note: &FolderNote, found: &str) -> Alarm {
        let what = format!(
            "the log was changed under its checkpoint: {found}. Nothing is signed until this is looked into: \
             `{}` names the first bad position, or where it is",
            self.verify_command(&self.places.folder.join(&note.name))
        );
        Alarm { position: note.checkpoint.position, what }
    }

    /// A command that can be pasted into a shell.
    fn verify_command(&self, checkpoint: &Path) -> String {
        let (checkpoint, key) = (checkpoint.display().to_string(), self.places.public_key.display().to_string());
        let (store, checkpoint, key) = (quoted(&self.places.store), quoted(&checkpoint), quoted(&key));
        format!("desk-replay --store {store} verify --checkpoint {checkpoint} --key {key}")
    }
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}
