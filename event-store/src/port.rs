//! The two ports of the log. Projections and replay only get `EventReader`; `EventStore` adds append.
//!
//! Every adapter keeps the promises documented at the methods; `conformance` has one test per promise.

use std::{pin::Pin, sync::Arc};

use async_trait::async_trait;
use futures::Stream;
use uuid::Uuid;

use crate::event::{Position, RecordedEvent, SealedEvent, StreamName, StreamVersion};

/// The precondition of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The stream has no event.
    NoStream,
    /// The stream's last event has this version.
    Exact(StreamVersion),
    /// No precondition: append after the last event, whichever it is.
    Any,
}

/// The result of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Version of the last event written.
    pub last_version: StreamVersion,
    /// Position of the last event written.
    pub last_position: Position,
}

/// Identifies a log. A remembered position is only valid together with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Identity {
    /// Generated when the log is created.
    pub log_id: Uuid,
    /// From 1; raised by a restore, because positions after the restored head will mean other events.
    pub generation: u64,
}

/// Who assigns positions, and the guarantees that follow. Every adapter guarantees at least: positions increase; in each
/// stream versions are dense, times increase and event ids are unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Positions {
    /// One sequencer at a time assigns 1, 2, 3, … without holes. Times increase with positions, and an event id is unique in
    /// the whole log, so it is refused in a second stream.
    Dense,
    /// The database assigns positions, with holes: they do not count events, and not every number below the head is a
    /// position. Writers do not wait for each other, so times increase within each stream only. There is no index over all
    /// streams, so an event id is unique within its stream only ([`EventStore::reserve`] makes it unique in the log).
    Increasing,
}

/// Why an append failed.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream is not at the expected version.
    #[error("stream {stream} is at version {actual}, not at {expected:?}")]
    WrongExpectedVersion {
        /// The stream.
        stream: StreamName,
        /// The precondition.
        expected: Expected,
        /// The actual version; 0 for a stream without events.
        actual: StreamVersion,
    },
    /// The log has an event with this id and different content.
    #[error("event {event_id} is already recorded with other content")]
    DifferentContent {
        /// The repeated id.
        event_id: Uuid,
        /// The stored event.
        stored: Box<RecordedEvent>,
    },
    /// Empty, or over the limits of `sequencer` or of the adapter's server.
    #[error("the append {0}")]
    Refused(&'static str),
    /// The database cannot be reached, is full, or did not answer. Whether the events were stored is not known;
    /// the same append again is safe.
    #[error("the event log is unavailable")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

/// Why a read failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// The database cannot be reached or did not answer.
    #[error("the event log is unavailable")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// A position of a dense log is missing.
    #[error("the event log has a gap: expected position {expected}, found {found}")]
    Gap {
        /// The expected position.
        expected: Position,
        /// The position that was read instead.
        found: Position,
    },
    /// A stored event cannot be decoded.
    #[error("the event at position {position} is damaged: {what}")]
    Damaged {
        /// Its position.
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

/// The head record that a log keeps beside its events, as stored, so that `verify` can compare it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEnd {
    /// Position of the last event.
    pub position: Position,
    /// Its `recorded_at` as text.
    pub recorded_at: String,
    /// Its hash.
    pub hash: Vec<u8>,
}

/// A truncation of a stream that the database was configured to do, or has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truncation {
    /// The stream.
    pub stream: StreamName,
    /// Position of the record that configured it.
    pub position: Position,
    /// The last truncated version; `None` if it depends on the number or age of events.
    pub up_to: Option<StreamVersion>,
    /// The setting in the database's own words.
    pub what: String,
}

/// What a log says of its times: up to some position they increase within each stream only, because it is a copy of a log that several
/// clocks wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    /// From here on times increase from event to event.
    pub rises_after: Position,
    /// The signature, base64; `None` if nobody signed it.
    pub note: Option<String>,
    /// Whether the log says that it is a copy.
    pub is_copy: bool,
}

/// An endless stream of events; an error is its last item.
pub type EventStream = Pin<Box<dyn Stream<Item = Result<Arc<RecordedEvent>, ReadError>> + Send>>;

/// Follows the log from a position: [`EventReader::subscribe`], or a function that shares one subscription.
pub type Follow = Arc<dyn Fn(Position) -> EventStream + Send + Sync>;

