//! Proves events on the way, wherever a reader begins: each gives its hash, follows the one before it in its stream, and is later
//! than the one before it in the log.
//!
//! Streams that were met are remembered, up to a limit; for any other the event before is looked up.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;

use crate::{
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    flaw::Flaw,
    hash::is_intact,
    port::{EventReader, Positions, ReadError},
    sequencer::StreamHead,
};

/// Most remembered streams, about 3 MB. Beyond that all are forgotten.
const STREAMS: usize = 20_000;

/// The log as far as it was read.
pub(super) struct ChainCheck {
    reader: Arc<dyn EventReader>,
    streams: HashMap<StreamName, StreamHead>,
    recorded_at: Option<Timestamp>,
    rises_after: Option<Position>,
}

impl ChainCheck {
    pub(super) fn new(reader: Arc<dyn EventReader>) -> Self {
        Self { reader, streams: HashMap::new(), recorded_at: None, rises_after: None }
    }

    /// Why the next event does not prove itself, if so.
    pub(super) async fn flaw_of(&mut self, event: &RecordedEvent) -> Result<Option<Flaw>, ReadError> {
        if !is_intact(event) {
            return Ok(Some(Flaw::Changed));
        }
        if !self.is_later(event).await? {
            return Ok(Some(Flaw::OutOfTime));
        }
        if !self.is_linked(event).await? {
            return Ok(Some(Flaw::Misplaced));
        }
        if self.streams.len() >= STREAMS {
            self.streams.clear();
        }
        self.streams.insert(event.stream.clone(), StreamHead::of(event));
        Ok(None)
    }

    async fn is_later(&mut self, event: &RecordedEvent) -> Result<bool, ReadError> {
        let before = self.recorded_at.replace(event.recorded_at);
        if self.reader.positions() != Positions::Dense || before.is_none_or(|before| before < event.recorded_at) {
            return Ok(true);
        }
        let rises_after = match self.rises_after {
            Some(rises_after) => rises_after,
            None => self.reader.times_rise_after().await?,
        };
        self.rises_after = Some(rises_after);
        Ok(event.position <= rises_after)
    }

    async fn is_linked(&self, event: &RecordedEvent) -> Result<bool, ReadError> {
        if let Some(head) = self.streams.get(&event.stream) {
            return Ok(head.precedes(event));
        }
        let Some(before) = event.version.0.checked_sub(2) else {
            return Ok(StreamHead::NONE.precedes(event));
        };
        let before = self.reader.read_stream(&event.stream, StreamVersion(before), 1).await?;
        let Some(before) = before.first().filter(|before| before.version.next() == event.version) else {
            // A database with holes may have been told to truncate the stream, which `verify` names.
            return Ok(self.reader.positions() != Positions::Dense);
        };
        Ok(StreamHead::of(before).precedes(event) && before.position < event.position)
    }
}
