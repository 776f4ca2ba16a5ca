//! The writing half: each append by itself, after the event that its stream is known to end with.
//!
//! KurrentDB answers an id that it has at that place with success, whatever the event says; and an answer may get lost. So what
//! the server says of an append is never passed on: the stream is read back, and judged by what is in it with the same plan
//! that the sequencers use. Invariants: success is answered for events that were read back; a conflict only on a stream that
//! was read after the last thing that was sent to it; whatever else, the log is unavailable, and the same append again is
//! safe. An append that may still be under way is sent again after the same version or not at all, so one of the two finds the
//! other there.

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
    stream_index::{StreamIndex, in_turn},
};
use crate::{
    clock::Clock,
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    port::{AppendError, Appended, EventReader as _, ReadError},
    sequencer::{LogHead, Request, Sequencer, StreamHead},
};

/// How long the server may take for one append.
const STORED_WITHIN: Duration = Duration::from_millis(2500);
/// No new try begins after this: callers would rather hear that the log is away.
const PATIENCE: Duration = Duration::from_secs(3);
/// Before the second try; doubled for each further one, up to the longest.
const PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(320);
/// Appends under way at once; a connection has only so many calls.
const AT_ONCE: usize = 64;
/// Rounds of sending and reading back without a pause between them.
const ROUNDS: usize = 4;
/// Repeated events that stand nearer together than this are read together.
const NEAR: u64 = 600;

#[derive(Clone)]
pub(super) struct KurrentWriter {
    reader: KurrentReader,
    clock: Arc<dyn Clock>,
    under_way: Arc<Semaphore>,
    /// The last append failed: the next one finds out with a single try whether the server is back.
    away: Arc<AtomicBool>,
}

/// An append that is being judged.
struct Trial<'a> {
    request: &'a Request,
    /// Events of the request that were met in the stream.
    read: Vec<Arc<RecordedEvent>>,
    /// The stream was read to its end since the last thing that was sent.
    is_fresh: bool,
}

impl KurrentWriter {
    pub(super) fn new(reader: KurrentReader, clock: Arc<dyn Clock>) -> Self {
        Self { reader, clock, under_way: Arc::new(Semaphore::new(AT_ONCE)), away: Arc::default() }
    }

    /// As a task of its own: who asked may go away, and what was begun comes to its end.
    pub(super) async fn append(&self, request: Request) -> Result<Appended, AppendError> {
        request.check()?;
        let writer = self.clone();
        let appending = tokio::spawn(async move { writer.append_in_turn(&request).await });
        appending.await.unwrap_or_else(|_panic| Err(Fault::NotUnderstood.into()))
    }

    async fn append_in_turn(&self, request: &Request) -> Result<Appended, AppendError> {
        let of_stream = self.reader.indexes.of(&request.stream);
        let mut index = in_turn(&of_stream).await?;
        let before = index.head().version;
        let _place = self.under_way.acquire().await.map_err(|_closed| AppendError::from(Fault::NotUnderstood))?;
        let answer = self.append_after(request, &mut index).await;
        let has_grown = index.head().version > before;
        drop(index);
        if has_grown {
            self.reader.indexes.put_back(&request.stream, &of_stream);
        }
        self.away.store(matches!(answer, Err(AppendError::Unavailable(_))), Ordering::Relaxed);
        if let Ok(Appended { last_position, .. }) = answer {
            self.reader.announce(last_position);
        }
        answer
    }

