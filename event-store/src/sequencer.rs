//! The sequencer, shared by every adapter that assigns positions itself: given the state of the log, it accepts or refuses each
//! waiting append and computes the rows to insert. Pure: no database, no clock.
//!
//! Invariant: requests are decided one after the other, as if each had its own transaction; a refused one takes no position and
//! adds no row.

use std::{collections::HashMap, sync::Arc};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{
    event::{Position, RecordedEvent, SealedEvent, StreamName, StreamVersion},
    hash::{NO_HASH, event_hash},
    port::{AppendError, Appended, Expected},
    vault::seal::same_sealed_content,
};

/// Most events of one append.
pub const MAX_EVENTS: usize = 256;
/// Most bytes of `data` and sealed parts of one append: well below KurrentDB's default limit of 1 MiB.
pub const MAX_EVENT_BYTES: usize = 900 * 1024;

/// An append request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The target stream.
    pub stream: StreamName,
    /// The precondition.
    pub expected: Expected,
    /// The events.
    pub events: Vec<SealedEvent>,
}

impl Request {
    /// Refuses what no adapter can store.
    ///
    /// # Errors
    /// [`AppendError::Refused`] for an empty append or one over the limits.
    pub fn check(&self) -> Result<(), AppendError> {
        let bytes: usize = self.events.iter().map(size).sum();
        match self.events.len() {
            0 => Err(AppendError::Refused("holds no event")),
            n if n > MAX_EVENTS => Err(AppendError::Refused("holds more than 256 events")),
            _ if bytes > MAX_EVENT_BYTES => Err(AppendError::Refused("is larger than 900 KiB")),
            _ if self.events.iter().any(holds_nul) => Err(AppendError::Refused("holds a text with U+0000")),
            _ if self.events.iter().any(lacks_key) => Err(AppendError::Refused("holds a sealed part without its key")),
            _ => Ok(()),
        }
    }
}

/// Bytes of an event's two parts.
#[must_use]
pub fn size(event: &SealedEvent) -> usize {
    event.data.len() + event.personal.as_ref().map_or(0, |sealed| sealed.len())
}

/// PostgreSQL cannot store U+0000, and the whole batch would fail.
fn holds_nul(event: &SealedEvent) -> bool {
    let texts = [&*event.event_type, event.actor.as_str(), &*event.data, event.key_id.as_deref().unwrap_or_default()];
    texts.iter().any(|text| text.contains('\0'))
}

fn lacks_key(event: &SealedEvent) -> bool {
    event.personal.is_some() != event.key_id.is_some()
}

/// The end of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamHead {
    /// Version of its last event.
    pub version: StreamVersion,
    /// Hash of its last event.
    pub hash: [u8; 32],
}

impl StreamHead {
    /// A stream without events.
    pub const NONE: Self = Self { version: StreamVersion::NONE, hash: NO_HASH };

    /// The end of a stream whose last event this is.
    #[must_use]
    pub fn of(last: &RecordedEvent) -> Self {
        Self { version: last.version, hash: last.hash }
    }

    /// Whether the event continues the stream: by number, and by the hash that it names.
    #[must_use]
    pub fn precedes(&self, next: &RecordedEvent) -> bool {
        next.version == self.version.next() && next.prev_hash == self.hash
    }
}

/// The end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHead {
    /// Position of the last event.
    pub position: Position,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

impl LogHead {
    /// A log without events.
    pub const NONE: Self = Self { position: Position::START, recorded_at: Timestamp::UNIX_EPOCH };
}

/// Decides a batch of requests and collects its rows.
#[derive(Debug)]
pub struct Sequencer {
    head: LogHead,
    streams: HashMap<StreamName, StreamHead>,
    stored: HashMap<Uuid, Arc<RecordedEvent>>,
    rows: Vec<Arc<RecordedEvent>>,
}

impl Sequencer {
    /// Starts from the state of the log: its head, the heads of all streams named in the batch (absent = no events), and
    /// the stored events whose ids occur in the batch.
    #[must_use]
    pub fn new(
        head: LogHead,
        streams: HashMap<StreamName, StreamHead>,
        stored: impl IntoIterator<Item = Arc<RecordedEvent>>,
    ) -> Self {
        let stored = stored.into_iter().map(|event| (event.event.event_id, event)).collect();
        Self { head, streams, stored, rows: Vec::new() }
    }

