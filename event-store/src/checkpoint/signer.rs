//! The signer: it follows the log, keeps the right edge of the Merkle tree, and writes a signed note every thousand events, a
//! minute after the first unsigned event, and at a clean stop.
//!
//! It proves each event (its hash and its links) before it adds it, and holds only the frontier. Nothing waits for it: files are written on a separate thread, and
//! a folder that cannot be written is retried. Invariant: it only signs events that it has read itself, on top of what it has
//! signed before; once the log contradicts a note, or an event does not prove itself, it signs nothing more, also after a restart,
//! until a walk from the first event finds everything right.

mod dependencies;
mod resume;
mod signing_loop;
mod status;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{CheckpointKey, LogProof, folder::NoteFolder};
use crate::{
    clock::Clock,
    port::{EventReader, Follow, Identity},
};
pub(super) use dependencies::Dependencies;
pub(super) use resume::{StartError, held_by, notes_to_fit};
pub(super) use status::StatusReporter;

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

    /// The walk that proves the whole log again within `period`, and whose alarm is this signer's. `reader` reads what is stored,
    /// and not what the process that wrote it remembers.
    #[must_use]
    pub fn log_proof(&self, reader: Arc<dyn EventReader>, period: Duration) -> LogProof {
        let deps = Dependencies { reader, ..self.deps.clone() };
        LogProof::new(deps, StatusReporter(self.tell.clone()), period)
    }

    /// Signs until stopped; then signs up to the head. Called again after a failure, it resumes from its files.
    ///
    /// # Errors
    /// The log contradicts a note or cannot be read: nothing newer is signed.
    pub async fn run(&self, stopping: watch::Receiver<bool>) -> Result<(), Alarm> {
        signing_loop::run(self.deps.clone(), &self.follow, self.pace, self.tell.clone(), stopping).await
    }
}
