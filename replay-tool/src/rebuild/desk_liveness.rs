//! Whether a desk looks after the views: beside a log in a file it holds the lock on its data directory; on a server
//! whoever owns the views gives a sign of life each second.
//!
//! Invariant: "no desk" is said only after a look that a living desk cannot miss.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use event_store::Position;
use projections::Standing;

/// An owner of views on a server counts as dead after three seconds without a sign of life; one more for a slow machine.
const SILENT: Duration = Duration::from_secs(4);

/// What is known of a desk.
pub(super) enum DeskLiveness {
    /// By the lock on this file.
    Lock(PathBuf),
    /// By its signs of life: the last, and when it was seen; whether there has been a new one since the first.
    Pulse { last: Option<Vec<(i64, i64, Position)>>, seen: Instant, beats: bool },
}

impl DeskLiveness {
    pub(super) fn new(lock: Option<PathBuf>) -> Self {
        lock.map_or(Self::Pulse { last: None, seen: Instant::now(), beats: false }, Self::Lock)
    }

    /// Whether a desk runs; nothing as long as that is not known.
    pub(super) fn look(&mut self, standing: &Standing) -> io::Result<Option<bool>> {
        match self {
            Self::Lock(path) => is_held(path).map(Some),
            Self::Pulse { last, seen, beats } => {
                if last.as_ref() != Some(&standing.pulse) {
                    *beats = last.is_some();
                    (*last, *seen) = (Some(standing.pulse.clone()), Instant::now());
                }
                if seen.elapsed() >= SILENT {
                    *beats = false;
                    return Ok(Some(false));
                }
                Ok(beats.then_some(true))
            }
        }
    }

    /// Whether somebody else's life can be told from our own.
    pub(super) fn is_certain(&self) -> bool {
        matches!(self, Self::Lock(_))
    }
}

/// Taken for a moment only, which a desk that starts waits out.
fn is_held(path: &Path) -> io::Result<bool> {
    let lock = match File::open(path) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match lock.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}
