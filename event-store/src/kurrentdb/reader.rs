//! Reads the log.
//!
//! KurrentDB reads `$all` from the position of a record, inclusive, and refuses any other number. Positions returned by us are valid;
//! for any other number (a caller's own, or one from before a restore) the previous event is looked up first.
//!
//! Invariant: the end of the log is never assumed: an answer of `$all` has no end marker, so an empty one is compared with the log's
//! head, and one without its expected first record was cut off.

use std::sync::Arc;

use async_trait::async_trait;
use eventstore::RecordedEvent as Raw;
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    codec,
    connection::Connection,
    fault::{Fault, ReadFault},
    identity,
    read::{self, Begin, IDENTITY, Which},
    reservations,
    stream_index::StreamIndexes,
    truncations,
};
use crate::{
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    pages::PAGE,
    port::{EventReader, EventStream, Identity, Positions, ReadError, Truncation},
    subscription,
};

/// Most records per call; more are read in several calls.
const MAX_PAGE: usize = 4096;

type Events = Vec<Arc<RecordedEvent>>;

#[derive(Clone)]
pub(super) struct KurrentReader {
    pub(super) connection: Connection,
    pub(super) indexes: StreamIndexes,
    identity: Identity,
    /// The highest position seen by this process; subscriptions wait for it to increase.
    seen: Arc<watch::Sender<Position>>,
}

impl KurrentReader {
    pub(super) fn new(connection: Connection, identity: Identity) -> Self {
        let seen = Arc::new(watch::Sender::new(Position::START));
        Self { connection, indexes: StreamIndexes::new(), identity, seen }
    }

    /// Announces a position to waiting subscriptions.
    pub(super) fn announce(&self, position: Position) {
        self.seen.send_if_modified(|seen| {
            let is_news = position > *seen;
            *seen = position.max(*seen);
            is_news
        });
    }

    pub(super) fn seen(&self) -> Position {
        *self.seen.borrow()
    }

    /// For the watching task, which ends when the log is dropped.
    pub(super) fn downgrade(&self) -> std::sync::Weak<watch::Sender<Position>> {
        Arc::downgrade(&self.seen)
    }

    /// Position of the last event, read from the server.
    pub(super) async fn last(&self) -> Result<Position, Fault> {
        let mut wanted = 2;
        loop {
            let records = read::of_all(&self.connection, Which::Events, Begin::End, wanted).await?;
            if let Some(last) = records.iter().find(|record| !is_identity(record)) {
                return Ok(Position(last.position.commit));
            }
            if records.last().is_some_and(is_beginning) {
                return Ok(Position::START);
            }
            if records.len() < wanted {
                return Err(Fault::CutShort);
            }
            wanted *= 8;
        }
    }

    /// Events after a position that is that of a record, or the start.
    async fn after(&self, place: Position, after: Position, limit: usize) -> Result<Events, ReadFault> {
        let mut events = Events::new();
        let mut from = if place == Position::START { Begin::Start } else { Begin::At(place) };
        loop {
            // Two more than requested: the starting record is included, and the identity may be.
            let asked = (limit - events.len()).saturating_add(2).min(MAX_PAGE);
            let records = read::of_all(&self.connection, Which::Events, from, asked).await?;
            let Some(last) = records.last() else { return Err(Fault::CutShort.into()) };
            let (is_full, next) = (records.len() == asked, Position(last.position.commit));
            for record in records.iter().filter(|record| !is_identity(record)) {
                // A further page begins with the last record of the previous one.
                let newest = events.last().map_or(after, |event| event.position);
                if record.position.commit <= newest.0 {
                    continue;
                }
                events.push(codec::decode(record.into())?);
                if events.len() == limit {
                    return Ok(events);
                }
            }
            if !is_full {
                return Ok(events);
            }
            from = Begin::At(next);
        }
    }

    /// As [`Self::after`], for a number that is not the position of a record.
    async fn after_any(&self, after: Position, limit: usize) -> Result<Events, ReadFault> {
        let head = self.last().await?;
        if after >= head {
            return Ok(Vec::new());
        }
        let place = self.place_before(after, head).await?;
        self.after(place, after, limit).await
    }

    /// The last event at or before a number, searched from the nearer end of the log.
    async fn place_before(&self, number: Position, head: Position) -> Result<Position, Fault> {
        let backward = number.0 > head.0 / 2;
        let mut from = if backward { Begin::End } else { Begin::Start };
        let mut found = Position::START;
        loop {
            let records = read::of_all(&self.connection, Which::Events, from, PAGE).await?;
            let places = records.iter().map(|record| Position(record.position.commit));
            if backward {
                if let Some(place) = places.clone().find(|place| *place <= number) {
                    return Ok(place);
                }
            } else {
                found = places.clone().take_while(|place| *place <= number).last().unwrap_or(found);
                if places.clone().any(|place| place > number) {
                    return Ok(found);
                }
            }
            from = match places.last() {
                _ if backward && records.last().is_some_and(is_beginning) => return Ok(Position::START),
                Some(last) if records.len() == PAGE && backward => Begin::Before(last),
                Some(last) if records.len() == PAGE => Begin::At(last),
                _fewer => return Err(Fault::CutShort),
            };
        }
    }

