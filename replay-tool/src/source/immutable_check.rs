//! Detects whether a process has a SQLite log open: then there is a `-wal` file beside it. If such a file was left behind, the log is
//! read through it, as if desk had it open.
//!
//! Reading a closed log through a WAL would create `-wal` and `-shm` files, and is impossible in a read-only folder. So it is read in
//! immutable mode, and the file is checked afterwards for changes.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// A log file that was not open, with its size and time.
pub(super) struct ImmutableCheck {
    path: PathBuf,
    state: (u64, SystemTime),
}

impl ImmutableCheck {
    /// The state of the file; `None` if there is a `-wal` file.
    pub(super) fn of(path: &Path) -> Option<Self> {
        Some(Self { path: path.to_owned(), state: state_of(path)? })
    }

    /// Whether the file is unchanged and still not open.
    pub(super) fn is_unchanged(&self) -> bool {
        state_of(&self.path) == Some(self.state)
    }
}

fn state_of(path: &Path) -> Option<(u64, SystemTime)> {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    if Path::new(&wal).exists() {
        return None;
    }
    let found = fs::metadata(path).ok()?;
    Some((found.len(), found.modified().ok()?))
}
