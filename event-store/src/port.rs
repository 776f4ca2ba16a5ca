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

/// Who numbers the events, and what follows from it. Every adapter keeps the least of it: positions rise, versions are dense,
/// in each stream times rise and an event id is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Positions {
    /// One sequencer at a time: 1, 2, 3, … without a hole; times rise with positions; an event id is known in the whole log,
    /// so that it is refused in a second stream.
    Dense,
    /// The database, as it stores: positions have holes, so that they say nothing of how many events there are, and not every
    /// number below the head is one. Writers do not wait for each other, so times rise in each stream only; and there is no
    /// index over all streams, so an event id is known in its stream only (see [`EventStore::claim`] for more).
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
    /// Empty, or over the limits of `plan`, or of the adapter where its server takes less.
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

/// What the database itself was told to take away of a stream, or has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The stream.
    pub stream: StreamName,
    /// Where in the log that was said.
    pub position: Position,
    /// The events up to here; nothing where it depends on their number or age.
    pub up_to: Option<StreamVersion>,
    /// What was said, as the database puts it.
    pub what: String,
}

/// Events as they come, for ever; an error ends it.
pub type EventStream = Pin<Box<dyn Stream<Item = Result<Arc<RecordedEvent>, ReadError>> + Send>>;

/// Follows the log from a position on: [`EventReader::subscribe`], or something that shares one subscription.
pub type Follow = Arc<dyn Fn(Position) -> EventStream + Send + Sync>;

/// The reading half of the log.
#[async_trait]
pub trait EventReader: Send + Sync {
    /// The event of this stream that has this id, however far back. Whoever asks knows the stream: not every log has an index
    /// over all of them.
    async fn find(&self, stream: &StreamName, event_id: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError>;

    /// The stream that has this id, or that [claimed](EventStore::claim) it and may yet append it. In a dense log that is the
    /// stream of the event with this id; elsewhere ids that nobody claimed are not known here.
    async fn holder(&self, event_id: Uuid) -> Result<Option<StreamName>, ReadError>;

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

    /// The event at exactly this position, where there is one.
    async fn read_at(&self, position: Position) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        let Some(before) = position.0.checked_sub(1) else { return Ok(None) };
        let page = self.read_all(Position(before), 1).await?;
        Ok(page.into_iter().find(|event| event.position == position))
    }

    /// The streams that the database itself was told to take events away from; none where it cannot be told so.
    async fn losses(&self) -> Result<Vec<Loss>, ReadError> {
        Ok(Vec::new())
    }

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

    /// Makes an event id one stream's alone in the whole log, before it is appended: answers whose it is from now on, which is
    /// the first's that asked. For ids that may be tried in several streams, like those made from a token that is good once.
    /// A claim may be made and never used; the same stream may claim again.
    ///
    /// In a dense log the append itself settles it, and this only looks.
    async fn claim(&self, event_id: Uuid, stream: &StreamName) -> Result<StreamName, AppendError> {
        match self.holder(event_id).await {
            Ok(holder) => Ok(holder.unwrap_or_else(|| stream.clone())),
            Err(error) => Err(AppendError::Unavailable(Arc::new(error))),
        }
    }

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
            async fn find(
                &self,
                stream: &StreamName,
                event_id: uuid::Uuid,
            ) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
                self.reader.find(stream, event_id).await
            }

            async fn holder(&self, event_id: uuid::Uuid) -> Result<Option<StreamName>, ReadError> {
                self.reader.holder(event_id).await
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

            async fn read_at(&self, position: Position) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
                self.reader.read_at(position).await
            }

            async fn losses(&self) -> Result<Vec<Loss>, ReadError> {
                self.reader.losses().await
            }

            fn subscribe(&self, after: Position) -> EventStream {
                self.reader.subscribe(after)
            }
        }
    };
}
pub(crate) use reads_through_its_reader;