/// Reads the log.
#[async_trait]
pub trait EventReader: Send + Sync {
    /// The event of this stream with this id, however old. The stream is needed because not every log has an index over all
    /// streams.
    async fn find(&self, stream: &StreamName, event_id: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError>;

    /// The stream that owns this event id. In a dense log: the stream of the event with this id. In other logs: the stream
    /// that [reserved](EventStore::reserve) the id, whether or not it has appended the event; `None` if nobody reserved it.
    async fn owner(&self, event_id: Uuid) -> Result<Option<StreamName>, ReadError>;

    /// Position of the newest event, `Position::START` when there is none.
    async fn head(&self) -> Result<Position, ReadError>;

    /// The stored head record; `None` if the adapter keeps none.
    async fn recorded_end(&self) -> Result<Option<RecordedEnd>, ReadError> {
        Ok(None)
    }

    /// The identity of this log.
    async fn identity(&self) -> Result<Identity, ReadError>;

    /// False for a copy that is still being filled; such a log must not be served.
    async fn is_complete(&self) -> Result<bool, ReadError> {
        Ok(true)
    }

    /// In a dense log, the position after which times increase from event to event. Before it they increase within each
    /// stream only: the log is a copy of one that several nodes wrote at the same time.
    async fn times_rise_after(&self) -> Result<Position, ReadError> {
        Ok(Position::START)
    }

    /// The same, with who has signed it.
    async fn exemption(&self) -> Result<Exemption, ReadError> {
        Ok(Exemption { rises_after: self.times_rise_after().await?, note: None, is_copy: false })
    }

    /// How this log assigns positions.
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

    /// Up to `limit` events after a position, in order. Position N is never returned before every position below N is
    /// visible. Empty at the head.
    ///
    /// # Errors
    /// `Gap` when a dense log has a hole, `Damaged` with the first position that cannot be read.
    async fn read_all(&self, after: Position, limit: usize) -> Result<Vec<Arc<RecordedEvent>>, ReadError>;

    /// The event at exactly this position, if any.
    async fn read_at(&self, position: Position) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        let Some(before) = position.0.checked_sub(1) else { return Ok(None) };
        let page = self.read_all(Position(before), 1).await?;
        Ok(page.into_iter().find(|event| event.position == position))
    }

    /// The truncations configured in the database itself. Default: none.
    async fn truncations(&self) -> Result<Vec<Truncation>, ReadError> {
        Ok(Vec::new())
    }

    /// Every event after a position, first from the log and then live: each once and in order. Outages are waited out; only
    /// a gap or damage ends it. A subscription from beyond the head waits for its position.
    fn subscribe(&self, after: Position) -> EventStream;
}

/// Reads and appends.
#[async_trait]
pub trait EventStore: EventReader {
    /// Appends all events or none; they are on disk when it returns. Repeating the same events (same ids, same content)
    /// returns the first result, whatever `expected` says.
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<SealedEvent>,
    ) -> Result<Appended, AppendError>;

    /// Reserves an event id for one stream of the log before the event is appended, and returns its owner: the stream that
    /// reserved it first. For ids that may be tried in several streams, such as those derived from a single-use token. A
    /// reservation may stay unused, and the same stream may repeat it.
    ///
    /// In a dense log the append itself enforces uniqueness, and this only looks up the owner.
    async fn reserve(&self, event_id: Uuid, stream: &StreamName) -> Result<StreamName, AppendError> {
        match self.owner(event_id).await {
            Ok(owner) => Ok(owner.unwrap_or_else(|| stream.clone())),
            Err(error) => Err(AppendError::Unavailable(Arc::new(error))),
        }
    }

    /// Raises the log's generation by one and returns the new identity: positions after the head will mean other events than
    /// before. Only after a restore, with nothing else running on the log. This store keeps the identity it was opened with.
    ///
    /// # Errors
    /// The store cannot be restored, or does not answer.
    async fn raise_generation(&self) -> Result<Identity, AppendError> {
        Err(AppendError::Refused("cannot raise the generation of a log that is in no database"))
    }

    /// Writes to disk what changes nothing, to learn whether writing works again after an append has failed. Default: it does.
    async fn probe_write(&self) -> Result<(), AppendError> {
        Ok(())
    }

    /// Moves everything into the main database file before a clean stop, for adapters that own their files. Acknowledged
    /// events are on disk in any case. Default: no-op.
    async fn flush(&self) -> Result<(), ReadError> {
        Ok(())
    }
}

/// Implements [`EventReader`] for a store by delegating to its field `reader`.
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

            async fn owner(&self, event_id: uuid::Uuid) -> Result<Option<StreamName>, ReadError> {
                self.reader.owner(event_id).await
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

            async fn is_complete(&self) -> Result<bool, ReadError> {
                self.reader.is_complete().await
            }

            async fn times_rise_after(&self) -> Result<Position, ReadError> {
                self.reader.times_rise_after().await
            }

            async fn exemption(&self) -> Result<$crate::port::Exemption, ReadError> {
                self.reader.exemption().await
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

            async fn truncations(&self) -> Result<Vec<Truncation>, ReadError> {
                self.reader.truncations().await
            }

            fn subscribe(&self, after: Position) -> EventStream {
                self.reader.subscribe(after)
            }
        }
    };
}
pub(crate) use reads_through_its_reader;
