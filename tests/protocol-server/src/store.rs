//! The events of a server: one file, one thread that writes it, and the index that everybody reads.
//!
//! *Invariant:* an answer is given after the disk has what it tells of and readers see it; a refusal may tell of what no reader sees
//! yet.

mod own_events;
mod scavenge;
mod visibility;
mod writer;

use std::{
    path::Path,
    sync::{Arc, Mutex, RwLock, RwLockReadGuard, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::{oneshot, watch};

use crate::{
    event::Proposed,
    index::{Index, expectation::Expected},
    log::{Log, LogError},
};
use visibility::Visibility;
use writer::Writer;

/// What comes of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is in the log, now or since before: the number and place of its last event.
    Written { last: Option<u64>, position: Option<u64> },
    /// The stream is not what was expected; its newest number.
    Unexpected { last: Option<u64> },
    /// The stream has a tombstone.
    Tombstoned,
}

/// What the writing thread is asked for.
enum Request {
    Append { stream: String, expected: Expected, events: Vec<Proposed>, answer: oneshot::Sender<Outcome> },
    Delete { stream: String, expected: Expected, for_ever: bool, answer: oneshot::Sender<Outcome> },
    Lead { answer: mpsc::Sender<()> },
    Scavenge { answer: mpsc::Sender<Result<usize, LogError>> },
    Stop,
}

/// How the store behaves.
#[derive(Clone, Copy)]
pub(crate) struct Habits {
    /// After so many writes the server writes an event of its own.
    pub(crate) stats_every: u32,
    /// Readers see what is on the disk so much later.
    pub(crate) visible_after: Duration,
}

pub(crate) struct Store {
    index: Arc<RwLock<Index>>,
    durable: watch::Receiver<u64>,
    requests: mpsc::Sender<Request>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Store {
    /// Opens the events of a folder.
    pub(crate) fn open(folder: &Path, habits: Habits) -> Result<Self, LogError> {
        let (log, found) = Log::open(folder)?;
        let mut index = Index::default();
        found.beginnings.into_iter().for_each(|position| index.add_beginning(position));
        for event in found.events {
            index.add(event);
        }
        let index = Arc::new(RwLock::new(index));
        let (announce, durable) = watch::channel(log.end());
        let (requests, received) = mpsc::channel();
        let visibility = Visibility::new(habits.visible_after, announce)?;
        let writer = Writer::new(log, folder, index.clone(), visibility, habits);
        let thread = std::thread::Builder::new().name("writer".to_owned()).spawn(move || writer.work(&received))?;
        Ok(Self { index, durable, requests, thread: Mutex::new(Some(thread)) })
    }

    /// None: the store has stopped, and nobody knows whether the events were written.
    pub(crate) async fn append(&self, stream: String, expected: Expected, events: Vec<Proposed>) -> Option<Outcome> {
        self.begin_append(stream, expected, events)?.await.ok()
    }

    /// An append that has its place behind all that were begun before it. None: the store has stopped.
    pub(crate) fn begin_append(
        &self,
        stream: String,
        expected: Expected,
        events: Vec<Proposed>,
    ) -> Option<oneshot::Receiver<Outcome>> {
        let (answer, outcome) = oneshot::channel();
        self.requests.send(Request::Append { stream, expected, events, answer }).ok()?;
        Some(outcome)
    }

    /// Deletes a stream: for ever, or until somebody writes to it.
    pub(crate) async fn delete(&self, stream: String, expected: Expected, for_ever: bool) -> Option<Outcome> {
        let (answer, outcome) = oneshot::channel();
        self.requests.send(Request::Delete { stream, expected, for_ever, answer }).ok()?;
        outcome.await.ok()
    }

    /// A node begins to lead: an epoch is written, and ids of the recent past are forgotten.
    /// Returns when that is on the disk.
    pub(crate) fn lead(&self) {
        let (answer, done) = mpsc::channel();
        // A store that has stopped has no leader.
        let _ = self.requests.send(Request::Lead { answer }).map(|()| done.recv());
    }

    /// Removes what the streams' metadata hides, and says how many events that were.
    pub(crate) fn scavenge(&self) -> Option<Result<usize, LogError>> {
        let (answer, removed) = mpsc::channel();
        self.requests.send(Request::Scavenge { answer }).ok()?;
        removed.recv().ok()
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Up to where everything is on the disk.
    pub(crate) fn durable(&self) -> watch::Receiver<u64> {
        self.durable.clone()
    }

    /// Stops writing and closes the file. What was not answered by then is not written.
    pub(crate) fn stop(&self) {
        let _ = self.requests.send(Request::Stop);
        let thread = self.thread.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic of that thread has been told by itself.
            let _ = thread.join();
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.stop();
    }
}
