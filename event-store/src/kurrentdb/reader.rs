//! Reads the log.
//!
//! KurrentDB reads `$all` from the position of a record, inclusive, and refuses any other number. Positions returned by us are valid;
//! for any other number (a caller's own, or one from before a restore) the previous event is looked up first.
//!
//! Others write to `$all` too, a server by itself. A stretch of theirs that takes long to look through is looked through in steps
//! (`steps.rs`) and remembered (`searched.rs`).
//!
//! Invariant: the end of the log is never assumed: an answer of `$all` has no end marker, so an empty one is compared with the log's
//! head, and one without its expected first record was cut off.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use eventstore::RecordedEvent as Raw;
use uuid::Uuid;

use super::{
    codec,
    connection::Connection,
    fault::{Fault, ReadFault},
    identity,
    live::{self, Live},
    read::{self, Begin, Ended, IDENTITY, Which},
    recall, reservations,
    searched::Searched,
    steps::{self, Walked},
    stream_index::StreamIndexes,
    truncations,
};
use crate::{
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    pages::PAGE,
    port::{EventReader, EventStream, Identity, Positions, ReadError, Truncation},
};

/// Most records per call; more are read in several calls.
const MAX_PAGE: usize = 4096;
/// Fewest events that are read of a stream behind a position.
const SOME: usize = 64;

type Events = Vec<Arc<RecordedEvent>>;

#[derive(Clone)]
pub(super) struct KurrentReader {
    pub(super) connection: Connection,
    pub(super) indexes: StreamIndexes,
    pub(super) searched: Arc<Searched>,
    pub(super) live: Arc<Live>,
    identity: Identity,
    /// The highest position seen by this process.
    seen: Arc<AtomicU64>,
}

/// A reader that does not keep the log from being dropped.
pub(super) struct WeakReader {
    pub(super) connection: Connection,
    pub(super) searched: Arc<Searched>,
    pub(super) live: Arc<Live>,
    pub(super) identity: Identity,
    indexes: StreamIndexes,
    seen: Weak<AtomicU64>,
}

impl WeakReader {
    /// `None` when the log was dropped.
    pub(super) fn upgrade(&self) -> Option<KurrentReader> {
        let Self { connection, searched, live, identity, indexes, seen } = self;
        Some(KurrentReader {
            connection: connection.clone(),
            indexes: indexes.clone(),
            searched: searched.clone(),
            live: live.clone(),
            identity: *identity,
            seen: seen.upgrade()?,
        })
    }
}

impl KurrentReader {
    pub(super) fn new(connection: Connection, identity: Identity) -> Self {
        let searched = Arc::new(Searched::new(connection.settings().search_worth()));
        let live = Arc::new(Live::new(Position::START));
        Self { connection, indexes: StreamIndexes::new(), searched, live, identity, seen: Arc::default() }
    }

    /// Remembers that there is an event at a position.
    pub(super) fn announce(&self, position: Position) {
        self.seen.fetch_max(position.0, Ordering::Relaxed);
    }

    pub(super) fn seen(&self) -> Position {
        Position(self.seen.load(Ordering::Relaxed))
    }

    /// For the watching task, which ends when the log is dropped.
    pub(super) fn downgrade(&self) -> WeakReader {
        let Self { connection, indexes, searched, live, identity, seen } = self.clone();
        WeakReader { connection, searched, live, identity, indexes, seen: Arc::downgrade(&seen) }
    }

    /// The next page of the log behind a position, from the server.
    pub(super) async fn page_after(&self, after: Position) -> Result<Events, ReadFault> {
        self.page(after, PAGE).await
    }

    /// Finds the last event when the log is opened, and remembers what had to be looked through for it.
    pub(super) async fn find_end(&self) -> Result<(), Fault> {
        if let Some(tail) = recall::recalled(&self.connection, self.identity).await? {
            self.searched.note(tail.last, tail.reached);
            self.announce(tail.last);
        }
        let newest = read::newest_record(&self.connection).await?;
        let last = self.last().await?;
        self.announce(last);
        self.live.begin_after(last);
        self.searched.note(last, Position(newest.position.commit));
        recall::remember(&self.connection, &self.searched, self.identity, last).await;
        Ok(())
    }

    /// Position of the last event, read from the server.
    pub(super) async fn last(&self) -> Result<Position, Fault> {
        let seen = self.seen();
        match self.searched.beyond(seen) == seen {
            true => self.last_from_end().await,
            false => self.last_from(seen).await,
        }
    }

