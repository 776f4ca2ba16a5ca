//! The summary of a log up to an event: the end of each stream, the last time, and the Merkle root over all events.
//!
//! Times increase within each stream. In a log with one sequencer they also increase from event to event; in one that several nodes
//! write at the same time (KurrentDB) they need not, nor up to some event in a copy of such a log.
//!
//! Invariant: two chains are equal exactly if they have the same events in the same order.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::{
    event::{RecordedEvent, StreamName, time_text},
    hash::{NO_HASH, is_intact},
    merkle::{CompactRange, Hash, TreeSize, leaf_hash},
    port::RecordedEnd,
    sequencer::StreamHead,
    verify::Flaw,
};

/// The events so far.
#[derive(Debug, Clone)]
pub struct Chain {
    range: CompactRange,
    recorded_at: Timestamp,
    hash: Hash,
    streams: HashMap<StreamName, Tip>,
    must_rise_after: u64,
    rises_after: u64,
}

/// The end of a stream.
#[derive(Debug, Clone, Copy)]
struct Tip {
    head: StreamHead,
    recorded_at: Timestamp,
}

impl Tip {
    const NONE: Self = Self { head: StreamHead::NONE, recorded_at: Timestamp::UNIX_EPOCH };

    fn of(event: &RecordedEvent) -> Self {
        Self { head: StreamHead::of(event), recorded_at: event.recorded_at }
    }
}

/// For a log whose times increase from its first event on.
impl Default for Chain {
    fn default() -> Self {
        Self::rising_after(0)
    }
}

/// Equal roots of equal size mean equal events, which determine everything else.
impl PartialEq for Chain {
    fn eq(&self, other: &Self) -> bool {
        self.range.size() == other.range.size() && self.range.root() == other.range.root()
    }
}

impl Eq for Chain {}

impl Chain {
    /// For a log whose times increase from event to event after this many events, and before that within each stream only.
    #[must_use]
    pub fn rising_after(events: u64) -> Self {
        Self {
            range: CompactRange::default(),
            recorded_at: Timestamp::UNIX_EPOCH,
            hash: NO_HASH,
            streams: HashMap::new(),
            must_rise_after: events,
            rises_after: 0,
        }
    }

    /// The number of events after which times increase from event to event.
    #[must_use]
    pub fn rises_after(&self) -> u64 {
        self.rises_after
    }

    /// Number of events.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.range.size().0
    }

    /// The same as a tree size.
    #[must_use]
    pub fn size(&self) -> TreeSize {
        self.range.size()
    }

    /// Number of their streams.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// The Merkle root over their hashes, as signed in checkpoints.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.range.root()
    }

    /// Hash of the last event; zeros if there is none.
    #[must_use]
    pub fn last_hash(&self) -> Hash {
        self.hash
    }

    /// Why an event cannot be the next one, if so.
    #[must_use]
    pub fn flaw_of(&self, event: &RecordedEvent) -> Option<Flaw> {
        self.beginning().step(event).err()
    }

    /// Adds the next event.
    pub fn add(&mut self, event: &RecordedEvent) {
        self.range.append(leaf_hash(&event.hash));
        if event.recorded_at <= self.recorded_at {
            self.rises_after = self.events();
        }
        (self.recorded_at, self.hash) = (event.recorded_at, event.hash);
        self.streams.insert(event.stream.clone(), Tip::of(event));
    }

    /// Whether a head record describes the last event.
    pub(super) fn ends_as(&self, end: &RecordedEnd) -> bool {
        self.hash == end.hash[..] && time_text(self.recorded_at) == end.recorded_at
    }

    /// Starts a check of further events.
    pub(super) fn beginning(&self) -> Ahead<'_> {
        Ahead { chain: self, recorded_at: self.recorded_at, events: self.events(), streams: HashMap::new() }
    }
}

/// Checks events that may follow a chain, without changing it.
pub(super) struct Ahead<'a> {
    chain: &'a Chain,
    recorded_at: Timestamp,
    events: u64,
    streams: HashMap<&'a StreamName, Tip>,
}

impl<'a> Ahead<'a> {
    /// Whether an event may follow the checked ones.
    pub(super) fn step(&mut self, event: &'a RecordedEvent) -> Result<(), Flaw> {
        let known = self.streams.get(&event.stream).or_else(|| self.chain.streams.get(&event.stream));
        let before = known.copied().unwrap_or(Tip::NONE);
        self.events += 1;
        if !is_intact(event) {
            return Err(Flaw::Changed);
        }
        let falls = event.recorded_at <= self.recorded_at && self.events > self.chain.must_rise_after;
        if falls || event.recorded_at <= before.recorded_at {
            return Err(Flaw::OutOfTime);
        }
        if !before.head.precedes(event) {
            return Err(Flaw::Misplaced);
        }
        self.recorded_at = event.recorded_at;
        self.streams.insert(&event.stream, Tip::of(event));
        Ok(())
    }
}