    async fn page(&self, after: Position, limit: usize) -> Result<Events, ReadFault> {
        let known = self.seen();
        let read = self.after(after, after, limit).await;
        let events = match read {
            Ok(events) => events,
            Err(ReadFault::Fault(fault)) if after > Position::START && may_be_no_place(&fault) => {
                self.after_any(after, limit).await?
            }
            Err(fault) => return Err(fault),
        };
        // Later events have been seen before: either the log was truncated, or the answer was cut off.
        if events.is_empty() && after < known && after < self.last().await? {
            return Err(Fault::CutShort.into());
        }
        Ok(events)
    }

    /// A refusal may have several causes: `None` is only returned once the previous event has been found.
    async fn at(&self, position: Position) -> Result<Option<Arc<RecordedEvent>>, ReadFault> {
        let records = match read::of_all(&self.connection, Which::Events, Begin::At(position), 1).await {
            Err(fault) if may_be_no_place(&fault) => {
                let head = self.last().await?;
                let is_no_place = position > head || self.place_before(position, head).await? < position;
                return if is_no_place { Ok(None) } else { Err(fault.into()) };
            }
            answer => answer?,
        };
        let Some(record) = records.first() else {
            return if position > self.last().await? { Ok(None) } else { Err(Fault::CutShort.into()) };
        };
        let is_it = record.position.commit == position.0 && !is_identity(record);
        Ok(if is_it { Some(codec::decode(record.into())?) } else { None })
    }
}

fn is_identity(record: &Raw) -> bool {
    record.stream_id() == IDENTITY
}

/// Whether this is the first record of the log.
fn is_beginning(record: &Raw) -> bool {
    is_identity(record) && record.revision == 0
}

fn may_be_no_place(fault: &Fault) -> bool {
    fault.may_be_position() || matches!(fault, Fault::CutShort)
}

#[async_trait]
impl EventReader for KurrentReader {
    async fn find(&self, stream: &StreamName, event_id: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        let Some(version) = self.indexes.version_of(&self.connection, stream, event_id).await? else {
            return Ok(None);
        };
        let found = self.read_stream(stream, StreamVersion(version.0 - 1), 1).await?.pop();
        match found {
            Some(event) if event.event.event_id == event_id => Ok(Some(event)),
            _another => Err(ReadError::Damaged {
                position: Position::START,
                what: format!("version {version} of stream {stream} has changed"),
            }),
        }
    }

    async fn owner(&self, event_id: Uuid) -> Result<Option<StreamName>, ReadError> {
        reservations::owner(&self.connection, event_id).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        let head = self.last().await?;
        self.announce(head);
        Ok(head)
    }

    async fn identity(&self) -> Result<Identity, ReadError> {
        Ok(self.identity)
    }

    async fn is_complete(&self) -> Result<bool, ReadError> {
        let stored = identity::read(&self.connection).await.map_err(ReadError::unavailable)?;
        Ok(stored.is_none_or(|(stored, _)| !stored.is_being_filled))
    }

    fn positions(&self) -> Positions {
        Positions::Increasing
    }

    async fn read_stream(&self, stream: &StreamName, after: StreamVersion, limit: usize) -> Result<Events, ReadError> {
        let mut events: Events = Vec::new();
        while events.len() < limit {
            let asked = (limit - events.len()).min(MAX_PAGE);
            let from = events.last().map_or(after, |event| event.version);
            let records = read::of_stream(&self.connection, stream, from, asked).await?;
            let is_full = records.len() == asked;
            for record in &records {
                events.push(codec::decode(record.into())?);
            }
            if !is_full {
                break;
            }
        }
        Ok(events)
    }

    async fn read_stream_after_position(
        &self,
        stream: &StreamName,
        after: Position,
        limit: usize,
    ) -> Result<Events, ReadError> {
        let version = self.indexes.last_up_to(&self.connection, stream, after).await?;
        self.read_stream(stream, version, limit).await
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Events, ReadError> {
        if limit == 0 || after.0 > codec::MAX_POSITION {
            return Ok(Vec::new());
        }
        let events = self.page(after, limit).await?;
        if let Some(last) = events.last() {
            self.announce(last.position);
        }
        Ok(events)
    }

    async fn read_at(&self, position: Position) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        if position == Position::START || position.0 > codec::MAX_POSITION {
            return Ok(None);
        }
        Ok(self.at(position).await?)
    }

    async fn truncations(&self) -> Result<Vec<Truncation>, ReadError> {
        truncations::all(&self.connection).await
    }

    fn subscribe(&self, after: Position) -> EventStream {
        subscription::follow(Arc::new(self.clone()), self.seen.subscribe(), after)
    }
}
