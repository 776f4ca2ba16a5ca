//! A log in KurrentDB that is filled from another. What is written is read back from `$all` before it is said where it stands.
//!
//! Events are sent one after the other, neighbours of one stream together: the order of `$all` is the order in which the server
//! took them. Invariant: each is sent after the version before it, so what an earlier run has left under way is either the
//! very event that is sent again, or is refused.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use eventstore::StreamState;
use jiff::SignedDuration;

use super::{
    KurrentError, KurrentSettings,
    codec::{self, Outgoing},
    connection::Connection,
    fault::Fault,
    identity::{self, Stored},
    reader::KurrentReader,
    refuse_older, reservations,
};
use crate::{
    clock::{Clock, SystemClock},
    event::{Position, RecordedEvent},
    import::{ImportError, ImportTarget, admit_identity},
    port::{AppendError, EventReader, Identity, ReadError},
};

/// How long the server may take for one append.
const STORED_WITHIN: Duration = Duration::from_secs(5);
/// Ids of events that are no older may be tried again, in another stream: nothing that is good once is good for longer than
/// ten minutes. Here nobody would find them there, so they are claimed.
const TRIED_AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// A log in a server or cluster, to be filled.
pub struct KurrentImport {
    connection: Connection,
    reader: KurrentReader,
    clock: Arc<dyn Clock>,
    identity: Identity,
    /// The log was begun by this import, or is known to be marked as one.
    is_marked: bool,
    /// Where the log ends, where that is known.
    head: Option<Position>,
}

impl KurrentImport {
    /// Opens the server, whose log is this one from now on.
    ///
    /// # Errors
    /// It holds another log, or events that it does not say the log of; it cannot be reached, is too old, or denies access.
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

    /// The same import by another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    async fn write(&mut self, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError> {
        if !self.is_marked {
            identity::say(&self.connection, Stored::filling(self.identity)).await?;
            self.is_marked = true;
        }
        let before = match self.head.take() {
            Some(head) => head,
            None => self.reader.head().await.map_err(away)?,
        };
        let reserved_from = self.clock.now() - TRIED_AGAIN;
        for neighbours in self.grouped(events)? {
            for event in neighbours.iter().filter(|event| event.recorded_at > reserved_from) {
                self.reserve(event).await?;
            }
            self.send(neighbours).await?;
        }
        let places = self.read_back(before, events).await?;
        self.head = places.last().copied();
        Ok(places)
    }

    /// Neighbours of one stream, as many as the server takes at once.
    fn grouped<'a>(&self, events: &'a [Arc<RecordedEvent>]) -> Result<Vec<&'a [Arc<RecordedEvent>]>, ImportError> {
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

    async fn send(&self, events: &[Arc<RecordedEvent>]) -> Result<(), ImportError> {
        let first = &events[0];
        let state = match first.version.0.checked_sub(2) {
            None => StreamState::NoStream,
            Some(revision) => StreamState::StreamRevision(revision),
        };
        let data: Vec<_> = events.iter().map(|event| codec::encode(event)).map(Outgoing::into_data).collect();
        let sent = self.connection.call(STORED_WITHIN, |lent| async move {
            let options = lent.appending(STORED_WITHIN).stream_state(state);
            lent.client.append_to_stream(first.stream.as_str(), &options, data).await
        });
        match sent.await {
            Ok(_) => Ok(()),
            // Somebody was there first, perhaps an earlier run.
            Err(fault) if fault.is_conflict() => Err(ImportError::Moved),
            Err(fault) if fault.is_invalid() => {
                let bytes = events.iter().map(|event| codec::encode(event).bytes()).sum();
                let limit = self.connection.settings().max_append_bytes;
                Err(ImportError::TooLarge { position: first.position, bytes, limit })
            }
            Err(fault) => Err(ImportError::Unavailable(Arc::new(fault))),
        }
    }

    /// Where the events stand, which must be the next in the log and no others.
    async fn read_back(&self, before: Position, events: &[Arc<RecordedEvent>]) -> Result<Vec<Position>, ImportError> {
        let mut there: Vec<Arc<RecordedEvent>> = Vec::with_capacity(events.len());
        while there.len() < events.len() {
            let after = there.last().map_or(before, |last| last.position);
            let page = self.reader.read_all(after, events.len() - there.len()).await.map_err(away)?;
            if page.is_empty() {
                return Err(ImportError::Unavailable(Arc::new(Fault::CutShort)));
            }
            there.extend(page);
        }
        let are_they = events.iter().zip(&there).all(|(event, there)| event.hash == there.hash);
        if are_they { Ok(there.iter().map(|event| event.position).collect()) } else { Err(ImportError::Moved) }
    }
}

fn away(error: ReadError) -> ImportError {
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

    async fn finish(&mut self, _times_rise_in_each_stream: u64) -> Result<(), ImportError> {
        identity::say(&self.connection, Stored::whole(self.identity)).await?;
        self.is_marked = false;
        Ok(())
    }
}
