//! The port that an adapter implements as the target of an import; [`super::Import`] is its only caller.

use std::sync::Arc;

use async_trait::async_trait;

use super::ImportError;
use crate::{
    event::{Position, RecordedEvent},
    port::{EventReader, Exemption},
};

/// A log that is being filled. Opening one refuses a target with another log or another generation.
#[async_trait]
pub trait ImportTarget: Send + Sync {
    /// Reads what it has.
    fn reader(&self) -> &dyn EventReader;

    /// Appends these events unchanged and in order: all of them, or a prefix if the database has no transactions. Returns
    /// their positions; they are on disk then. Before the first write the log is marked as an incomplete copy, which must
    /// not be served.
    ///
    /// # Errors
    /// `Moved` if the log does not end where this target left it; `Unavailable` if it is unknown what was stored.
    async fn append(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError>;

    /// Marks the copy as complete, and stores after how many events times increase from event to event, with the signature of
    /// whoever copied (not needed by a log with holes).
    ///
    /// # Errors
    /// The database does not answer.
    async fn finish(&mut self, exemption: Exemption) -> Result<(), ImportError>;
}

/// The events with the positions that a dense log assigns after its head.
pub(crate) fn placed_after(head: Position, events: &[Arc<RecordedEvent>]) -> Vec<Arc<RecordedEvent>> {
    let place = |(event, position): (&Arc<RecordedEvent>, u64)| {
        Arc::new(RecordedEvent { position: Position(position), ..RecordedEvent::clone(event) })
    };
    events.iter().zip(head.0 + 1..).map(place).collect()
}
