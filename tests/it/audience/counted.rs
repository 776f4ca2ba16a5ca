//! A log that counts how often a stream is read.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use event_store::{
    AppendError, Appended, EventReader, EventStore, EventStream, Expected, Identity, Position, Positions, ReadError,
    RecordedEvent, SealedEvent, StreamName, StreamVersion,
};
use uuid::Uuid;

pub(super) struct Counted {
    inner: Arc<dyn EventStore>,
    stream: StreamName,
    reads: AtomicUsize,
}

impl Counted {
    /// Counts the reads of one stream.
    pub(super) fn new(inner: Arc<dyn EventStore>, stream: StreamName) -> Arc<Self> {
        Arc::new(Self { inner, stream, reads: AtomicUsize::new(0) })
    }

    pub(super) fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    fn count(&self, stream: &StreamName) {
        if *stream == self.stream {
            self.reads.fetch_add(1, Ordering::Relaxed);
        }
    }
}

type Read<T> = Result<T, ReadError>;

#[async_trait]
impl EventReader for Counted {
    async fn find(&self, stream: &StreamName, event_id: Uuid) -> Read<Option<Arc<RecordedEvent>>> {
        self.count(stream);
        self.inner.find(stream, event_id).await
    }

    async fn owner(&self, event_id: Uuid) -> Read<Option<StreamName>> {
        self.inner.owner(event_id).await
    }

    async fn head(&self) -> Read<Position> {
        self.inner.head().await
    }

    async fn identity(&self) -> Read<Identity> {
        self.inner.identity().await
    }

    fn positions(&self) -> Positions {
        self.inner.positions()
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        after: StreamVersion,
        limit: usize,
    ) -> Read<Vec<Arc<RecordedEvent>>> {
        self.count(stream);
        self.inner.read_stream(stream, after, limit).await
    }

    async fn read_stream_after_position(
        &self,
        stream: &StreamName,
        after: Position,
        limit: usize,
    ) -> Read<Vec<Arc<RecordedEvent>>> {
        self.count(stream);
        self.inner.read_stream_after_position(stream, after, limit).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Read<Vec<Arc<RecordedEvent>>> {
        self.inner.read_all(after, limit).await
    }

    fn subscribe(&self, after: Position) -> EventStream {
        self.inner.subscribe(after)
    }
}

#[async_trait]
impl EventStore for Counted {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<SealedEvent>,
    ) -> Result<Appended, AppendError> {
        self.inner.append(stream, expected, events).await
    }
}
