//! A node's index of a stream: its end, and the version of each event id. KurrentDB has no index by id and only checks for repeated
//! ids at a stream's end, so this index both finds events and prevents an id from being stored twice in a stream.
//!
//! A stream is read once from its first event, and afterwards only its new events. Invariant: the index always covers a prefix of
//! the stream. Whether it is the whole stream is only known from the server, when an append after the last indexed event succeeds.

use std::{collections::HashMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use moka::sync::Cache;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};
use uuid::Uuid;

use super::{
    codec,
    connection::Connection,
    fault::{Fault, ReadFault},
    read,
};
use crate::{
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    hash::NO_HASH,
    own_task::in_own_task,
    pages::PAGE,
    port::ReadError,
    sequencer::StreamHead,
};

/// Approximate size of all cached indexes.
const CACHE_BYTES: u64 = 64 * 1024 * 1024;
/// Approximate size of an index, and of each of its events.
const STREAM_BYTES: usize = 300;
const EVENT_BYTES: usize = 64;
/// Longest wait for an earlier append to the same stream; after that the log is reported as unavailable.
const LOCK_LIMIT: Duration = Duration::from_secs(4);

/// The index of one stream.
pub(super) struct StreamIndex {
    ids: HashMap<Uuid, StreamVersion>,
    /// Positions by version, from 1.
    positions: Vec<Position>,
    hash: [u8; 32],
    pub(super) recorded_at: Timestamp,
    /// The stream has been read to its end at least once.
    pub(super) is_known: bool,
}

impl Default for StreamIndex {
    fn default() -> Self {
        Self {
            ids: HashMap::new(),
            positions: Vec::new(),
            hash: NO_HASH,
            recorded_at: Timestamp::UNIX_EPOCH,
            is_known: false,
        }
    }
}

impl StreamIndex {
    pub(super) fn head(&self) -> StreamHead {
        StreamHead { version: StreamVersion(self.positions.len() as u64), hash: self.hash }
    }

    pub(super) fn version_of(&self, id: Uuid) -> Option<StreamVersion> {
        self.ids.get(&id).copied()
    }

    /// The last version at or before a position.
    fn last_up_to(&self, position: Position) -> StreamVersion {
        StreamVersion(self.positions.partition_point(|known| *known <= position) as u64)
    }

    fn last_position(&self) -> Position {
        self.positions.last().copied().unwrap_or(Position::START)
    }

    /// Reads to the stream's end and returns the new events.
    pub(super) async fn read_on(
        &mut self,
        connection: &Connection,
        stream: &StreamName,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadFault> {
        let mut new = Vec::new();
        loop {
            let records = read::of_stream(connection, stream, self.head().version, PAGE).await?;
            for record in &records {
                let event = codec::decode(record.into())?;
                self.append(&event)?;
                new.push(event);
            }
            if records.len() < PAGE {
                self.is_known = true;
                return Ok(new);
            }
        }
    }

    /// Takes in events that come right behind those that are known, up to the stream's end.
    pub(super) fn take(&mut self, events: &[Arc<RecordedEvent>]) -> Result<(), ReadError> {
        events.iter().try_for_each(|event| self.append(event))?;
        self.is_known = true;
        Ok(())
    }

    fn append(&mut self, event: &RecordedEvent) -> Result<(), ReadError> {
        let expected = self.head().version.next();
        if event.version != expected {
            let (stream, found) = (&event.stream, event.version);
            let what = format!("stream {stream} has version {found} instead of {expected}");
            return Err(ReadError::Damaged { position: event.position, what });
        }
        // A duplicate id was not appended by this program; the first counts.
        self.ids.entry(event.event.event_id).or_insert(event.version);
        self.positions.push(event.position);
        (self.hash, self.recorded_at) = (event.hash, event.recorded_at);
        Ok(())
    }
}

/// The cache of indexes.
#[derive(Clone)]
pub(super) struct StreamIndexes(Cache<StreamName, Arc<Mutex<StreamIndex>>>);

impl StreamIndexes {
    pub(super) fn new() -> Self {
        let weight = |_: &StreamName, index: &Arc<Mutex<StreamIndex>>| {
            // A locked index is inserted again by its user when it has grown.
            let events = index.try_lock().map_or(0, |index| index.positions.len());
            u32::try_from(STREAM_BYTES + events * EVENT_BYTES).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(CACHE_BYTES).weigher(weight).build())
    }

    /// The cached index of a stream, shared within this process.
    pub(super) fn of(&self, stream: &StreamName) -> Arc<Mutex<StreamIndex>> {
        self.0.get_with_by_ref(stream, Arc::default)
    }

    /// Inserts an index again, because its size has changed.
    pub(super) fn put_back(&self, stream: &StreamName, index: &Arc<Mutex<StreamIndex>>) {
        self.0.insert(stream.clone(), index.clone());
    }

    /// The version of an event id in a stream.
    pub(super) async fn version_of(
        &self,
        connection: &Connection,
        stream: &StreamName,
        id: Uuid,
    ) -> Result<Option<StreamVersion>, ReadError> {
        let is_known = move |index: &StreamIndex| index.version_of(id).map(Some);
        self.look_up(connection, stream, is_known, move |index| index.version_of(id)).await
    }

    /// A version of a stream at or before a position: the last one that is known, which is not far from the last one there is.
    pub(super) async fn known_up_to(
        &self,
        connection: &Connection,
        stream: &StreamName,
        position: Position,
    ) -> Result<StreamVersion, ReadError> {
        if position == Position::START {
            return Ok(StreamVersion::NONE);
        }
        let is_known = move |index: &StreamIndex| {
            (index.is_known || position < index.last_position()).then(|| index.last_up_to(position))
        };
        self.look_up(connection, stream, is_known, move |index| index.last_up_to(position)).await
    }

    /// What the index says at once, otherwise after reading to the stream's end. In a task of its own: appends wait for the lock.
    async fn look_up<T: Send + 'static>(
        &self,
        connection: &Connection,
        stream: &StreamName,
        at_once: impl FnOnce(&StreamIndex) -> Option<T> + Send + 'static,
        after_reading: impl FnOnce(&StreamIndex) -> T + Send + 'static,
    ) -> Result<T, ReadError> {
        let (indexes, connection, stream) = (self.clone(), connection.clone(), stream.clone());
        in_own_task(async move {
            let of_stream = indexes.of(&stream);
            let mut index = lock(&of_stream).await?;
            if let Some(found) = at_once(&index) {
                return Ok(found);
            }
            let new = index.read_on(&connection, &stream).await?;
            let found = after_reading(&index);
            drop(index);
            if !new.is_empty() {
                indexes.put_back(&stream, &of_stream);
            }
            Ok(found)
        })
        .await
    }
}

pub(super) async fn lock(index: &Mutex<StreamIndex>) -> Result<MutexGuard<'_, StreamIndex>, Fault> {
    timeout(LOCK_LIMIT, index.lock()).await.map_err(|_| Fault::NoAnswer(LOCK_LIMIT))
}
