//! What a log adds up to, event by event: where each of its streams ends, its last time, and the Merkle root over all of it.
//!
//! Times rise in each stream. In a log that one sequencer numbered they rise from event to event as well; in one that
//! several nodes wrote at once (KurrentDB) they need not, and in a copy of such a log they need not up to some event.
//!
//! Invariant: two chains are equal exactly where the same events were gone past in the same order.

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

/// Where a stream ends.
#[derive(Debug, Clone, Copy)]
struct Tip {
    head: StreamHead,
    recorded_at: Timestamp,
}

impl Tip {
    const NONE: Self = Self { head: StreamHead::NONE, recorded_at: Timestamp::UNIX_EPOCH };

    fn of(event: &RecordedEvent) -> Self {
        let head = StreamHead { version: event.version, hash: event.hash };
        Self { head, recorded_at: event.recorded_at }
    }
}

/// Of a log whose times rise from its first event on.
impl Default for Chain {
    fn default() -> Self {
        Self::rising_after(0)
    }
}

/// Equal roots of equal size are equal events, and these say all the rest.
impl PartialEq for Chain {
    fn eq(&self, other: &Self) -> bool {
        self.range.size() == other.range.size() && self.range.root() == other.range.root()
    }
}

impl Eq for Chain {}

impl Chain {
    /// Of a log whose times rise from event to event behind so many; before, in each stream only.
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

    /// Behind how many of the events that were gone past times rise from event to event.
    #[must_use]
    pub fn rises_after(&self) -> u64 {
        self.rises_after
    }

    /// How many events.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.range.size().0
    }

    /// The same, as checkpoints count.
    #[must_use]
    pub fn size(&self) -> TreeSize {
        self.range.size()
    }

    /// How many streams they belong to.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.streams.len()
    }

    /// The Merkle root over their hashes, as checkpoints sign it.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.range.root()
    }

    /// The last one's hash; zeros before the first.
    #[must_use]
    pub fn last_hash(&self) -> Hash {
        self.hash
    }

    /// Why an event cannot be the next.
    #[must_use]
    pub fn flaw_of(&self, event: &RecordedEvent) -> Option<Flaw> {
        self.beginning().step(event).err()
    }

    /// Takes in an event that may be the next.
    pub fn go_past(&mut self, event: &RecordedEvent) {
        self.range.append(leaf_hash(&event.hash));
        if event.recorded_at <= self.recorded_at {
            self.rises_after = self.events();
        }
        (self.recorded_at, self.hash) = (event.recorded_at, event.hash);
        self.streams.insert(event.stream.clone(), Tip::of(event));
    }

    /// Whether this is what a log has written down about its end.
    pub(super) fn ends_as(&self, end: &RecordedEnd) -> bool {
        self.hash == end.hash[..] && time_text(self.recorded_at) == end.recorded_at
    }

    /// For a look ahead.
    pub(super) fn beginning(&self) -> Ahead<'_> {
        Ahead { chain: self, recorded_at: self.recorded_at, events: self.events(), streams: HashMap::new() }
    }
}

/// A look at events that may follow a chain, which stays as it is.
pub(super) struct Ahead<'a> {
    chain: &'a Chain,
    recorded_at: Timestamp,
    events: u64,
    streams: HashMap<&'a StreamName, Tip>,
}

impl<'a> Ahead<'a> {
    /// Whether an event may come after those before it.
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
        if event.version != before.head.version.next() || event.prev_hash != before.head.hash {
            return Err(Flaw::Misplaced);
        }
        self.recorded_at = event.recorded_at;
        self.streams.insert(&event.stream, Tip::of(event));
        Ok(())
    }
}
