//! A log that takes another's events as they are: same ids, bytes, times, versions, links and hashes, in the same order. Only
//! the positions are the target's own.
//!
//! [`Import`] is the way in, for every adapter: it checks what it is given as `verify` does, compares what the target has
//! already with what comes, and appends the rest. So it does not matter where an earlier run ended, or whether its last write
//! arrived: whoever comes next compares, and goes on.
//!
//! Invariants: nothing is appended that does not follow what is there, by hash, link, version and time; what is there and is
//! not what comes is named and left as it is; and until a copy is whole, the log that it makes is nobody's to serve.

mod chain;
mod identity;
mod target;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    event::{Position, RecordedEvent},
    migration::MigrationError,
    port::ReadError,
    verify::Flaw,
};

pub use chain::Chain;
pub(crate) use identity::admit_identity;
pub use identity::identity_of_copy;
pub use target::ImportTarget;
pub(crate) use target::placed_after;

/// The most events in one write.
const EVENTS: usize = 512;
/// The most bytes of events in one write, but for a single event that is larger.
const BYTES: usize = 1024 * 1024;
/// Tries of one write while the target is away, and the pause before the second, doubled for each further one: about 25 s.
const TRIES: u32 = 8;
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 200 });
/// What is there is read in pages of so many.
const PAGE: usize = 1000;

/// Why a log does not take another's events.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The target has an identity of its own.
    #[error("the target holds another log, {here}; the source is log {wanted}")]
    OtherLog {
        /// The target's.
        here: Uuid,
        /// The source's.
        wanted: Uuid,
    },
    /// The target has this log already, as it was before a restore or another copy.
    #[error("the target holds generation {here} of this log, and the copy is to be generation {wanted}")]
    OtherGeneration {
        /// The target's.
        here: u64,
        /// What the copy's would be.
        wanted: u64,
    },
    /// There are events, and nothing says which log they are of.
    #[error("the target holds events and does not say of which log")]
    Nameless,
    /// It is something else altogether.
    #[error("the target is in use, and is no log of Fiido Desk")]
    NoLog,
    /// An event of the source cannot stand in the target.
    #[error("the target refuses the event at position {position}: {event_id} stands somewhere else in it")]
    Refused {
        /// In the source.
        position: Position,
        /// Which.
        event_id: Uuid,
    },
    /// An event is larger than the target takes.
    #[error("the event at position {position} takes {bytes} bytes, and the target takes {limit} at once")]
    TooLarge {
        /// In the source.
        position: Position,
        /// As the target counts.
        bytes: usize,
        /// The most.
        limit: usize,
    },
    /// The role in the target may not make or migrate a log.
    #[error("the target's role may use the log and not change it; name the role that owns it")]
    NotOwner,
    /// The source does not prove itself.
    #[error("the source is not as it was recorded, at position {position}: {flaw}")]
    Flawed {
        /// In the source.
        position: Position,
        /// What is wrong there.
        flaw: Flaw,
    },
    /// The target has another event where this one would stand.
    #[error("event {number} differs: the source has {source_has}, the target {target_has}")]
    Differs {
        /// Which, counted from the log's first.
        number: u64,
        /// What the source has there.
        source_has: Found,
        /// What the target has there.
        target_has: Found,
    },
    /// What was read back is not what was written.
    #[error("what the target gives back is not what was written: {0}")]
    NotAsWritten(&'static str),
    /// The target has moved since it was last read; it is read again.
    #[error("somebody else writes to the target")]
    Moved,
    /// The target did not answer; whether it has stored the events is not known.
    #[error("the target is unavailable")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The target cannot be read.
    #[error("the target cannot be read")]
    Read(#[source] ReadError),
    /// The target's file cannot be brought to this program's version.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// The target's server must not be used, does not let us, or did not answer.
    #[error(transparent)]
    Server(Box<dyn std::error::Error + Send + Sync>),
}

/// One side of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found(Option<Arc<RecordedEvent>>);

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some(event) = &self.0 else { return f.write_str("nothing more") };
        let RecordedEvent { position, stream, version, event: inner, hash, .. } = &**event;
        let (id, kind, hash) = (inner.event_id, &inner.event_type, hex::encode(&hash[..6]));
        write!(f, "{kind} {id} as version {version} of {stream} at position {position} (hash {hash}…)")
    }
}

