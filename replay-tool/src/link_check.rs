//! Checks events on the way, for commands that read them for something else: whether each gives its hash and follows the one
//! before it in its stream, as far as that was read.

use std::collections::HashMap;

use event_store::{RecordedEvent, StreamName, hash::is_intact, sequencer::StreamHead, verify::Flaw};

/// The streams as far as they were read.
pub struct LinkCheck {
    /// Whether the log is read from its first event, so that every stream is known from its beginning.
    from_start: bool,
    streams: HashMap<StreamName, StreamHead>,
}

impl LinkCheck {
    /// Before the first event that is read.
    #[must_use]
    pub fn new(from_start: bool) -> Self {
        Self { from_start, streams: HashMap::new() }
    }

    /// Why the next event does not prove itself, if so.
    pub fn flaw_of(&mut self, event: &RecordedEvent) -> Option<Flaw> {
        let before = self.streams.insert(event.stream.clone(), StreamHead::of(event));
        if !is_intact(event) {
            return Some(Flaw::Changed);
        }
        let first = (self.from_start || event.version.0 <= 1).then_some(StreamHead::NONE);
        let is_linked = before.or(first).is_none_or(|head| head.precedes(event));
        (!is_linked).then_some(Flaw::Misplaced)
    }
}
