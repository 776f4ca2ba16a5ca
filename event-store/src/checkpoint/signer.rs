//! The signer: it follows the log, keeps the tree's right edge, and writes a signed note every thousand events, every minute
//! with news, and at a clean stop.
//!
//! It costs an event two hashes, holds nothing but the edge, and nobody waits for it: files are written by a thread of their
//! own, and a folder that cannot be written is tried again while everything else goes on. Invariant: what it signs is what it
//! has read itself, on top of what it has signed before; once the log contradicts a note, it signs nothing more.

mod following;
#[cfg(test)]
mod tests;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{Checkpoint, CheckpointKey, folder::NoteFolder, resume::Kept};
use crate::{
    event::Position,
    port::{EventReader, Follow, Identity},
};

/// When a note is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// After so many events.
    pub events: u64,
    /// So long after the first event that is in no note.
    pub longest: Duration,
    /// Not sooner after the note before; at ten thousand events a second, a note a second instead of ten.
    pub shortest: Duration,
    /// So long after a note that could not be written.
    pub retry: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            events: 1000,
            longest: Duration::from_secs(60),
            shortest: Duration::from_secs(1),
            retry: Duration::from_secs(5),
        }
    }
}

/// Where things are.
#[derive(Debug, Clone)]
pub struct Places {
    /// For the notes.
    pub folder: PathBuf,
    /// The small file that saves reading the log again.
    pub state: PathBuf,
    /// The key's file, to be named in what an operator is told.
    pub key_file: PathBuf,
}

/// The log is not the one that was signed: nothing newer is signed until somebody has looked into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Up to here the log is not what it was, or cannot be read.
    pub position: Position,
    /// What was found, and what to do.
    pub what: String,
}

/// How the signer does.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// The newest note.
    pub newest: Option<Checkpoint>,
    /// Why notes cannot be written at present.
    pub trouble: Option<String>,
    /// Why nothing is signed any more.
    pub alarm: Option<Alarm>,
}

/// What it works with.
#[derive(Clone)]
pub(super) struct Means {
    pub(super) reader: Arc<dyn EventReader>,
    pub(super) log: Identity,
    pub(super) key: Arc<CheckpointKey>,
    pub(super) folder: NoteFolder,
    pub(super) places: Places,
}

/// A signer. It signs while [`Self::run`] runs.
pub struct Signer {
    means: Means,
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
    ) -> Self {
        let folder = NoteFolder::new(places.folder.clone());
        let means = Means { reader, log, key: Arc::new(key), folder, places };
        Self { means, follow, pace, tell: watch::Sender::default() }
    }

    /// How it does, now and later.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.tell.subscribe()
    }

    /// Signs until told to stop; then signs what is on the log by then. Called again after a failure, it goes on from its
    /// files.
    ///
    /// # Errors
    /// The log contradicts a note, or cannot be read: nothing newer is signed.
    pub async fn run(&self, stopping: watch::Receiver<bool>) -> Result<(), Alarm> {
        following::run(self.means.clone(), &self.follow, self.pace, self.tell.clone(), stopping).await
    }
}

impl Means {
    /// The log does not give a note's root.
    pub(super) fn alarm_of_change(&self, kept: &Kept) -> Alarm {
        let found = format!("its first {} events are not those that were signed", kept.checkpoint.size);
        self.alarm(kept, &found)
    }

    /// The log ends before a note does.
    pub(super) fn alarm_of_cut(&self, kept: &Kept, head: Position) -> Alarm {
        let found = format!("{} events were signed, and it ends at position {head}", kept.checkpoint.size);
        self.alarm(kept, &found)
    }

    /// The log is from before a restore.
    pub(super) fn alarm_of_generation(&self, kept: &Kept) -> Alarm {
        let (log, signed) = (self.log.generation, kept.checkpoint.log.generation);
        let found =
            format!("generation {signed} was signed up to {} events, and it is generation {log}", kept.checkpoint.size);
        self.alarm(kept, &found)
    }

    fn alarm(&self, kept: &Kept, found: &str) -> Alarm {
        let (note, key) = (self.places.folder.join(&kept.name), self.places.key_file.display());
        let what = format!(
            "the log was changed under its checkpoint: {found}. Nothing is signed until this is looked into: \
             `desk-replay verify --checkpoint {} --key {key}` names the first bad position",
            note.display()
        );
        Alarm { position: kept.checkpoint.position, what }
    }
}
