//! The checkpoints of before, and what they know that was not restored.

use std::{fs, path::Path};

use event_store::{
    Identity,
    checkpoint::{Checkpoint, CheckpointKey, PublicKey},
    event::time_text,
};

use super::Filled;
use crate::settings::Settings;

/// The notes that are there, by the key that is there.
pub(crate) struct Notes {
    pub(crate) checkpoints: Vec<Checkpoint>,
    pub(crate) key: Option<PublicKey>,
}

impl Notes {
    /// All notes in the folder that the log's key has signed; none where folder or key are gone.
    pub(crate) fn read(settings: &Settings, log: Identity) -> Self {
        let key = CheckpointKey::read_for(&settings.checkpoint_key_file(), log).ok();
        let key = key.map(|key| key.public().clone());
        let checkpoints = key.as_ref().map(|key| signed_notes(&settings.checkpoint_dir(), key)).unwrap_or_default();
        Self { checkpoints, key }
    }

    fn newest(&self) -> Option<&Checkpoint> {
        self.checkpoints.iter().max_by_key(|note| (note.signed_at, note.size))
    }
}

fn signed_notes(folder: &Path, key: &PublicKey) -> Vec<Checkpoint> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let notes = paths.filter(|path| path.extension().is_some_and(|ending| ending == "checkpoint"));
    notes.filter_map(|path| Checkpoint::open(&fs::read_to_string(path).ok()?, key).ok()).collect()
}

/// What the newest checkpoint knows and was not restored, in words.
pub(crate) fn missing(notes: &Notes, filled: &Filled) -> String {
    let Some(newest) = notes.newest() else {
        return "not known: no checkpoint of before is in checkpoint_dir, or its key is gone".to_owned();
    };
    let signed_at = time_text(newest.signed_at);
    match newest.size.0.checked_sub(filled.events) {
        None | Some(0) => format!("nothing that the newest checkpoint, of {signed_at}, knows of"),
        Some(missing) => {
            let (first, last) = (filled.position.0 + 1, newest.position);
            format!(
                "{missing} events that the newest checkpoint, of {signed_at}, knows of: positions {first} to {last}"
            )
        }
    }
}
