//! The signer: it follows the log, keeps the right edge of the Merkle tree, and writes a signed note every thousand events, a
//! minute after the first unsigned event, and at a clean stop.
//!
//! It computes two hashes per event and holds only the frontier. Nothing waits for it: files are written on a separate thread, and
//! a folder that cannot be written is retried. Invariant: it only signs events that it has read itself, on top of what it has
//! signed before; once the log contradicts a note, it signs nothing more.

mod dependencies;
mod resume;
mod signing_loop;
mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::watch;

use super::{CheckpointKey, folder::NoteFolder};
use crate::{
    clock::Clock,
    port::{EventReader, Follow, Identity},
};
use dependencies::Dependencies;

pub use dependencies::Places;
pub use signing_loop::Pace;
pub use status::{Alarm, Status};

/// A signer. It signs while [`Self::run`] runs.
pub struct Signer {
    deps: Dependencies,
    follow: Follow,
    pace: Pace,
    tell: watch::Sender<Status>,
}

impl Signer {
    /// A signer that follows a log.
    #[must_use]
    pub fn new(
        follow: Follow,
        reader: Arc<dyn EventReader>,
        log: Identity,
        key: CheckpointKey,
        places: Places,
        pace: Pace,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let folder = NoteFolder::new(places.folder.clone());
        let deps = Dependencies { reader, log, key: Arc::new(key), folder, places, clock };
        Self { deps, follow, pace, tell: watch::Sender::default() }
    }

    /// The current status and its changes.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.tell.subscribe()
    }

    /// Signs until stopped; then signs up to the head. Called again after a failure, it resumes from its files.
    ///
    /// # Errors
    /// The log contradicts a note or cannot be read: nothing newer is signed.
    pub async fn run(&self, stopping: watch::Receiver<bool>) -> Result<(), Alarm> {
        signing_loop::run(self.deps.clone(), &self.follow, self.pace, self.tell.clone(), stopping).await
    }
}
