//! Everything that lies in the log, in memory, by position and by stream.
//!
//! Whoever reads says up to which position: what is not yet on the disk, or has not reached the node that is asked, is not
//! there for it.

pub(crate) mod expectation;
pub(crate) mod filter;
pub(crate) mod metadata;
pub(crate) mod pages;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use uuid::Uuid;

use crate::event::{DELETED, Event, metastream_of};
use metadata::{Metadata, is_metastream};

#[derive(Default)]
pub(crate) struct Index {
    log: BTreeMap<u64, Arc<Event>>,
    streams: HashMap<Arc<str>, BTreeMap<u64, Arc<Event>>>,
    /// Where records begin, those included that are no more.
    beginnings: BTreeSet<u64>,
    recent: Recent,
}

/// Where the events of the recent past lie, by their ids: what makes repeats of unconditional writes known.
///
/// As in KurrentDB it is bounded, and begins empty when a node starts or begins to lead.
#[derive(Default)]
struct Recent {
    places: HashMap<Uuid, (Arc<str>, u64)>,
    order: VecDeque<Uuid>,
}

/// How many ids are remembered; KurrentDB bounds them by memory, to about as many.
const RECENT: usize = 100_000;

impl Recent {
    fn remember(&mut self, event: &Event) {
        if self.places.insert(event.id, (event.stream.clone(), event.revision)).is_none() {
            self.order.push_back(event.id);
        }
        if self.order.len() > RECENT {
            let oldest = self.order.pop_front();
            oldest.and_then(|id| self.places.remove(&id));
        }
    }
}

impl Index {
    /// Takes in an event that lies in the log.
    pub(crate) fn add(&mut self, event: Event) -> Arc<Event> {
        let event = Arc::new(event);
        self.beginnings.insert(event.position);
        self.log.insert(event.position, event.clone());
        self.streams.entry(event.stream.clone()).or_default().insert(event.revision, event.clone());
        event
    }

    /// Notes that a record begins here, though it holds nothing any more.
    pub(crate) fn add_beginning(&mut self, position: u64) {
        self.beginnings.insert(position);
    }

    /// Remembers an event that this node wrote itself.
    pub(crate) fn remember(&mut self, event: &Event) {
        self.recent.remember(event);
    }

    /// Another node leads: it did not write what was written.
    pub(crate) fn forget_recent(&mut self) {
        self.recent = Recent::default();
    }

    /// Takes out what was scavenged. Its record stays where it is.
    pub(crate) fn remove(&mut self, event: &Event) {
        self.log.remove(&event.position);
        if let Some(stream) = self.streams.get_mut(&event.stream) {
            stream.remove(&event.revision);
        }
    }

    /// The newest event of a stream, whatever its metadata says.
    fn newest(&self, stream: &str, until: u64) -> Option<&Arc<Event>> {
        let events = self.streams.get(stream)?;
        events.values().rev().find(|event| event.position < until)
    }

    /// The number of a stream's newest event: [`DELETED`] if it ends with a tombstone.
    pub(crate) fn last_revision(&self, stream: &str, until: u64) -> Option<u64> {
        self.newest(stream, until).map(|event| event.revision)
    }

    pub(crate) fn is_tombstoned(&self, stream: &str, until: u64) -> bool {
        self.last_revision(stream, until) == Some(DELETED)
    }

    /// The event that says what holds for a stream.
    pub(crate) fn metadata_event(&self, stream: &str, until: u64) -> Option<&Arc<Event>> {
        self.newest(&metastream_of(stream), until)
    }

    /// What holds for a stream.
    pub(crate) fn metadata(&self, stream: &str, until: u64) -> Metadata {
        if is_metastream(stream) {
            return Metadata::of_metastream();
        }
        Metadata::of(self.metadata_event(stream, until).map(|event| &**event))
    }

    /// The event of that number, whatever the stream's metadata says.
    fn at(&self, stream: &str, revision: u64) -> Option<&Arc<Event>> {
        self.streams.get(stream)?.get(&revision)
    }

    /// All streams, each with its events by their numbers.
    pub(crate) fn streams(&self) -> impl Iterator<Item = (&Arc<str>, &BTreeMap<u64, Arc<Event>>)> {
        self.streams.iter()
    }

    /// Whether a record begins at a position, or would begin there next.
    pub(crate) fn is_place(&self, position: u64, until: u64) -> bool {
        position >= until || self.beginnings.contains(&position)
    }

    /// Where the newest event lies.
    pub(crate) fn last_position(&self, until: u64) -> Option<u64> {
        self.log.range(..until).next_back().map(|(position, _)| *position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_recent_past_only_so_much_is_remembered() {
        let mut recent = Recent::default();
        let event = |revision: u64| Event {
            position: revision,
            end: revision + 1,
            stream: Arc::from("a"),
            revision,
            id: Uuid::from_u128(u128::from(revision)),
            event_type: String::new(),
            is_json: false,
            created: 0,
            metadata: bytes::Bytes::new(),
            data: bytes::Bytes::new(),
        };
        (0..=RECENT as u64).for_each(|revision| recent.remember(&event(revision)));
        assert_eq!((recent.places.len(), recent.order.len()), (RECENT, RECENT));
        assert!(!recent.places.contains_key(&Uuid::from_u128(0)) && recent.places.contains_key(&Uuid::from_u128(1)));
    }
}
