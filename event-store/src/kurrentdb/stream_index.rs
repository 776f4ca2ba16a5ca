//! What a node remembers of a stream: where it ends, and which ids stand where in it. KurrentDB has no index by id, and asks no
//! question about ids further up in a stream than its end; so this is both what finds an event and what keeps one id from being
//! stored twice in a stream.
//!
//! A stream is read once, from its first event, and from then on only what is new in it. Invariant: what is remembered is a
//! beginning of the stream, never something else; whether it is all of it only the server can say, and does, when an append
//! is sent after the last event that is remembered.

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
    port::ReadError,
    sequencer::StreamHead,
};

/// Bytes for all that is remembered, about.
const REMEMBERED_BYTES: u64 = 64 * 1024 * 1024;
/// What a stream costs, and each of its events.
const STREAM_BYTES: usize = 300;
const EVENT_BYTES: usize = 64;
/// Events at a time.
const PAGE: usize = 1000;
/// Who waits for a stream's earlier append longer than this would rather hear that the log is away.
const IN_TURN: Duration = Duration::from_secs(4);

/// A stream, as far as it is known.
pub(super) struct StreamIndex {
    ids: HashMap<Uuid, StreamVersion>,
    /// By version, from 1.
    positions: Vec<Position>,
    hash: [u8; 32],
    pub(super) recorded_at: Timestamp,
    /// Something is known of it, if only that it is empty.
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

    /// The last version that stands at or before a position.
    fn last_up_to(&self, position: Position) -> StreamVersion {
        StreamVersion(self.positions.partition_point(|known| *known <= position) as u64)
    }

    fn last_position(&self) -> Position {
        self.positions.last().copied().unwrap_or(Position::START)
    }

    /// Reads on to the stream's end, and gives what was new.
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

    fn append(&mut self, event: &RecordedEvent) -> Result<(), ReadError> {
        let expected = self.head().version.next();
        if event.version != expected {
            let (stream, found) = (&event.stream, event.version);
            let what = format!("stream {stream} goes on with version {found} where {expected} should stand");
            return Err(ReadError::Damaged { position: event.position, what });
        }
        // An id that stands twice was appended by somebody else than this log; the first counts.
        self.ids.entry(event.event.event_id).or_insert(event.version);
        self.positions.push(event.position);
        (self.hash, self.recorded_at) = (event.hash, event.recorded_at);
        Ok(())
    }
}

/// All that is remembered.
#[derive(Clone)]
pub(super) struct StreamIndexes(Cache<StreamName, Arc<Mutex<StreamIndex>>>);

impl StreamIndexes {
    pub(super) fn new() -> Self {
        let weight = |_: &StreamName, history: &Arc<Mutex<StreamIndex>>| {
            // Whoever has it puts it back when it has grown.
            let events = index.try_lock().map_or(0, |index| index.positions.len());
            u32::try_from(STREAM_BYTES + events * EVENT_BYTES).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(REMEMBERED_BYTES).weigher(weight).build())
    }

    /// The one index of a stream in this process, while it is remembered.
    pub(super) fn of(&self, stream: &StreamName) -> Arc<Mutex<StreamIndex>> {
        self.0.get_with_by_ref(stream, Arc::default)
    }

    /// It may have grown.
    pub(super) fn put_back(&self, stream: &StreamName, history: &Arc<Mutex<StreamIndex>>) {
        self.0.insert(stream.clone(), index.clone());
    }

    /// Where in the stream an id stands.
    pub(super) async fn version_of(
        &self,
        connection: &Connection,
        stream: &StreamName,
        id: Uuid,
    ) -> Result<Option<StreamVersion>, ReadError> {
        let of_stream = self.of(stream);
        let mut index = in_turn(&of_stream).await?;
        if let Some(version) = index.version_of(id) {
            return Ok(Some(version));
        }
        let new = index.read_on(connection, stream).await?;
        let version = index.version_of(id);
        drop(index);
        if !new.is_empty() {
            self.put_back(stream, &of_stream);
        }
        Ok(version)
    }

    /// The last version of a stream at or before a position.
    pub(super) async fn last_up_to(
        &self,
        connection: &Connection,
        stream: &StreamName,
        position: Position,
    ) -> Result<StreamVersion, ReadError> {
        if position == Position::START {
            return Ok(StreamVersion::NONE);
        }
        let of_stream = self.of(stream);
        let mut index = in_turn(&of_stream).await?;
        if position < index.last_position() {
            return Ok(index.last_up_to(position));
        }
        let new = index.read_on(connection, stream).await?;
        let version = index.last_up_to(position);
        drop(index);
        if !new.is_empty() {
            self.put_back(stream, &of_stream);
        }
        Ok(version)
    }
}

pub(super) async fn in_turn(history: &Mutex<StreamIndex>) -> Result<MutexGuard<'_, StreamIndex>, Fault> {
    timeout(IN_TURN, index.lock()).await.map_err(|_| Fault::NoAnswer(IN_TURN))
}
