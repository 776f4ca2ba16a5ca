//! The port that an adapter implements to be filled; [`super::Import`] is its only caller.

use std::sync::Arc;

use async_trait::async_trait;

use super::ImportError;
use crate::{
    event::{Position, RecordedEvent},
    port::EventReader,
};

/// A log that is being filled. Opening one refuses a target that holds another log, or this one under another identity.
#[async_trait]
pub trait ImportTarget: Send + Sync {
    /// What it has.
    fn reader(&self) -> &dyn EventReader;

    /// Appends these very events after what is there, all of them or (where the database cannot) a beginning of them, in
    /// this order. Answers where all of them stand; they are on disk then. Before the first write the log is marked as a
    /// copy that is not whole, which nobody may serve.
    ///
    /// # Errors
    /// `Moved` where the log does not end where this target left it; `Unavailable` where it is not known what was stored.
    async fn append(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError>;

    /// Marks the copy as whole, and remembers behind how many events times rise from event to event; a log that numbers with
    /// holes need not remember it.
    ///
    /// # Errors
    /// The database does not answer.
    async fn finish(&mut self, times_rise_after: u64) -> Result<(), ImportError>;
}

/// The events as a log without holes numbers them behind its head.
pub(crate) fn placed_after(head: Position, events: &[Arc<RecordedEvent>]) -> Vec<Arc<RecordedEvent>> {
    let place = |(event, position): (&Arc<RecordedEvent>, u64)| {
        Arc::new(RecordedEvent { position: Position(position), ..RecordedEvent::clone(event) })
    };
    events.iter().zip(head.0 + 1..).map(place).collect()
}
