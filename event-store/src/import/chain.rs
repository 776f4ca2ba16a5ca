//! What a log adds up to, event by event: where each of its streams ends, its last time, and the Merkle root over all of it.
//!
//! Invariant: two chains are equal exactly where the same events were gone past in the same order.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::{
    event::{RecordedEvent, StreamName, time_text},
    hash::{NO_HASH, is_intact},
    merkle::{CompactRange, Hash, TreeSize, leaf_hash},
    plan::StreamHead,
    port::RecordedEnd,
    verify::Flaw,
};

/// The events so far.
#[derive(Debug, Clone)]
pub struct Chain {
    range: CompactRange,
    recorded_at: Timestamp,
    hash: Hash,
    streams: HashMap<StreamName, StreamHead>,
}

impl Default for Chain {
    fn default() -> Self {
        let streams = HashMap::new();
        Self { range: CompactRange::default(), recorded_at: Timestamp::UNIX_EPOCH, hash: NO_HASH, streams }
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
        self.beginning().step(self, event).err()
    }

    /// Takes in an event that may be the next.
    pub fn go_past(&mut self, event: &RecordedEvent) {
        self.range.append(leaf_hash(&event.hash));
        (self.recorded_at, self.hash) = (event.recorded_at, event.hash);
        self.streams.insert(event.stream.clone(), StreamHead { version: event.version, hash: event.hash });
    }

    /// Whether this is what a log has written down about its end.
    pub(super) fn ends_as(&self, end: &RecordedEnd) -> bool {
        self.hash == end.hash[..] && time_text(self.recorded_at) == end.recorded_at
    }

    /// For a look ahead.
    pub(super) fn beginning(&self) -> Ahead<'_> {
        Ahead { recorded_at: self.recorded_at, streams: HashMap::new() }
    }
}

/// A look at events that may follow a chain, which stays as it is.
pub(super) struct Ahead<'a> {
    recorded_at: Timestamp,
    streams: HashMap<&'a StreamName, StreamHead>,
}

impl<'a> Ahead<'a> {
    /// Whether an event may come after those before it.
    pub(super) fn step(&mut self, chain: &Chain, event: &'a RecordedEvent) -> Result<(), Flaw> {
        let known = self.streams.get(&event.stream).or_else(|| chain.streams.get(&event.stream));
        let before = known.copied().unwrap_or(StreamHead::NONE);
        if !is_intact(event) {
            return Err(Flaw::Changed);
        }
        if event.recorded_at <= self.recorded_at {
            return Err(Flaw::OutOfTime);
        }
        if event.version != before.version.next() || event.prev_hash != before.hash {
            return Err(Flaw::Misplaced);
        }
        self.recorded_at = event.recorded_at;
        self.streams.insert(&event.stream, StreamHead { version: event.version, hash: event.hash });
        Ok(())
    }
}
