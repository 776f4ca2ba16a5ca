//! The data directory: what this node keeps, and the lock that keeps a second `desk` out of it.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};

use event_store::private_file::{close_to_others, create_private_file, read_private_file};

/// The directory, held by this process alone.
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// A process that is just ending, or a `desk-replay` that looks whether a desk runs, has the lock for no longer.
const PASSING: Duration = Duration::from_millis(500);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Why the directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another `desk` runs on it.
    #[error("another desk uses the data directory {0}; stop it, or choose another with --data-dir")]
    InUse(PathBuf),
    /// It cannot be read or written.
    #[error("data directory {path}")]
    Unusable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl DataDir {
    /// Makes the directory (mode 0700) if need be and locks it; the lock goes with the process, however it ends.
    ///
    /// # Errors
    /// Another process has it, or it cannot be written.
    pub fn lock(path: &Path) -> Result<Self, DataDirError> {
        let failed = |source| DataDirError::Unusable { path: path.to_owned(), source };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(failed)?;
        let mut options = fs::OpenOptions::new();
        let lock = options.create(true).truncate(false).write(true).open(path.join("desk.lock")).map_err(failed)?;
        match take(&lock) {
            Ok(()) => {
                close_databases(path).map_err(failed)?;
                Ok(Self { path: path.to_owned(), _lock: lock })
            }
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// A file or folder in it.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The content of a small private file (mode 0600), made by `fresh` if it is not there. Says whether it was made.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn keep(&self, name: &str, fresh: impl FnOnce() -> String) -> Result<(String, bool), DataDirError> {
        let path = self.join(name);
        let failed = |source| DataDirError::Unusable { path: path.clone(), source };
        let made = match create_private_file_unless_there(&path, fresh) {
            Ok(made) => made,
            Err(source) => return Err(failed(source)),
        };
        let text = read_private_file(&path).map_err(failed)?;
        Ok((text.trim().to_owned(), made))
    }
}

/// Databases that a former `desk` left open to others are so no more, whatever the directory allows.
fn close_databases(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_database = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| [".db", ".db-wal", ".db-shm"].iter().any(|ending| name.ends_with(ending)));
        if is_database && let Err(error) = close_to_others(&path) {
            tracing::warn!(file = %path.display(), %error, "others than this user may read a database: close it with chmod 600");
        }
    }
    Ok(())
}

fn take(lock: &File) -> Result<(), TryLockError> {
    let began = Instant::now();
    loop {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) if began.elapsed() < PASSING => sleep(LOOK_AGAIN),
            taken => return taken,
        }
    }
}

fn create_private_file_unless_there(path: &Path, fresh: impl FnOnce() -> String) -> io::Result<bool> {
    if path.exists() {
        return Ok(false);
    }
    match create_private_file(path, fresh().as_bytes()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}