    /// Decides one request. An `Ok` becomes valid once [`Self::rows`] are committed.
    ///
    /// # Errors
    /// As [`crate::EventStore::append`].
    pub fn admit(&mut self, request: &Request, now: Timestamp) -> Result<Appended, AppendError> {
        request.check()?;
        if let Some(answer) = self.repeated(request)? {
            return Ok(answer);
        }
        let stream = self.streams.get(&request.stream).copied().unwrap_or(StreamHead::NONE);
        check_version(request, stream.version)?;
        Ok(self.number(request, stream, now))
    }

    /// The rows to insert, in position order.
    #[must_use]
    pub fn rows(&self) -> &[Arc<RecordedEvent>] {
        &self.rows
    }

    /// The ends of the log and of the touched streams once the rows are committed, and the rows.
    #[must_use]
    pub fn into_parts(self) -> (LogHead, HashMap<StreamName, StreamHead>, Vec<Arc<RecordedEvent>>) {
        (self.head, self.streams, self.rows)
    }

    /// The first answer again, if every event of the request is already recorded.
    fn repeated(&self, request: &Request) -> Result<Option<Appended>, AppendError> {
        let mut last: Option<&Arc<RecordedEvent>> = None;
        let mut repeats = 0;
        for event in &request.events {
            let Some(stored) = self.stored.get(&event.event_id) else {
                continue;
            };
            let follows = last.is_none_or(|before| before.version.next() == stored.version);
            if stored.stream != request.stream || !follows || !same_content(&stored.event, event) {
                return Err(different(stored));
            }
            repeats += 1;
            last = Some(stored);
        }
        match last {
            None => own_ids_differ(request).map(|()| None),
            Some(stored) if repeats < request.events.len() => Err(different(stored)),
            Some(stored) => Ok(Some(Appended { last_version: stored.version, last_position: stored.position })),
        }
    }

    fn number(&mut self, request: &Request, mut stream: StreamHead, now: Timestamp) -> Appended {
        for event in &request.events {
            let recorded_at = later_than(self.head.recorded_at, now);
            let version = stream.version.next();
            let hash = event_hash(&stream.hash, &request.stream, version, recorded_at, event);
            let recorded = Arc::new(RecordedEvent {
                position: self.head.position.next(),
                stream: request.stream.clone(),
                version,
                recorded_at,
                event: event.clone(),
                prev_hash: stream.hash,
                hash,
            });
            stream = StreamHead { version, hash };
            self.head = LogHead { position: recorded.position, recorded_at };
            self.stored.insert(event.event_id, recorded.clone());
            self.rows.push(recorded);
        }
        self.streams.insert(request.stream.clone(), stream);
        Appended { last_version: stream.version, last_position: self.head.position }
    }
}

fn different(stored: &Arc<RecordedEvent>) -> AppendError {
    AppendError::DifferentContent { event_id: stored.event.event_id, stored: Box::new((**stored).clone()) }
}

/// Refuses an append that contains an id twice.
fn own_ids_differ(request: &Request) -> Result<(), AppendError> {
    let mut ids: Vec<Uuid> = request.events.iter().map(|event| event.event_id).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() == request.events.len() { Ok(()) } else { Err(AppendError::Refused("holds one event id twice")) }
}

/// Same content as defined by the port: type, schema, data and the content of the sealed part. The stream is compared separately.
#[must_use]
pub fn same_content(stored: &SealedEvent, again: &SealedEvent) -> bool {
    stored.event_type == again.event_type
        && stored.schema == again.schema
        && stored.data == again.data
        && stored.key_id == again.key_id
        && same_sealed_content(stored.personal.as_deref(), again.personal.as_deref())
}

fn check_version(request: &Request, actual: StreamVersion) -> Result<(), AppendError> {
    let holds = match request.expected {
        Expected::Any => true,
        Expected::NoStream => actual == StreamVersion::NONE,
        Expected::Exact(version) => actual == version,
    };
    if holds {
        return Ok(());
    }
    Err(AppendError::WrongExpectedVersion { stream: request.stream.clone(), expected: request.expected, actual })
}

/// `now` in microseconds, but at least one microsecond after the previous event, even if the clock was set back.
fn later_than(last: Timestamp, now: Timestamp) -> Timestamp {
    let now = Timestamp::from_microsecond(now.as_microsecond()).expect("a time cut to microseconds stays in range");
    let earliest = last.saturating_add(SignedDuration::from_micros(1)).expect("a fixed duration can be added");
    now.max(earliest)
}
