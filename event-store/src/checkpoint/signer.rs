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

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle, time::timeout};

use super::{CheckpointKey, folder::NoteFolder};
use crate::{
    clock::Clock,
    port::{EventReader, Follow, Identity},
};
use dependencies::Dependencies;

pub use dependencies::Places;
pub use signing_loop::Pace;
pub use status::{Alarm, Status};

/// How long a stop waits for the last note. Reading to the head takes much less; a folder that hangs is not waited for.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// A running signer.
pub struct Signer {
    status: watch::Receiver<Status>,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Signer {
    /// Starts following a log in a task of its own and returns at once.
    #[must_use]
    pub fn start(
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
        let (tell, status) = watch::channel(Status::default());
        let (stop, stopping) = watch::channel(false);
        let task = Mutex::new(Some(tokio::spawn(signing_loop::run(deps, follow, pace, tell, stopping))));
        Self { status, stop, task }
    }

    /// The current status and its changes.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Signs up to the current head, and ends.
    pub async fn stop(&self) {
        self.stop.send_replace(true);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(task) = task else { return };
        if timeout(STOP_LIMIT, task).await.is_err() {
            tracing::warn!("the last checkpoint was not written in time; the next start resumes from the previous one");
        }
    }
}
