//! Copies the events of one log into another unchanged: same ids, bytes, times, versions, links and hashes, in the same order. Only
//! the positions are assigned by the target.
//!
//! [`Import`] works with every adapter: it checks the events as `verify` does, compares those that the target already has, and
//! appends the rest. So a run may end anywhere, even with a write of unknown outcome: the next run compares and continues.
//!
//! Invariants: an event is only appended if it follows the existing ones by hash, link, version and time; an existing event that
//! differs is reported and left unchanged; an incomplete copy is never served.

mod chain;
mod identity;
mod target;
#[cfg(test)]
mod tests;

use std::{pin::pin, sync::Arc, time::Duration};

use futures::StreamExt as _;
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    event::{Position, RecordedEvent},
    migration::MigrationError,
    pages::{PAGE, pages_after},
    port::{Exemption, ReadError},
    verify::Flaw,
};

pub use chain::Chain;
pub(crate) use identity::admit_identity;
pub use identity::identity_of_copy;
pub use target::ImportTarget;
pub(crate) use target::placed_after;

/// Most events of one write.
const EVENTS: usize = 512;
/// Most bytes of one write, unless a single event is larger.
const BYTES: usize = 1024 * 1024;
/// Attempts of one write while the target is unavailable, and the pause before the second, doubled each time: about 25 s.
const ATTEMPTS: u32 = 8;
const PAUSE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 200 });