/// A copy under way.
pub struct Import {
    target: Box<dyn ImportTarget>,
    /// What was compared or appended so far.
    chain: Chain,
    /// Where the last of it stands in the target.
    last: Position,
    /// Nothing stands behind `last`, as far as is known.
    is_at_end: bool,
    /// How often in a row the target turned out to have moved, and had nothing new.
    stalls: u32,
    appended: u64,
}

impl Import {
    /// Begins to fill a target, or goes on; `chain` has no event yet and knows from where on the source's times rise.
    #[must_use]
    pub fn new(target: Box<dyn ImportTarget>, chain: Chain) -> Self {
        Self { target, chain, last: Position::START, is_at_end: false, stalls: 0, appended: 0 }
    }

    /// Takes the next events of the source, which must be given from its first event on and in order. Answers where each
    /// of them stands in the target; they are on disk then.
    ///
    /// # Errors
    /// The events do not follow those before them, the target has others, or it is away for long. What was taken stays.
    pub async fn take(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError> {
        let mut places = Vec::with_capacity(events.len());
        while places.len() < events.len() {
            let rest = &events[places.len()..];
            let taken = if self.is_at_end { self.append_some(rest).await? } else { self.compare_some(rest).await? };
            places.extend(taken);
        }
        Ok(places)
    }

    /// Compares what the target has behind `last`.
    async fn compare_some(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError> {
        let there =
            self.target.reader().read_all(self.last, events.len().min(PAGE)).await.map_err(ImportError::Read)?;
        self.is_at_end = there.is_empty();
        for (event, found) in events.iter().zip(&there) {
            self.check(event)?;
            if !is_copy(event, found) {
                return Err(self.difference(Some(event), Some(found)));
            }
            self.go_past(event, found.position);
        }
        Ok(there.iter().map(|found| found.position).collect())
    }

    /// Appends as much as one write takes.
    async fn append_some(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError> {
        let batch = &events[..first_batch(events)];
        let mut checked = self.chain.beginning();
        for event in batch {
            checked.step(event).map_err(|flaw| ImportError::Flawed { position: event.position, flaw })?;
        }
        let Some(places) = self.try_to_append(batch).await? else { return Ok(Vec::new()) };
        for (event, place) in batch.iter().zip(&places) {
            self.go_past(event, *place);
        }
        self.appended += batch.len() as u64;
        Ok(places)
    }

    /// Nothing where it is not known what the target has: it is read then.
    async fn try_to_append(&mut self, batch: &[Arc<RecordedEvent>]) -> Result<Option<Vec<Position>>, ImportError> {
        let mut pause = PAUSE;
        for attempt in 1..=TRIES {
            let error = match self.target.append(batch).await {
                Ok(places) => return Ok(Some(places)),
                Err(ImportError::Moved) if self.stalls < TRIES => {
                    (self.is_at_end, self.stalls) = (false, self.stalls + 1);
                    return Ok(None);
                }
                // It has not moved, as was seen each time: it is a key that refuses.
                Err(ImportError::Moved) => return Err(refused(batch)),
                Err(error @ ImportError::Unavailable(_)) if attempt < TRIES => error,
                Err(error) => return Err(error),
            };
            tracing::warn!(error = &error as &dyn std::error::Error, "the target is away; it is tried again");
            sleep(pause).await;
            pause *= 2;
            // What was under way may have arrived.
            match self.target.reader().read_all(self.last, 1).await {
                Ok(there) if there.is_empty() => {}
                Ok(_arrived) => {
                    self.is_at_end = false;
                    return Ok(None);
                }
                Err(ReadError::Unavailable(_)) => {}
                Err(error) => return Err(ImportError::Read(error)),
            }
        }
        Ok(None)
    }

    fn check(&self, event: &RecordedEvent) -> Result<(), ImportError> {
        self.chain.flaw_of(event).map_or(Ok(()), |flaw| Err(ImportError::Flawed { position: event.position, flaw }))
    }

    fn go_past(&mut self, event: &RecordedEvent, place: Position) {
        self.chain.go_past(event);
        (self.last, self.stalls) = (place, 0);
    }

    fn difference(&self, event: Option<&Arc<RecordedEvent>>, found: Option<&Arc<RecordedEvent>>) -> ImportError {
        let number = self.chain.events() + 1;
        ImportError::Differs { number, source_has: Found(event.cloned()), target_has: Found(found.cloned()) }
    }

    /// Makes sure that the target has nothing that was not given.
    ///
    /// # Errors
    /// It has, or cannot be read.
    pub async fn expect_no_more(&mut self) -> Result<(), ImportError> {
        let there = self.target.reader().read_all(self.last, 1).await.map_err(ImportError::Read)?;
        self.is_at_end = there.is_empty();
        match there.first() {
            Some(found) => Err(self.difference(None, Some(found))),
            None => Ok(()),
        }
    }

    /// Reads back what the target has beyond what was read back before (nothing, for a fresh chain) and compares it with
    /// what was given: count, hashes, links, times, order, and where the log says that it ends.
    ///
    /// # Errors
    /// It gives back something else, or cannot be read.
    pub async fn read_back(&self, back: &mut ReadBack, progress: impl Fn(u64)) -> Result<(), ImportError> {
        let reader = self.target.reader();
        loop {
            let page = reader.read_all(back.last, PAGE).await.map_err(ImportError::Read)?;
            let Some(last) = page.last() else { break };
            back.last = last.position;
            for event in &page {
                if back.chain.flaw_of(event).is_some() {
                    return Err(ImportError::NotAsWritten("an event does not prove itself"));
                }
                back.chain.go_past(event);
            }
            progress(back.chain.events());
        }
        if back.chain != self.chain {
            return Err(ImportError::NotAsWritten("the Merkle root over all events is another one"));
        }
        let end = reader.recorded_end().await.map_err(ImportError::Read)?;
        if end.is_some_and(|end| end.position != self.last || !self.chain.ends_as(&end)) {
            return Err(ImportError::NotAsWritten("the recorded end of the log is not its last event"));
        }
        Ok(())
    }

    /// Says that the copy is whole: from now on it may be served.
    ///
    /// # Errors
    /// The target does not answer.
    pub async fn finish(&mut self) -> Result<(), ImportError> {
        self.target.finish(self.chain.rises_after()).await
    }

    /// What was taken so far, whether it was there or was appended.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// How many events this import has appended itself.
    #[must_use]
    pub fn appended(&self) -> u64 {
        self.appended
    }

    /// Where the target ends.
    #[must_use]
    pub fn last(&self) -> Position {
        self.last
    }
}

/// How far the target has been read back.
#[derive(Debug)]
pub struct ReadBack {
    chain: Chain,
    last: Position,
}

impl Default for ReadBack {
    fn default() -> Self {
        // Where times rise was checked on the way in, and is compared with the rest.
        Self { chain: Chain::rising_after(u64::MAX), last: Position::START }
    }
}

fn refused(batch: &[Arc<RecordedEvent>]) -> ImportError {
    let first = &batch[0];
    ImportError::Refused { position: first.position, event_id: first.event.event_id }
}

/// Whether one is the other, but for its position. Where both prove themselves the hashes alone say so.
fn is_copy(event: &RecordedEvent, found: &RecordedEvent) -> bool {
    let same_place = event.stream == found.stream && event.version == found.version;
    same_place
        && event.recorded_at == found.recorded_at
        && event.event == found.event
        && event.prev_hash == found.prev_hash
        && event.hash == found.hash
}

/// How many of these one write takes.
fn first_batch(events: &[Arc<RecordedEvent>]) -> usize {
    let mut bytes = 0;
    let fits = |event: &&Arc<RecordedEvent>| {
        bytes += crate::sequencer::size(&event.event);
        bytes <= BYTES
    };
    events.iter().take(EVENTS).take_while(fits).count().max(1)
}
