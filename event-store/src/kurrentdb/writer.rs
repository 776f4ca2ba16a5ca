//! Writes appends, each on its own, after the last known event of its stream.
//!
//! KurrentDB answers a repeated id at the same place with success, whatever the content, and an answer may get lost. So the server's
//! answer is never passed on: the stream is read back, and the sequencer decides by its content. Invariants: success is only
//! returned for events that were read back; a conflict only if the stream was read after the last write to it; in all other cases
//! the log is reported as unavailable, and the append may be repeated. An append that may still be in progress is only sent again
//! after the same version, so one of the two is refused.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use eventstore::StreamState;
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};
use uuid::Uuid;

use super::{
    codec::{self, Outgoing},
    fault::{Fault, ReadFault},
    reader::KurrentReader,
    rival::Waiting,
    stream_index::{StreamIndex, lock},
};
use crate::{
    clock::Clock,
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    port::{AppendError, Appended, EventReader as _, ReadError},
    sequencer::{LogHead, Request, Sequencer, StreamHead},
};

/// Limit of one append.
const APPEND_LIMIT: Duration = Duration::from_millis(2500);
/// No new attempt begins after this time; the append is answered as unavailable.
const PATIENCE: Duration = Duration::from_secs(3);
/// Pause before the second attempt; doubled for each further one up to the longest.
const PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(320);
/// Most concurrent appends, because a connection has a limited number of calls.
const CONCURRENT_APPENDS: usize = 64;
/// Rounds of sending and reading back without a pause.
const ROUNDS: usize = 4;
/// Repeated events with fewer versions between them are read together.
const NEAR: u64 = 600;

#[derive(Clone)]
pub(super) struct KurrentWriter {
    reader: KurrentReader,
    clock: Arc<dyn Clock>,
    slots: Arc<Semaphore>,
    /// The last append failed: the next one makes a single attempt.
    unavailable: Arc<AtomicBool>,
}

/// An append in progress.
struct PendingAppend<'a> {
    request: &'a Request,
    /// Events of the request that were found in the stream.
    read: Vec<Arc<RecordedEvent>>,
    /// The stream was read to its end after the last write.
    is_fresh: bool,
    /// No new attempt begins after this time.
    no_more_after: Instant,
}

impl PendingAppend<'_> {
    /// The stream was read to its end, and these events are new in it.
    fn found(&mut self, new: Vec<Arc<RecordedEvent>>) {
        let ids: Vec<Uuid> = self.request.events.iter().map(|event| event.event_id).collect();
        self.read.extend(new.into_iter().filter(|event| ids.contains(&event.event.event_id)));
        self.is_fresh = true;
    }
}

/// What the server answered to an append.
enum Sent {
    /// It is stored, unless an earlier one with its ids was; its last event has this version and position.
    Stored(StreamVersion, Position),
    /// Another append was first, perhaps an earlier attempt of this one.
    Refused,
}

impl KurrentWriter {
    pub(super) fn new(reader: KurrentReader, clock: Arc<dyn Clock>) -> Self {
        Self { reader, clock, slots: Arc::new(Semaphore::new(CONCURRENT_APPENDS)), unavailable: Arc::default() }
    }

    /// In a task of its own, so that an append is completed even if its caller is dropped.
    pub(super) async fn append(&self, request: Request) -> Result<Appended, AppendError> {
        request.check()?;
        let writer = self.clone();
        let appending = tokio::spawn(async move { writer.append_locked(&request).await });
        appending.await.unwrap_or_else(|_panic| Err(Fault::NotUnderstood.into()))
    }

    async fn append_locked(&self, request: &Request) -> Result<Appended, AppendError> {
        let of_stream = self.reader.indexes.of(&request.stream);
        let mut index = lock(&of_stream).await?;
        let before = index.head().version;
        let _slot = self.slots.acquire().await.map_err(|_closed| AppendError::from(Fault::NotUnderstood))?;
        let answer = self.append_after(request, &mut index).await;
        let has_grown = index.head().version > before;
        drop(index);
        if has_grown {
            self.reader.indexes.put_back(&request.stream, &of_stream);
        }
        self.unavailable.store(matches!(answer, Err(AppendError::Unavailable(_))), Ordering::Relaxed);
        if let Ok(Appended { last_position, .. }) = answer {
            self.reader.announce(last_position);
        }
        answer
    }

