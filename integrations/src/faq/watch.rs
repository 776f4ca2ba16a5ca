//! Takes edits of the folder into use without a restart.
//!
//! It compares what is in the files instead of asking the system for events: that works the same on every file system, for editors
//! that write and rename, for mounted folders, and for programs that keep times and sizes. Contents are taken only when two looks
//! in a row agree on them, so a file is not read while it is being written. A shop's folder is read in a fraction of a millisecond.
//!
//! *Invariant:* a malformed edit changes nothing and is logged once; the last good index keeps answering.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use super::corpus::{Contents, FaqError, contents};
use super::reloadable::Faq;

/// An edit is in use after at most three looks and a rebuild, that is within about a second.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// The running watch; dropping it ends it.
#[derive(Debug)]
#[must_use = "dropping the watch ends it"]
pub struct Watch {
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Faq {
    /// Starts to take edits into use, and to keep vectors where a server of them is set, in the background of the current tokio
    /// runtime. What changed since [`Faq::open`] is taken into use too.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn watch(&self) -> Watch {
        let looking = tokio::spawn(look_for_ever(self.clone()));
        let faq = self.clone();
        let embedding = self.meaning().is_some().then(|| {
            tokio::spawn(async move {
                if let Some(meaning) = faq.meaning() {
                    meaning.keep_up(faq.indexes()).await;
                }
            })
        });
        Watch { tasks: embedding.into_iter().chain([looking]).collect() }
    }
}

async fn look_for_ever(faq: Faq) {
    let mut watcher = Watcher::new(faq);
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
}

/// What a folder was found to be.
#[derive(PartialEq)]
enum Seen {
    Contents(Contents),
    /// It cannot be read, for this reason.
    Unreadable(String),
}

struct Watcher {
    faq: Faq,
    /// At the last look.
    seen: Seen,
    /// When it was last taken, well-formed or not.
    taken: Seen,
}

impl Watcher {
    fn new(faq: Faq) -> Self {
        let opened = faq.opened();
        let (seen, taken) = (Seen::Contents(opened.clone()), Seen::Contents(opened.clone()));
        Self { faq, seen, taken }
    }

    fn look(mut self) -> Self {
        let (now, error) = match contents(self.faq.folder()) {
            Ok(contents) => (Seen::Contents(contents), None),
            Err(error) => (Seen::Unreadable(error.to_string()), Some(error)),
        };
        if now == self.seen && now != self.taken {
            self.take(&now, error);
            self.taken = now;
        } else {
            self.seen = now;
        }
        self
    }

    fn take(&self, now: &Seen, error: Option<FaqError>) {
        let was_bad = !self.faq.health().faults.is_empty();
        let taken = match (now, error) {
            (Seen::Contents(contents), None) => self.faq.take_into_use(contents),
            (Seen::Contents(_) | Seen::Unreadable(_), Some(error)) => Err(error),
            (Seen::Unreadable(_), None) => return,
        };
        match taken {
            Ok(()) if was_bad => tracing::info!(entries = self.faq.entries(), "the FAQ is well-formed again"),
            Ok(()) => {}
            Err(error) => self.faq.note_faults(&error),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
