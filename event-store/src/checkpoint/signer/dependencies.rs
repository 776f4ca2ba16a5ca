//! What the signer works with, and the alarms that name it.

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

/// Where things are.
#[derive(Debug, Clone)]
pub struct Places {
    /// For the notes.
    pub folder: PathBuf,
    /// The small file that saves reading the log again.
    pub state: PathBuf,
    /// The key's file, to be named in what an operator is told.
    pub key_file: PathBuf,
}

/// The log, the key, and where things are.
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
    /// The log does not give a note's root.
    pub(super) fn alarm_of_change(&self, kept: &FolderNote) -> Alarm {
        let found = format!("its first {} events are not those that were signed", kept.checkpoint.size);
        self.alarm(kept, &found)
    }

    /// The log ends before a note does.
    pub(super) fn alarm_of_cut(&self, kept: &FolderNote, head: Position) -> Alarm {
        let found = format!("{} events were signed, and it ends at position {head}", kept.checkpoint.size);
        self.alarm(kept, &found)
    }

    /// The log is from before a restore.
    pub(super) fn alarm_of_generation(&self, kept: &FolderNote) -> Alarm {
        let (log, signed) = (self.log.generation, kept.checkpoint.log.generation);
        let found =
            format!("generation {signed} was signed up to {} events, and it is generation {log}", kept.checkpoint.size);
        self.alarm(kept, &found)
    }

    fn alarm(&self, kept: &FolderNote, found: &str) -> Alarm {
        let (note, key) = (self.places.folder.join(&kept.name), self.places.key_file.display());
        let what = format!(
            "the log was changed under its checkpoint: {found}. Nothing is signed until this is looked into: \
             `desk-replay verify --checkpoint {} --key {key}` names the first bad position",
            note.display()
        );
        Alarm { position: kept.checkpoint.position, what }
    }
}
