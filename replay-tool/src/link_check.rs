//! Checks events on the way, for commands that read them for something else: whether each gives its hash and follows the one
//! before it in its stream, as far as that was read.

use std::collections::HashMap;

use event_store::{
    RecordedEvent, StreamName, StreamVersion,
    hash::{NO_HASH, is_intact},
};

/// The streams as far as they were read.
pub struct LinkCheck {
    /// Whether the log is read from its first event, so that every stream is known from its beginning.
    from_start: bool,
    streams: HashMap<StreamName, (StreamVersion, [u8; 32])>,
}

impl LinkCheck {
    /// Before the first event that is read.
    #[must_use]
    pub fn new(from_start: bool) -> Self {
        Self { from_start, streams: HashMap::new() }
    }

    /// Why the next event does not prove itself, if so.
    pub fn flaw_of(&mut self, event: &RecordedEvent) -> Option<&'static str> {
        let before = self.streams.insert(event.stream.clone(), (event.version, event.hash));
        if !is_intact(event) {
            return Some("its content does not give its hash");
        }
        let first = (self.from_start || event.version.0 <= 1).then_some((StreamVersion::NONE, NO_HASH));
        let follows =
            |(version, hash): (StreamVersion, [u8; 32])| event.version == version.next() && event.prev_hash == hash;
        let is_linked = before.or(first).is_none_or(follows);
        (!is_linked).then_some("it does not follow the event before it in its stream")
    }
}
