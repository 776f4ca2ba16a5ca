//! Fills a log in KurrentDB from another log. Written events are read back from `$all` to get their positions.
//!
//! Events are sent in order, neighbours of one stream together, and each time the answer is waited for, so that `$all` has the same
//! order: of several writes under way the server may lose one in the middle and keep those after it. Invariant: each event is sent
//! with the previous version as precondition, so a write that an earlier run left in progress is either the same event or refused.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use eventstore::{EventData, StreamState};
use futures::future::try_join_all;
use jiff::SignedDuration;

use super::{
    KurrentError, KurrentSettings,
    codec::{self, Outgoing},
    connection::Connection,
    fault::Fault,
    identity::{self, Stored},
    reader::KurrentReader,
    refuse_older, reservations,
    rival::until_visible,
};
use crate::{
    clock::{Clock, SystemClock},
    event::{Position, RecordedEvent},
    import::{ImportError, ImportTarget, admit_identity},
    port::{AppendError, EventReader, Exemption, Identity, ReadError},
};

/// Limit of one append.
const APPEND_LIMIT: Duration = Duration::from_secs(5);
/// Ids of events younger than this may still be retried in another stream, because single-use tokens are valid for at most ten
/// minutes. This log would not find such an id in the other stream, so it is reserved.
const RETRY_PERIOD: SignedDuration = SignedDuration::from_mins(15);

/// Ids that are claimed at the same time.
const CLAIMS: usize = 32;
/// Consecutive events of one stream.
type Group<'a> = &'a [Arc<RecordedEvent>];

/// A log that is being filled.
pub struct KurrentImport {
    connection: Connection,
    reader: KurrentReader,
    clock: Arc<dyn Clock>,
    identity: Identity,
    /// The log is known to be marked as an incomplete copy.
    is_marked: bool,
    /// The log's head, if known.
    head: Option<Position>,
}

impl KurrentImport {
    /// Opens the server as the log with this identity.
    ///
    /// # Errors
    /// It holds another log, or events without an identity; it cannot be reached, is too old, or denies access.
    pub async fn open(settings: KurrentSettings, identity: Identity) -> Result<Self, ImportError> {
        let connection = Connection::new(settings, true);
        refuse_older(&connection).await?;
        let found = match identity::ensure_is(&connection, Stored::filling(identity)).await {
            Err(KurrentError::Nameless) => return Err(ImportError::Nameless),
            found => found?,
        };
        admit_identity(Some(found.identity()), false, identity)?;
        let reader = KurrentReader::new(connection.clone(), identity);
        let clock = SystemClock::shared();
        Ok(Self { connection, reader, clock, identity, is_marked: found.is_being_filled, head: None })
    }

