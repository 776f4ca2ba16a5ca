//! Whether anybody has a SQLite log open. While desk has it open there is a `-wal` file beside it. Where one was left behind, the
//! log is read as if desk had it open: through that file.
//!
//! Read through its WAL, a log that nobody has open would get `-wal` and `-shm` files of ours, and could not be read at all
//! from a folder that may not be written. So it is read as it lies, and checked afterwards to have lain still.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// A log at rest, and how it lay.
pub(super) struct ImmutableCheck {
    path: PathBuf,
    lay: (u64, SystemTime),
}

impl ImmutableCheck {
    /// How the file lies; nothing where it is, or was left, open.
    pub(super) fn of(path: &Path) -> Option<Self> {
        Some(Self { path: path.to_owned(), lay: lies(path)? })
    }

    /// Whether the file still lies as it did.
    pub(super) fn is_unchanged(&self) -> bool {
        lies(&self.path) == Some(self.lay)
    }
}

fn lies(path: &Path) -> Option<(u64, SystemTime)> {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    if Path::new(&wal).exists() {
        return None;
    }
    let found = fs::metadata(path).ok()?;
    Some((found.len(), found.modified().ok()?))
}
