//! What the signer works with, and the alarms that refer to it.

use std::{path::PathBuf, sync::Arc};

use super::status::Alarm;
use crate::{
    checkpoint::{
        CheckpointKey,
        folder::{FolderNote, NoteFolder},
    },
    clock::Clock,
    event::Position,
    port::{EventReader, Identity},
};

/// Paths of the signer's files.
#[derive(Debug, Clone)]
pub struct Places {
    /// The folder of notes.
    pub folder: PathBuf,
    /// The file with the frontier, which saves reading the log again.
    pub state: PathBuf,
    /// The key file, named in alarms.
    pub key_file: PathBuf,
}

/// Log, key, files and clock.
#[derive(Clone)]
pub(super) struct Dependencies {
    pub(super) reader: Arc<dyn EventReader>,
    pub(super) log: Identity,
    pub(super) key: Arc<CheckpointKey>,
    pub(super) folder: NoteFolder,
    pub(super) places: Places,
    pub(super) clock: Arc<dyn Clock>,
}

impl Dependencies {
    /// The log's root differs from a note's.
    pub(super) fn alarm_of_change(&self, note: &FolderNote) -> Alarm {
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

    fn alarm(&self, note: &FolderNote, found: &str) -> Alarm {
        let (file, key) = (self.places.folder.join(&note.name), self.places.key_file.display());
        let what = format!(
            "the log was changed under its checkpoint: {found}. Nothing is signed until this is looked into: \
             `desk-replay verify --checkpoint {} --key {key}` names the first bad position",
            file.display()
        );
        Alarm { position: note.checkpoint.position, what }
    }
}
