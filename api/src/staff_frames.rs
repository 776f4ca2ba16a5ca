//! The log's newest events as frames for those who follow all of it: each is opened and written once, however many follow.
//!
//! Invariant: a frame is forgotten within seconds, so an erasure is not undone by what was written before it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use event_store::{Identity, Log, Position, RecordedEvent, log::LogError};
use moka::future::Cache;

use crate::{
    envelope::{Reader, shown},
    sse::event_frame,
};

/// Followers are some milliseconds apart; this is far more, and far less than the vault keeps an opened key.
const KEPT: Duration = Duration::from_secs(2);
/// About 2 MB.
const FRAMES: u64 = 2048;

/// Frames by position, with personal parts and without.
pub struct StaffFrames {
    written: Cache<(Position, bool), Bytes>,
}

impl Default for StaffFrames {
    fn default() -> Self {
        Self { written: Cache::builder().max_capacity(FRAMES).time_to_live(KEPT).build() }
    }
}

impl StaffFrames {
    /// The frame of an event of this log.
    ///
    /// # Errors
    /// The event cannot be opened or shown; that has been logged.
    pub async fn of(
        &self,
        log: &Log,
        identity: Identity,
        reader: Reader,
        recorded: &RecordedEvent,
    ) -> Result<Bytes, Arc<LogError>> {
        let written = async {
            let json = shown(log, reader, recorded).await?;
            Ok(event_frame(identity, recorded.position, &recorded.event.event_type, &json))
        };
        self.written.try_get_with((recorded.position, reader == Reader::Staff), written).await
    }
}
