//! What a scavenge removes: events that the metadata of their streams hides, and those of deleted streams.
//!
//! The newest event of a stream always stays, so that its numbers go on where they were; a tombstone stays for ever.

use std::sync::Arc;

use crate::{
    event::{DELETED, Event, ticks},
    index::Index,
};

pub(super) fn scavengeable(index: &Index) -> Vec<Arc<Event>> {
    let now = ticks();
    let mut gone = Vec::new();
    for (name, events) in index.streams() {
        let Some(last) = events.keys().next_back() else { continue };
        let metadata = index.metadata(name, u64::MAX);
        let first = if *last == DELETED { DELETED } else { metadata.first_readable(*last) };
        let hidden = |event: &Event| event.revision < first || metadata.is_too_old(event.created, now);
        gone.extend(events.range(..last).map(|(_, event)| event).filter(|event| hidden(event)).cloned());
    }
    gone
}