/// Why an import failed.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The target is another log.
    #[error("the target holds another log, {here}; the source is log {wanted}")]
    OtherLog {
        /// The target's.
        here: Uuid,
        /// The source's.
        wanted: Uuid,
    },
    /// The target is this log in another generation.
    #[error("the target holds generation {here} of this log, and the copy is to be generation {wanted}")]
    OtherGeneration {
        /// The target's.
        here: u64,
        /// The copy's.
        wanted: u64,
    },
    /// The target has events but no identity.
    #[error("the target holds events without the identity of their log")]
    Nameless,
    /// The target is in use for something else.
    #[error("the target is in use and is not a log of Fiido Desk")]
    NoLog,
    /// The target refuses an event whose id it has elsewhere.
    #[error("the target refuses the event at position {position}: {event_id} exists elsewhere in it")]
    Refused {
        /// Position in the source.
        position: Position,
        /// The event.
        event_id: Uuid,
    },
    /// An event is larger than the target accepts.
    #[error("the event at position {position} takes {bytes} bytes, and the target accepts {limit}")]
    TooLarge {
        /// Position in the source.
        position: Position,
        /// Its size as counted by the target.
        bytes: usize,
        /// The target's limit.
        limit: usize,
    },
    /// The role in the target may not create or migrate a log.
    #[error("the target's role may use the log but not migrate it; use the role that owns it")]
    NotOwner,
    /// The source is not valid.
    #[error("the source is not as it was recorded, at position {position}: {flaw}")]
    Flawed {
        /// Position in the source.
        position: Position,
        /// The flaw.
        flaw: Flaw,
    },
    /// The target has a different event in this place.
    #[error("event {number} differs: the source has {source_has}, the target {target_has}")]
    Differs {
        /// Its number, counted from the log's first event.
        number: u64,
        /// What the source has there.
        source_has: Found,
        /// What the target has there.
        target_has: Found,
    },
    /// What was read back differs from what was written.
    #[error("what was read back differs from what was written: {0}")]
    NotAsWritten(&'static str),
    /// The target's head has moved since it was last read; it is read again.
    #[error("another process writes to the target")]
    Moved,
    /// The target did not answer; whether the events were stored is unknown.
    #[error("the target is unavailable")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The target cannot be read.
    #[error("the target cannot be read")]
    Read(#[source] ReadError),
    /// The target cannot be migrated to this program's version.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// The target's server is unsuitable, denies access or did not answer.
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

/// A copy in progress.
pub struct Import {
    target: Box<dyn ImportTarget>,
    /// The events compared or appended so far.
    chain: Chain,
    /// Position of the last of them in the target.
    last: Position,
    /// As far as is known, the target ends at `last`.
    is_at_end: bool,
    /// How often in a row a write failed with `Moved` although the target had nothing new.
    stalls: u32,
    appended: u64,
}

impl Import {
    /// Starts or resumes filling a target. `chain` is empty and knows from which event on the source's times increase.
    #[must_use]
    pub fn new(target: Box<dyn ImportTarget>, chain: Chain) -> Self {
        Self { target, chain, last: Position::START, is_at_end: false, stalls: 0, appended: 0 }
    }

    /// Takes the next events of the source, which must be given in order from its first event on. Returns their positions
    /// in the target; they are on disk then.
    ///
    /// # Errors
    /// The events do not follow the previous ones, the target has different ones, or it is unavailable for too long. Events
    /// taken before stay.
    pub async fn take(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError> {
        let mut places = Vec::with_capacity(events.len());
        while places.len() < events.len() {
            let rest = &events[places.len()..];
            let taken = if self.is_at_end { self.append_some(rest).await? } else { self.compare_some(rest).await? };
            places.extend(taken);
        }
        Ok(places)
    }

    /// Compares events that the target has after `last`.
    async fn compare_some(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError> {
        let there =
            self.target.reader().read_all(self.last, events.len().min(PAGE)).await.map_err(ImportError::Read)?;
        self.is_at_end = there.is_empty();
        for (event, found) in events.iter().zip(&there) {
            self.check(event)?;
            if !is_copy(event, found) {
                return Err(self.difference(Some(event), Some(found)));
            }
            self.record(event, found.position);
        }
        Ok(there.iter().map(|found| found.position).collect())
    }

    /// Appends one batch.
    async fn append_some(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError> {
        let batch = &events[..first_batch(events)];
        let mut checked = self.chain.beginning();
        for event in batch {
            checked.step(event).map_err(|flaw| ImportError::Flawed { position: event.position, flaw })?;
        }
        let Some(places) = self.try_to_append(batch).await? else { return Ok(Vec::new()) };
        for (event, place) in batch.iter().zip(&places) {
            self.record(event, *place);
        }
        self.appended += batch.len() as u64;
        Ok(places)
    }

    /// `None` if the target must be read again, because its state is unknown.
    async fn try_to_append(&mut self, batch: &[Arc<RecordedEvent>]) -> Result<Option<Vec<Position>>, ImportError> {
        let mut pause = PAUSE;
        for attempt in 1..=ATTEMPTS {
            let error = match self.target.append(batch).await {
                Ok(places) => return Ok(Some(places)),
                Err(ImportError::Moved) if self.stalls < ATTEMPTS => {
                    (self.is_at_end, self.stalls) = (false, self.stalls + 1);
                    return Ok(None);
                }
                // Nothing new was found each time, so a key refuses the event.
                Err(ImportError::Moved) => return Err(refused(batch)),
                Err(error @ ImportError::Unavailable(_)) if attempt < ATTEMPTS => error,
                Err(error) => return Err(error),
            };
            tracing::warn!(error = &error as &dyn std::error::Error, "the target is unavailable; the write is retried");
            sleep(pause).await;
            pause *= 2;
            // The earlier write may have arrived.
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

    fn record(&mut self, event: &RecordedEvent, place: Position) {
        self.chain.add(event);
        (self.last, self.stalls) = (place, 0);
    }

    fn difference(&self, event: Option<&Arc<RecordedEvent>>, found: Option<&Arc<RecordedEvent>>) -> ImportError {
        let number = self.chain.events() + 1;
        ImportError::Differs { number, source_has: Found(event.cloned()), target_has: Found(found.cloned()) }
    }

    /// Checks that the target has no further events.
    ///
    /// # Errors
    /// It has further events, or cannot be read.
    pub async fn expect_no_more(&mut self) -> Result<(), ImportError> {
        let there = self.target.reader().read_all(self.last, 1).await.map_err(ImportError::Read)?;
        self.is_at_end = there.is_empty();
        match there.first() {
            Some(found) => Err(self.difference(None, Some(found))),
            None => Ok(()),
        }
    }

    /// Reads the target's events after those read back before, and compares everything with what was given: count, hashes,
    /// links, times, order, and the head record.
    ///
    /// # Errors
    /// There is a difference, or the target cannot be read.
    pub async fn read_back(&self, back: &mut ReadBack, progress: impl Fn(u64)) -> Result<(), ImportError> {
        let reader = self.target.reader();
        let mut pages = pin!(pages_after(reader, back.last));
        while let Some(page) = pages.next().await {
            for event in &page.map_err(ImportError::Read)? {
                back.last = event.position;
                if back.chain.flaw_of(event).is_some() {
                    return Err(ImportError::NotAsWritten("an event is not valid"));
                }
                back.chain.add(event);
            }
            progress(back.chain.events());
        }
        if back.chain != self.chain {
            return Err(ImportError::NotAsWritten("the Merkle root over all events differs"));
        }
        let end = reader.recorded_end().await.map_err(ImportError::Read)?;
        if end.is_some_and(|end| end.position != self.last || !self.chain.ends_as(&end)) {
            return Err(ImportError::NotAsWritten("the head record does not describe the last event"));
        }
        Ok(())
    }

    /// Marks the copy as complete: from now on it may be served. `signed` says up to where times increase within each stream
    /// only, and may sign that.
    ///
    /// # Errors
    /// The target does not answer.
    pub async fn finish(&mut self, signed: impl FnOnce(Position) -> Exemption) -> Result<(), ImportError> {
        self.target.finish(signed(Position(self.chain.rises_after()))).await
    }

    /// The events taken so far, compared or appended.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Number of events appended by this import.
    #[must_use]
    pub fn appended(&self) -> u64 {
        self.appended
    }

    /// Position of the target's last event.
    #[must_use]
    pub fn last(&self) -> Position {
        self.last
    }
}

/// Progress of reading the target back.
#[derive(Debug)]
pub struct ReadBack {
    chain: Chain,
    last: Position,
}

impl Default for ReadBack {
    fn default() -> Self {
        // Increasing times were checked on the way in, and are compared with the rest of the chain.
        Self { chain: Chain::rising_after(u64::MAX), last: Position::START }
    }
}

fn refused(batch: &[Arc<RecordedEvent>]) -> ImportError {
    let first = &batch[0];
    ImportError::Refused { position: first.position, event_id: first.event.event_id }
}

/// Whether two events are equal except for their positions.
fn is_copy(event: &RecordedEvent, found: &RecordedEvent) -> bool {
    let same_place = event.stream == found.stream && event.version == found.version;
    same_place
        && event.recorded_at == found.recorded_at
        && event.event == found.event
        && event.prev_hash == found.prev_hash
        && event.hash == found.hash
}

/// Number of events of the next write.
fn first_batch(events: &[Arc<RecordedEvent>]) -> usize {
    let mut bytes = 0;
    let fits = |event: &&Arc<RecordedEvent>| {
        bytes += crate::sequencer::size(&event.event);
        bytes <= BYTES
    };
    events.iter().take(EVENTS).take_while(fits).count().max(1)
}