    async fn append_after(&self, request: &Request, history: &mut StreamIndex) -> Result<Appended, AppendError> {
        let mut trial = Trial { request, read: Vec::new(), is_fresh: false };
        let no_more_after = Instant::now() + PATIENCE;
        let (mut pause, mut must_read) = (PAUSE, !index.is_known && request.expected != crate::Expected::NoStream);
        loop {
            let fault = match self.try_once(&mut trial, index, must_read).await {
                Ok(answer) => return answer,
                Err(ReadFault::Event(damaged)) => return Err(AppendError::Unavailable(Arc::new(damaged))),
                Err(ReadFault::Fault(deleted @ Fault::Deleted(_))) => return Err(deleted.into()),
                Err(ReadFault::Fault(fault)) => fault,
            };
            (trial.is_fresh, must_read) = (false, true);
            let gives_up = self.away.load(Ordering::Relaxed) || fault.is_access_denied();
            if gives_up || Instant::now() + pause >= no_more_after {
                return Err(fault.into());
            }
            tracing::debug!(error = &fault as &dyn std::error::Error, "an append is tried again");
            sleep(rand::random_range(pause / 2..pause)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Judges, sends what there is to send, and reads back, until there is an answer; a fault where it has to begin again.
    async fn try_once(
        &self,
        trial: &mut Trial<'_>,
        history: &mut StreamIndex,
        must_read: bool,
    ) -> Result<Result<Appended, AppendError>, ReadFault> {
        if must_read {
            self.read_on(trial, index).await?;
        }
        for _round in 0..ROUNDS {
            let stored = self.repeated(trial, index).await?;
            let streams = [(trial.request.stream.clone(), index.head())].into_iter().collect();
            let head = LogHead { position: Position::START, recorded_at: index.recorded_at };
            let mut sequencer = Sequencer::new(head, streams, stored);
            let judged = sequencer.admit(trial.request, self.clock.now());
            match (judged, sequencer.into_parts().2) {
                (Ok(answer), rows) if rows.is_empty() => return Ok(Ok(answer)),
                (Ok(_), rows) => {
                    if let Err(refused) = self.send(&trial.request.stream, index.head(), &rows).await? {
                        return Ok(Err(refused));
                    }
                    self.read_on(trial, index).await?;
                }
                (Err(no), _) if trial.is_fresh => return Ok(Err(no)),
                (Err(_), _) => self.read_on(trial, index).await?,
            }
        }
        Err(Fault::Overtaken.into())
    }

    async fn read_on(&self, trial: &mut Trial<'_>, history: &mut StreamIndex) -> Result<(), ReadFault> {
        let new = index.read_on(&self.reader.connection, &trial.request.stream).await?;
        let comes_again = |event: &Arc<RecordedEvent>| {
            trial.request.events.iter().any(|again| again.event_id == event.event.event_id)
        };
        trial.read.extend(new.into_iter().filter(comes_again));
        trial.is_fresh = true;
        Ok(())
    }

    /// The events that the request brings again.
    async fn repeated(&self, trial: &Trial<'_>, history: &StreamIndex) -> Result<Vec<Arc<RecordedEvent>>, ReadFault> {
        let ids: Vec<Uuid> = trial.request.events.iter().map(|event| event.event_id).collect();
        let mut stored = trial.read.clone();
        let missing = |version: &StreamVersion| stored.iter().all(|event| event.version != *version);
        let mut versions: Vec<_> = ids.iter().filter_map(|id| index.version_of(*id)).filter(missing).collect();
        versions.sort_unstable();
        for run in runs(&versions) {
            let (first, last) = (run[0], run[run.len() - 1]);
            let limit = usize::try_from(last.0 - first.0 + 1).unwrap_or(usize::MAX);
            let events = self.reader.read_stream(&trial.request.stream, StreamVersion(first.0 - 1), limit).await;
            let events = events.map_err(|error| match error {
                ReadError::Unavailable(_) => ReadFault::Fault(Fault::CutShort),
                damaged => ReadFault::Event(damaged),
            })?;
            stored.extend(events.into_iter().filter(|event| ids.contains(&event.event.event_id)));
        }
        Ok(stored)
    }

    /// Sends; `Ok` says that it was sent, and nothing of whether it is stored.
    async fn send(
        &self,
        stream: &StreamName,
        head: StreamHead,
        rows: &[Arc<RecordedEvent>],
    ) -> Result<Result<(), AppendError>, Fault> {
        let outgoing: Vec<Outgoing> = rows.iter().map(|row| codec::encode(row)).collect();
        if outgoing.iter().map(Outgoing::bytes).sum::<usize>() > self.reader.connection.settings().max_append_bytes {
            return Ok(Err(AppendError::Refused(
                "is larger than KurrentDB takes at once, sealed parts and ids included",
            )));
        }
        let state = match head.version {
            StreamVersion::NONE => StreamState::NoStream,
            StreamVersion(version) => StreamState::StreamRevision(version - 1),
        };
        let events: Vec<_> = outgoing.into_iter().map(Outgoing::into_data).collect();
        let sent = self.reader.connection.call(STORED_WITHIN, |lent| async move {
            let options = lent.appending(STORED_WITHIN).stream_state(state);
            lent.client.append_to_stream(stream.as_str(), &options, events).await
        });
        match sent.await {
            Ok(_) => Ok(Ok(())),
            // Somebody was there first, perhaps an earlier try of this one.
            Err(fault) if fault.is_conflict() => Ok(Ok(())),
            Err(fault) if fault.is_invalid() => Ok(Err(AppendError::Refused(
                "is none that KurrentDB takes; its own limit may be lower than its default",
            ))),
            Err(fault) => Err(fault),
        }
    }
}

/// Sorted versions, in groups that are read together.
fn runs(versions: &[StreamVersion]) -> impl Iterator<Item = &[StreamVersion]> {
    versions.chunk_by(|before, after| after.0 - before.0 < NEAR)
}
