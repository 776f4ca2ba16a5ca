//! Reads of a log by the process that writes it: what is recent from memory, the rest from the file.

use std::sync::Arc;

use async_trait::async_trait;
use uuid::Uuid;

use super::{reader::SqliteReader, recent::Recent};
use crate::{
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    port::{EventReader, EventStream, Exemption, Identity, Positions, ReadError, RecordedEnd},
    subscription,
};

#[derive(Clone)]
pub(super) struct WriterReader {
    recent: Arc<Recent>,
    file: SqliteReader,
}

impl WriterReader {
    /// The window is the one that the writer fills.
    pub(super) fn new(recent: Arc<Recent>, file: SqliteReader) -> Self {
        Self { recent, file }
    }
}

type Page = Result<Vec<Arc<RecordedEvent>>, ReadError>;

#[async_trait]
impl EventReader for WriterReader {
    async fn find(&self, stream: &StreamName, event_id: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        match self.recent.find(stream, event_id) {
            Some(found) => Ok(found),
            None => self.file.find(stream, event_id).await,
        }
    }

    async fn owner(&self, event_id: Uuid) -> Result<Option<StreamName>, ReadError> {
        self.file.owner(event_id).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        self.file.head().await
    }

    async fn recorded_end(&self) -> Result<Option<RecordedEnd>, ReadError> {
        self.file.recorded_end().await
    }

    async fn identity(&self) -> Result<Identity, ReadError> {
        self.file.identity().await
    }

    async fn is_complete(&self) -> Result<bool, ReadError> {
        self.file.is_complete().await
    }

    async fn times_rise_after(&self) -> Result<Position, ReadError> {
        self.file.times_rise_after().await
    }

    async fn exemption(&self) -> Result<Exemption, ReadError> {
        self.file.exemption().await
    }

    fn positions(&self) -> Positions {
        self.file.positions()
    }

    async fn read_stream(&self, stream: &StreamName, after: StreamVersion, limit: usize) -> Page {
        match self.recent.of_stream(stream, after, limit) {
            Some(page) => Ok(page),
            None => self.file.read_stream(stream, after, limit).await,
        }
    }

    async fn read_stream_after_position(&self, stream: &StreamName, after: Position, limit: usize) -> Page {
        match self.recent.of_stream_after(stream, after, limit) {
            Some(page) => Ok(page),
            None => self.file.read_stream_after_position(stream, after, limit).await,
        }
    }

    async fn read_all(&self, after: Position, limit: usize) -> Page {
        match self.recent.after(after, limit) {
            Some(page) => Ok(page),
            None => self.file.read_all(after, limit).await,
        }
    }

    fn subscribe(&self, after: Position) -> EventStream {
        subscription::follow(Arc::new(self.clone()), self.file.head_hints(), after)
    }
}
