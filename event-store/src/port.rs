//! The two ports of the log. `EventReader` is all that projections and replay ever get; `EventStore` adds append.
//!
//! Every adapter keeps the promises that stand at the methods; `conformance` holds one test for each.

use std::{pin::Pin, sync::Arc};

use async_trait::async_trait;
use futures::Stream;
use uuid::Uuid;

use crate::event::{Position, RecordedEvent, SealedEvent, StreamName, StreamVersion};

/// What must be true of the stream for an append to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The stream has no event.
    NoStream,
    /// The stream's last event has this version.
    Exact(StreamVersion),
    /// Nothing: append after whatever is there.
    Any,
}

/// Where an append ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Version of the last event written.
    pub last_version: StreamVersion,
    /// Position of the last event written.
    pub last_position: Position,
}

/// Which log this is. Whoever remembers a position remembers this with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Identity {
    /// Made once, when the log was created.
    pub log_id: Uuid,
    /// From 1; raised by a restore, because positions after the restored head will mean other events.
    pub generation: u64,
}

/// How this adapter numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Positions {
    /// 1, 2, 3, … without a hole.
    Dense,
    /// Increasing, with holes.
    Increasing,
}

/// Why an append did not happen.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream is not where the caller thought.
    #[error("stream {stream} is at version {actual}, not at {expected:?}")]
    WrongExpectedVersion {
        /// The stream.
        stream: StreamName,
        /// What was asked for.
        expected: Expected,
        /// Where the stream is; 0 for a stream without events.
        actual: StreamVersion,
    },
    /// An event with this id is in the log and says something else.
    #[error("event {event_id} is already recorded with other content")]
    DifferentContent {
        /// The id used twice.
        event_id: Uuid,
        /// What the log has under this id.
        stored: Box<RecordedEvent>,
    },
    /// Empty, or over the limits of `plan`.
    #[error("the append {0}")]
    Refused(&'static str),
    /// The database cannot be reached, is full, or did not answer. Whether the events were stored is not known;
    /// the same append again is safe.
    #[error("the event log is unavailable")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

/// Why a read gave nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// The database cannot be reached or did not answer.
    #[error("the event log is unavailable")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// A position that must be there is not: history has a hole.
    #[error("the event log has a gap: expected position {expected}, found {found}")]
    Gap {
        /// The position that should have come.
        expected: Position,
        /// The position that came.
        found: Position,
    },
    /// A stored event cannot be read as one.
    #[error("the event at position {position} is damaged: {what}")]
    Damaged {
        /// Where.
        position: Position,
        /// The field and what is wrong with it.
        what: String,
    },
}

impl ReadError {
    /// Wraps a database's error.
    pub fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Arc::new(error))
    }
}

/// What a log has written down about its end, beside the events: as it stands there, for `verify` to compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEnd {
    /// Position of the last event.
    pub position: Position,
    /// Its time, as text.
    pub recorded_at: String,
    /// Its hash.
    pub hash: Vec<u8>,
}

/// Events as they come, for ever; an error ends it.
pub type EventStream = Pin<Box<dyn Stream<Item = Result<Arc<RecordedEvent>, ReadError>> + Send>>;

/// The reading half of the log.
#[async_trait]
pub trait EventReader: Send + Sync {
    /// The event with this id.
    async fn find(&self, event_id: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError>;

    /// Position of the newest event, `Position::START` when there is none.
    async fn head(&self) -> Result<Position, ReadError>;

    /// What the log has written down about its end; nothing where the adapter keeps no such record.
    async fn recorded_end(&self) -> Result<Option<RecordedEnd>, ReadError> {
        Ok(None)
    }

    /// Which log this is.
    async fn identity(&self) -> Result<Identity, ReadError>;

    /// Whether all of it is there: false for a copy that is still being filled, which nobody may serve.
    async fn is_whole(&self) -> Result<bool, ReadError> {
        Ok(true)
    }

    /// The position behind which times rise from event to event, in a log that numbers without holes. Up to there they rise
    /// in each stream only: it is a copy of a log that several nodes wrote at once.
    async fn times_rise_after(&self) -> Result<Position, ReadError> {
        Ok(Position::START)
    }

    /// How this log numbers.
    fn positions(&self) -> Positions;

    /// Up to `limit` events of a stream after a version, in order. Empty for an unknown stream.
    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError>;

    /// Up to `limit` events of a stream after a position of the log, in order.
    async fn read_stream_after_position(
        &self,
        stream: &StreamName,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadError>;

    /// Up to `limit` events after a position, in order, never N before every one below N is visible. Empty at the head.
    ///
    /// # Errors
    /// `Gap` when a dense log has a hole, `Damaged` with the first position that cannot be read.
    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Arc<RecordedEvent>>, ReadError>;

    /// Every event after a position, catching up and then live, without a seam: each once and in order. Outages are
    /// waited out; only a gap or damage ends it. A subscription from beyond the head waits for its position.
    fn subscribe(&self, after: Position) -> EventStream;
}

/// The whole log.
#[async_trait]
pub trait EventStore: EventReader {
    /// Appends all events or none; when it answers, they are on disk. The same events again (same ids, same content)
    /// answer as the first time did, whatever `expected` says.
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<SealedEvent>,
    ) -> Result<Appended, AppendError>;

    /// Makes the database's own files whole before a clean stop, where it is the adapter that keeps them; what was
    /// acknowledged is on disk in any case.
    async fn settle(&self) -> Result<(), ReadError> {
        Ok(())
    }
}

/// A store whose reading half is a reader of its own, in the field `reader`.
macro_rules! reads_through_its_reader {
    ($store:ty) => {
        #[async_trait::async_trait]
        impl $crate::port::EventReader for $store {
            async fn find(&self, event_id: uuid::Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
                self.reader.find(event_id).await
            }

            async fn head(&self) -> Result<Position, ReadError> {
                self.reader.head().await
            }

            async fn recorded_end(&self) -> Result<Option<RecordedEnd>, ReadError> {
                self.reader.recorded_end().await
            }

            async fn identity(&self) -> Result<Identity, ReadError> {
                self.reader.identity().await
            }

            async fn is_whole(&self) -> Result<bool, ReadError> {
                self.reader.is_whole().await
            }

            async fn times_rise_after(&self) -> Result<Position, ReadError> {
                self.reader.times_rise_after().await
            }

            fn positions(&self) -> Positions {
                self.reader.positions()
            }

            async fn read_stream(
                &self,
                stream: &StreamName,
                after: StreamVersion,
                limit: usize,
            ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
                self.reader.read_stream(stream, after, limit).await
            }

            async fn read_stream_after_position(
                &self,
                stream: &StreamName,
                after: Position,
                limit: usize,
            ) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
                self.reader.read_stream_after_position(stream, after, limit).await
            }

            async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Arc<RecordedEvent>>, ReadError> {
                self.reader.read_all(after, limit).await
            }

            fn subscribe(&self, after: Position) -> EventStream {
                self.reader.subscribe(after)
            }
        }
    };
}
pub(crate) use reads_through_its_reader;
