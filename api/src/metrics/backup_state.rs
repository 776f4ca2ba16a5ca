//! When backups last succeeded, kept in the data directory by whoever makes them, which may be another process than the one that
//! serves: `desk backup` and `desk drill` note it, a scrape reads it.
//!
//! Invariant: a file that is away or malformed says nothing, and no name out of it can make more than a few series.

use std::{collections::BTreeMap, fs, io, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The file in the data directory.
const FILE: &str = "backup-state.json";
/// Stores that a file may name.
const MOST_STORES: usize = 8;

/// When backups and drills last succeeded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupState {
    /// By store: `log`, `keys`.
    #[serde(default)]
    pub stores: BTreeMap<String, Timestamp>,
    /// The last restore for practice.
    #[serde(default)]
    pub drill: Option<Timestamp>,
}

impl BackupState {
    /// What the data directory's file says.
    #[must_use]
    pub fn read(data_dir: &Path) -> Self {
        let text = fs::read_to_string(data_dir.join(FILE)).unwrap_or_default();
        let mut state: Self = serde_json::from_str(&text).unwrap_or_default();
        state.stores = state.stores.into_iter().filter(|(store, _)| is_store(store)).take(MOST_STORES).collect();
        state
    }

    /// Notes that a backup of a store has succeeded.
    ///
    /// # Errors
    /// The data directory cannot be written.
    pub fn note_backup(data_dir: &Path, store: &str, at: Timestamp) -> io::Result<()> {
        Self::change(data_dir, |state| {
            state.stores.insert(store.to_owned(), at);
        })
    }

    /// Notes that a backup was restored and verified.
    ///
    /// # Errors
    /// The data directory cannot be written.
    pub fn note_drill(data_dir: &Path, at: Timestamp) -> io::Result<()> {
        Self::change(data_dir, |state| state.drill = Some(at))
    }

    /// A reader sees the file as it was or as it is.
    fn change(data_dir: &Path, change: impl FnOnce(&mut Self)) -> io::Result<()> {
        let mut state = Self::read(data_dir);
        change(&mut state);
        let draft = data_dir.join(format!("{FILE}.{}.draft", std::process::id()));
        fs::write(&draft, serde_json::to_vec(&state)?)?;
        fs::rename(draft, data_dir.join(FILE))
    }
}

fn is_store(name: &str) -> bool {
    (1..=20).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_read_and_anything_else_says_nothing() {
        let folder = std::env::temp_dir().join(format!("desk-backup-state-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the temporary folder can be written");
        assert_eq!(BackupState::read(&folder), BackupState::default());
        let at = |second| Timestamp::from_second(second).expect("a time");
        BackupState::note_backup(&folder, "log", at(1)).expect("it can be written");
        BackupState::note_backup(&folder, "keys", at(2)).expect("it can be written");
        BackupState::note_backup(&folder, "log", at(3)).expect("it can be written");
        BackupState::note_drill(&folder, at(4)).expect("it can be written");
        let stores = [("keys".to_owned(), at(2)), ("log".to_owned(), at(3))].into();
        assert_eq!(BackupState::read(&folder), BackupState { stores, drill: Some(at(4)) });
        for bad in ["", "{", "[]", "{\"stores\": {\"a b\": \"2026-01-01T00:00:00Z\"}}"] {
            fs::write(folder.join(FILE), bad).expect("it can be written");
            assert_eq!(BackupState::read(&folder), BackupState::default(), "{bad}");
        }
        fs::remove_dir_all(folder).expect("it is there");
    }
}
