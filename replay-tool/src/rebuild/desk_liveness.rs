//! Detects whether a desk is running. With files it holds the lock of its data directory; on a server the owner of the views writes
//! a heartbeat every second.
//!
//! Invariant: "no desk" is only reported after a check that a running desk cannot fail.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use event_store::Position;
use projections::RebuildStatus;

/// An owner on a server counts as dead after three seconds without a heartbeat; one more second for a slow machine.
const SILENT: Duration = Duration::from_secs(4);

/// The state of the detection.
pub(super) enum DeskLiveness {
    /// By the lock on this file.
    Lock(PathBuf),
    /// By heartbeats: the last one, when it was seen, and whether it has changed since the first check.
    Pulse { last: Option<Vec<(i64, i64, Position)>>, seen: Instant, beats: bool },
}

impl DeskLiveness {
    pub(super) fn new(lock: Option<PathBuf>) -> Self {
        lock.map_or(Self::Pulse { last: None, seen: Instant::now(), beats: false }, Self::Lock)
    }

    /// Whether a desk runs; `None` while that is unknown.
    pub(super) fn check(&mut self, status: &RebuildStatus) -> io::Result<Option<bool>> {
        match self {
            Self::Lock(path) => is_held(path).map(Some),
            Self::Pulse { last, seen, beats } => {
                if last.as_ref() != Some(&status.pulse) {
                    *beats = last.is_some();
                    (*last, *seen) = (Some(status.pulse.clone()), Instant::now());
                }
                if seen.elapsed() >= SILENT {
                    *beats = false;
                    return Ok(Some(false));
                }
                Ok(beats.then_some(true))
            }
        }
    }

    /// Whether another process can be distinguished from this one.
    pub(super) fn is_certain(&self) -> bool {
        matches!(self, Self::Lock(_))
    }
}

/// Takes the lock for a moment only; a starting desk retries for longer.
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