    /// Reads on from an event behind which a long stretch is known.
    async fn last_from(&self, mut last: Position) -> Result<Position, Fault> {
        loop {
            let Walked { records, is_end } = self.walk(last, MAX_PAGE).await?;
            let events = records.iter().filter(|record| !is_identity(record));
            last = events.map(|record| Position(record.position.commit)).last().unwrap_or(last);
            if is_end {
                return Ok(last);
            }
            if records.len() < MAX_PAGE {
                return self.last_from_end().await;
            }
        }
    }

    async fn last_from_end(&self) -> Result<Position, Fault> {
        // The last one suffices unless it is the identity: a second may be behind many of others.
        let mut wanted = 1;
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
    async fn after(&self, mut place: Position, after: Position, limit: usize) -> Result<Events, ReadFault> {
        let mut events = Events::new();
        loop {
            let (records, may_be_more) = self.records_after(place, limit - events.len()).await?;
            for record in &records {
                let here = Position(record.position.commit);
                self.searched.note(place, here);
                place = place.max(here);
                // A further page begins with the last record of the previous one.
                let newest = events.last().map_or(after, |event| event.position);
                if is_identity(record) || here <= newest {
                    continue;
                }
                events.push(codec::decode(record.into())?);
                if events.len() == limit {
                    return Ok(events);
                }
            }
            if !may_be_more {
                return Ok(events);
            }
        }
    }

    /// Records from one that is ours, or from the start, and whether there may be more.
    async fn records_after(&self, place: Position, limit: usize) -> Result<(Vec<Raw>, bool), Fault> {
        let from = self.searched.beyond(place);
        let begin = if from == Position::START { Begin::Start } else { Begin::At(from) };
        // Two more than requested: the starting record is included, and the identity may be.
        let asked = limit.saturating_add(2).min(MAX_PAGE);
        let read = read::forward(&self.connection, &self.searched, begin, asked).await;
        let (records, ended) = match read {
            Err(fault) if from != place && fault.may_be_position() => return self.records_by_steps(place, asked).await,
            read => read?,
        };
        let has_new = records.iter().any(|record| record.position.commit > place.0);
        match ended {
            Ended::Whole if records.is_empty() && from == place => Err(Fault::CutShort),
            Ended::Whole if has_new || from == place => {
                let is_full = records.len() == asked;
                Ok((records, is_full))
            }
            Ended::AtStretch => Ok((records, true)),
            Ended::Slow if has_new => Ok((records, true)),
            // Nothing shows that the answer to a read from the end of a stretch is whole.
            Ended::Whole | Ended::Slow => self.records_by_steps(place, asked).await,
        }
    }

    async fn records_by_steps(&self, place: Position, limit: usize) -> Result<(Vec<Raw>, bool), Fault> {
        let Walked { records, is_end } = self.walk(place, limit).await?;
        if is_end || !records.is_empty() {
            return Ok((records, !is_end));
        }
        // The server has not said where it is, or that this is the end.
        let from = self.searched.beyond(place);
        let begin = if from == Position::START { Begin::Start } else { Begin::At(from) };
        let records = read::of_all(&self.connection, Which::Events, begin, limit).await?;
        let has_new = records.iter().any(|record| record.position.commit > place.0);
        if !has_new && self.last_from_end().await? > place {
            return Err(Fault::CutShort);
        }
        let is_full = records.len() == limit;
        Ok((records, is_full))
    }

    async fn walk(&self, place: Position, limit: usize) -> Result<Walked, Fault> {
        let walked = steps::forward(&self.connection, &self.searched, place, limit).await;
        walked.inspect_err(|fault| self.searched.forget_if_refused(place, fault))
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
        let mut version = self.indexes.known_up_to(&self.connection, stream, after).await?;
        let mut events = Events::new();
        while events.len() < limit {
            // The first may stand before the position, if the stream has grown since it was read.
            let asked = (limit - events.len()).clamp(SOME, MAX_PAGE);
            let page = self.read_stream(stream, version, asked).await?;
            let is_full = page.len() == asked;
            version = page.last().map_or(version, |last| last.version);
            events.extend(page.into_iter().filter(|event| event.position > after));
            if !is_full {
                break;
            }
        }
        events.truncate(limit);
        Ok(events)
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
        live::follow(self.clone(), after)
    }
}
