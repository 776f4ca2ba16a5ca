//! Takes edits of the folder into use without a restart.
//!
//! It compares what the folder looks like (names, times of change, sizes) instead of asking the system for events:
//! that works the same on every file system, for editors that write and rename, and for mounted folders. A state is
//! read only when two looks in a row agree on it, so a file is not read while it is being written.
//!
//! *Invariant:* a malformed edit changes nothing and is logged once; the last good index keeps answering.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::corpus::{FaqError, Malformed};
use super::reloadable::Faq;
use super::stamp::{Stamp, stamp};

/// An edit is in use after at most three looks and a rebuild, that is within a second.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// The running watch; dropping it ends it.
#[derive(Debug)]
#[must_use = "dropping the watch ends it"]
pub struct Watch {
    task: JoinHandle<()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Faq {
    /// Starts to take edits into use, in the background of the current tokio runtime. What changed since
    /// [`Faq::open`] is taken into use too.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn watch(&self) -> Watch {
        let mut watcher = Watcher::new(self.clone());
        let task = tokio::spawn(async move {
            let mut looks = interval(LOOK_EVERY);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                looks.tick().await;
                // Disk and rebuild block, so they get a thread that may.
                match tokio::task::spawn_blocking(move || watcher.look()).await {
                    Ok(after) => watcher = after,
                    Err(_shutting_down) => return,
                }
            }
        });
        Watch { task }
    }
}

struct Watcher {
    faq: Faq,
    /// At the last look.
    seen: Stamp,
    /// When the folder was last read, well-formed or not.
    read: Stamp,
    malformed: bool,
}

impl Watcher {
    fn new(faq: Faq) -> Self {
        let opened = faq.opened().clone();
        Self { faq, seen: opened.clone(), read: opened, malformed: false }
    }

    fn look(mut self) -> Self {
        let now = stamp(self.faq.folder());
        if now == self.seen && now != self.read {
            self.take_into_use();
            self.read.clone_from(&now);
        }
        self.seen = now;
        self
    }

    fn take_into_use(&mut self) {
        match self.faq.reload() {
            Ok(()) => {
                if std::mem::take(&mut self.malformed) {
                    tracing::info!(entries = self.faq.entries(), "the answers are well-formed again");
                }
            }
            Err(error) => {
                self.malformed = true;
                warn(&error);
            }
        }
    }
}

fn warn(error: &FaqError) {
    if let FaqError::Malformed(Malformed { file, line, fault }) = error {
        tracing::warn!(file = %file.display(), line, %fault, "an edit of the answers is malformed; the last good ones stay");
    } else {
        tracing::warn!(error = error as &dyn std::error::Error, "the answers cannot be read; the last good ones stay");
    }
}

#[cfg(test)]
mod tests;