    /// The same import with another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    async fn write(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError> {
        if !self.is_marked {
            identity::update(&self.connection, Stored::filling(self.identity)).await?;
            self.is_marked = true;
        }
        let before = match self.head.take() {
            Some(head) => head,
            None => self.reader.head().await.map_err(import_error)?,
        };
        let reserved_from = self.clock.now() - RETRY_PERIOD;
        let groups = self.grouped(events)?;
        let young: Vec<_> = events.iter().filter(|event| event.recorded_at > reserved_from).collect();
        for some in young.chunks(CLAIMS) {
            try_join_all(some.iter().map(|event| self.reserve(event))).await?;
        }
        for group in &groups {
            match self.send(group).await {
                Err(ImportError::Moved) => return Err(self.rival_of(before).await),
                sent => sent?,
            }
        }
        let places = self.read_back(before, events).await?;
        self.head = places.last().copied();
        Ok(places)
    }

    /// Groups consecutive events of one stream, up to the server's limit.
    fn grouped<'a>(&self, events: Group<'a>) -> Result<Vec<Group<'a>>, ImportError> {
        let limit = self.connection.settings().max_append_bytes;
        let (mut groups, mut begin, mut bytes) = (Vec::new(), 0, 0);
        for (n, event) in events.iter().enumerate() {
            let size = codec::encode(event).bytes();
            if size > limit {
                return Err(ImportError::TooLarge { position: event.position, bytes: size, limit });
            }
            if n > begin && (event.stream != events[begin].stream || bytes + size > limit) {
                groups.push(&events[begin..n]);
                (begin, bytes) = (n, 0);
            }
            bytes += size;
        }
        groups.push(&events[begin..]);
        Ok(groups)
    }

    async fn reserve(&self, event: &RecordedEvent) -> Result<(), ImportError> {
        let reserved = reservations::reserve(&self.connection, event.event.event_id, &event.stream).await;
        match reserved {
            Ok(owner) if owner == event.stream => Ok(()),
            Ok(_another) => Err(ImportError::Moved),
            Err(AppendError::Unavailable(source)) => Err(ImportError::Unavailable(source)),
            Err(error) => Err(ImportError::Unavailable(Arc::new(error))),
        }
    }

    async fn send(&self, events: Group<'_>) -> Result<(), ImportError> {
        let sent = self.connection.call(APPEND_LIMIT, |lent| async move {
            let options = lent.appending(APPEND_LIMIT).stream_state(state_before(events));
            lent.client.append_to_stream(events[0].stream.as_str(), &options, data_of(events)).await
        });
        sent.await.map(drop).map_err(|fault| self.refused(events, fault))
    }

    fn refused(&self, events: Group<'_>, fault: Fault) -> ImportError {
        // Another writer was first, perhaps an earlier run.
        if fault.is_conflict() {
            return ImportError::Moved;
        }
        if fault.is_invalid() {
            let limit = self.connection.settings().max_append_bytes;
            return ImportError::TooLarge { position: events[0].position, bytes: bytes_of(events), limit };
        }
        unavailable(fault)
    }

    /// Another writer was first; the import reads on when that can be read.
    async fn rival_of(&self, before: Position) -> ImportError {
        let newer = || async move { Ok::<_, ReadError>(self.reader.read_all(before, 1).await?.pop()) };
        match until_visible(newer).await {
            Ok(_) => ImportError::Moved,
            Err(error) => import_error(error),
        }
    }

    /// The positions of the events, which must be exactly the next ones of the log.
    async fn read_back(&self, before: Position, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError> {
        let mut there: Vec<Arc<RecordedEvent>> = Vec::with_capacity(events.len());
        while there.len() < events.len() {
            let after = there.last().map_or(before, |last| last.position);
            let page = self.reader.read_all(after, events.len() - there.len()).await.map_err(import_error)?;
            if page.is_empty() {
                return Err(ImportError::Unavailable(Arc::new(Fault::CutShort)));
            }
            there.extend(page);
        }
        let are_they = events.iter().zip(&there).all(|(event, there)| event.hash == there.hash);
        if are_they { Ok(there.iter().map(|event| event.position).collect()) } else { Err(ImportError::Moved) }
    }
}

/// What the stream must be at for this group.
fn state_before(events: Group<'_>) -> StreamState {
    match events[0].version.0.checked_sub(2) {
        None => StreamState::NoStream,
        Some(revision) => StreamState::StreamRevision(revision),
    }
}

fn data_of(events: Group<'_>) -> Vec<EventData> {
    events.iter().map(|event| codec::encode(event)).map(Outgoing::into_data).collect()
}

fn bytes_of(events: Group<'_>) -> usize {
    events.iter().map(|event| codec::encode(event).bytes()).sum()
}

fn unavailable(fault: Fault) -> ImportError {
    ImportError::Unavailable(Arc::new(fault))
}

fn import_error(error: ReadError) -> ImportError {
    match error {
        ReadError::Unavailable(source) => ImportError::Unavailable(source),
        error => ImportError::Read(error),
    }
}

impl From<KurrentError> for ImportError {
    fn from(error: KurrentError) -> Self {
        match error {
            KurrentError::Unavailable(source) => Self::Unavailable(source),
            error => Self::Server(Box::new(error)),
        }
    }
}

#[async_trait]
impl ImportTarget for KurrentImport {
    fn reader(&self) -> &dyn EventReader {
        &self.reader
    }

    async fn append(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError> {
        self.write(events).await
    }

    async fn finish(&mut self, _times_rise_in_each_stream: Exemption) -> Result<(), ImportError> {
        identity::update(&self.connection, Stored::complete(self.identity)).await?;
        self.is_marked = false;
        Ok(())
    }
}
