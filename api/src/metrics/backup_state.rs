//! When a backup and a drill last succeeded, as the programs that make them, `desk backup` and `desk drill`, leave it in the data
//! directory: they are processes of their own.
//!
//! Invariant: a file that is away or malformed says nothing.

use std::{fs, path::Path};

use jiff::Timestamp;
use serde::Deserialize;

/// Left by whoever follows the log.
const BACKUP: &str = "backup-state.json";
/// Left by the last drill.
const DRILL: &str = "drill-state.json";

/// When backups and drills last succeeded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BackupState {
    /// Everything recorded up to then is in the backup.
    pub backup: Option<Timestamp>,
    /// A backup was restored and verified then.
    pub drill: Option<Timestamp>,
}

/// What both files have; the rest is for others.
#[derive(Deserialize)]
struct Left {
    last_success_at: Option<Timestamp>,
}

impl BackupState {
    /// What the data directory's files say.
    #[must_use]
    pub fn read(data_dir: &Path) -> Self {
        let left = |file: &str| {
            let text = fs::read(data_dir.join(file)).ok()?;
            serde_json::from_slice::<Left>(&text).ok()?.last_success_at
        };
        Self { backup: left(BACKUP), drill: left(DRILL) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_are_read_and_anything_else_says_nothing() {
        let folder = std::env::temp_dir().join(format!("desk-backup-state-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("the temporary folder can be written");
        assert_eq!(BackupState::read(&folder), BackupState::default());
        let write = |file: &str, text: &str| fs::write(folder.join(file), text).expect("it can be written");
        write(BACKUP, r#"{"target": "/b", "last_success_at": "2026-11-30T18:00:00Z", "position": 7}"#);
        write(DRILL, r#"{"last_success_at": "2026-11-29T18:00:00Z", "seconds": 1.5}"#);
        let at = |text: &str| text.parse::<Timestamp>().ok();
        let (backup, drill) = (at("2026-11-30T18:00:00Z"), at("2026-11-29T18:00:00Z"));
        assert!(backup.is_some() && drill.is_some());
        assert_eq!(BackupState::read(&folder), BackupState { backup, drill });
        for bad in ["", "{", "[]", r#"{"last_success_at": null}"#, r#"{"last_success_at": "soon"}"#] {
            write(BACKUP, bad);
            assert_eq!(BackupState::read(&folder), BackupState { backup: None, drill }, "{bad}");
        }
        fs::remove_dir_all(folder).expect("it is there");
    }
}