    async fn append_after(&self, request: &Request, index: &mut StreamIndex) -> Result<Appended, AppendError> {
        let no_more_after = Instant::now() + PATIENCE;
        let mut pending = PendingAppend { request, read: Vec::new(), is_fresh: false, no_more_after };
        let (mut pause, mut must_read) = (PAUSE, !index.is_known && request.expected != crate::Expected::NoStream);
        loop {
            let fault = match self.try_once(&mut pending, index, must_read).await {
                Ok(answer) => return answer,
                Err(ReadFault::Event(damaged)) => return Err(AppendError::Unavailable(Arc::new(damaged))),
                Err(ReadFault::Fault(deleted @ Fault::Deleted(_))) => return Err(deleted.into()),
                Err(ReadFault::Fault(fault)) => fault,
            };
            (pending.is_fresh, must_read) = (false, true);
            let gives_up = self.unavailable.load(Ordering::Relaxed) || fault.is_access_denied();
            if gives_up || Instant::now() + pause >= no_more_after {
                return Err(fault.into());
            }
            tracing::debug!(error = &fault as &dyn std::error::Error, "an append is retried");
            sleep(rand::random_range(pause / 2..pause)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Decides, sends and reads back until there is an answer; an error if the attempt must be repeated.
    async fn try_once(
        &self,
        pending: &mut PendingAppend<'_>,
        index: &mut StreamIndex,
        must_read: bool,
    ) -> Result<Result<Appended, AppendError>, ReadFault> {
        if must_read {
            self.read_on(pending, index).await?;
        }
        for _round in 0..ROUNDS {
            let stored = self.repeated(pending, index).await?;
            let streams = [(pending.request.stream.clone(), index.head())].into_iter().collect();
            let head = LogHead { position: Position::START, recorded_at: index.recorded_at };
            let mut sequencer = Sequencer::new(head, streams, stored);
            let judged = sequencer.admit(pending.request, self.clock.now());
            match (judged, sequencer.into_parts().2) {
                (Ok(answer), rows) if rows.is_empty() => return Ok(Ok(answer)),
                (Ok(_), rows) => match self.send(&pending.request.stream, index.head(), &rows).await? {
                    Ok(Sent::Stored(last, position)) => self.read_back(pending, index, last, position).await?,
                    Ok(Sent::Refused) => self.read_rival(pending, index).await?,
                    Err(refused) => return Ok(Err(refused)),
                },
                (Err(no), _) if pending.is_fresh => return Ok(Err(no)),
                (Err(_), _) => self.read_on(pending, index).await?,
            }
        }
        Err(Fault::Overtaken.into())
    }

    async fn read_on(&self, pending: &mut PendingAppend<'_>, index: &mut StreamIndex) -> Result<(), ReadFault> {
        let new = index.read_on(&self.reader.connection, &pending.request.stream).await?;
        pending.found(new);
        Ok(())
    }

    /// Reads what was appended: from what the subscription brings, or else from the server.
    async fn read_back(
        &self,
        pending: &mut PendingAppend<'_>,
        index: &mut StreamIndex,
        last: StreamVersion,
        position: Position,
    ) -> Result<(), ReadFault> {
        let live = &self.reader.live;
        match live.read_back(&pending.request.stream, index.head().version, last, position).await {
            Some(brought) => {
                index.take(&brought)?;
                pending.found(brought);
                Ok(())
            }
            None => self.read_on(pending, index).await,
        }
    }

    /// Reads the append that was first, which may not be visible yet.
    async fn read_rival(&self, pending: &mut PendingAppend<'_>, index: &mut StreamIndex) -> Result<(), ReadFault> {
        let (before, mut waiting) = (index.head().version, Waiting::until(pending.no_more_after));
        loop {
            self.read_on(pending, index).await?;
            if index.head().version > before || !waiting.again().await {
                return Ok(());
            }
        }
    }

    /// The stored events whose ids occur in the request.
    async fn repeated(
        &self,
        pending: &PendingAppend<'_>,
        index: &StreamIndex,
    ) -> Result<Vec<Arc<RecordedEvent>>, ReadFault> {
        let ids: Vec<Uuid> = pending.request.events.iter().map(|event| event.event_id).collect();
        let mut stored = pending.read.clone();
        let missing = |version: &StreamVersion| stored.iter().all(|event| event.version != *version);
        let mut versions: Vec<_> = ids.iter().filter_map(|id| index.version_of(*id)).filter(missing).collect();
        versions.sort_unstable();
        for run in runs(&versions) {
            let (first, last) = (run[0], run[run.len() - 1]);
            let limit = usize::try_from(last.0 - first.0 + 1).unwrap_or(usize::MAX);
            let events = self.reader.read_stream(&pending.request.stream, StreamVersion(first.0 - 1), limit).await;
            let events = events.map_err(|error| match error {
                ReadError::Unavailable(_) => ReadFault::Fault(Fault::CutShort),
                damaged => ReadFault::Event(damaged),
            })?;
            stored.extend(events.into_iter().filter(|event| ids.contains(&event.event.event_id)));
        }
        Ok(stored)
    }

    /// Sends an append; `Ok` does not mean that it was stored.
    async fn send(
        &self,
        stream: &StreamName,
        head: StreamHead,
        rows: &[Arc<RecordedEvent>],
    ) -> Result<Result<Sent, AppendError>, Fault> {
        let outgoing: Vec<Outgoing> = rows.iter().map(|row| codec::encode(row)).collect();
        if outgoing.iter().map(Outgoing::bytes).sum::<usize>() > self.reader.connection.settings().max_append_bytes {
            return Ok(Err(AppendError::Refused("is larger than KurrentDB accepts, including sealed parts and ids")));
        }
        let state = match head.version {
            StreamVersion::NONE => StreamState::NoStream,
            StreamVersion(version) => StreamState::StreamRevision(version - 1),
        };
        let events: Vec<_> = outgoing.into_iter().map(Outgoing::into_data).collect();
        let sent = self.reader.connection.call(APPEND_LIMIT, |lent| async move {
            let options = lent.appending(APPEND_LIMIT).stream_state(state);
            lent.client.append_to_stream(stream.as_str(), &options, events).await
        });
        match sent.await {
            Ok(written) => {
                let last = StreamVersion(written.next_expected_version.saturating_add(1));
                Ok(Ok(Sent::Stored(last, Position(written.position.commit))))
            }
            Err(fault) if fault.is_conflict() => Ok(Ok(Sent::Refused)),
            Err(fault) if fault.is_invalid() => {
                Ok(Err(AppendError::Refused("is refused by KurrentDB; its configured limit may be below the default")))
            }
            Err(fault) => Err(fault),
        }
    }
}

/// Groups sorted versions that are read together.
fn runs(versions: &[StreamVersion]) -> impl Iterator<Item = &[StreamVersion]> {
    versions.chunk_by(|before, after| after.0 - before.0 < NEAR)
}
