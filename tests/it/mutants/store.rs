//! A small log in memory that keeps every promise unless it has a fault, like those of real adapters.
//!
//! It shares no code with the adapters, so that each fault is where it would be in one.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use event_store::{
    AppendError, Appended, Expected, Identity, Position, Positions, RecordedEvent, SealedEvent, StreamName,
    StreamVersion,
    hash::{NO_HASH, event_hash},
};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

use super::{fault::Fault, judging};

#[derive(Clone)]
pub(crate) struct Breakable {
    pub(super) inner: Arc<Inner>,
    pub(super) fault: Option<Fault>,
    pub(super) positions: Positions,
}

pub(super) struct Inner {
    pub(super) identity: Identity,
    pub(super) log: Mutex<Log>,
    pub(super) head: watch::Sender<Position>,
    pub(super) live: broadcast::Sender<Arc<RecordedEvent>>,
    /// Held by a read and by an append, where only one of them goes at a time.
    pub(super) turn: tokio::sync::Mutex<()>,
}

#[derive(Default, Clone)]
pub(super) struct Log {
    pub(super) events: Vec<Arc<RecordedEvent>>,
    pub(super) streams: HashMap<StreamName, (StreamVersion, [u8; 32])>,
    /// Numbered, but not visible yet.
    hidden: HashSet<Position>,
    /// Unused positions.
    pub(super) skipped: u64,
    appends: u64,
    /// Owners of claimed ids, in logs with holes.
    pub(super) claims: HashMap<Uuid, StreamName>,
    /// Ids before this index are forgotten.
    pub(super) forgotten: usize,
}

impl Log {
    pub(super) fn visible(&self) -> impl Iterator<Item = &Arc<RecordedEvent>> + Clone {
        self.events.iter().filter(|event| !self.hidden.contains(&event.position))
    }
}

impl Breakable {
    pub(crate) fn new(fault: Option<Fault>, positions: Positions) -> Self {
        let identity = Identity { log_id: Uuid::new_v4(), generation: 1 };
        let inner = Inner {
            identity,
            log: Mutex::default(),
            head: watch::channel(Position::START).0,
            live: broadcast::channel(64).0,
            turn: tokio::sync::Mutex::default(),
        };
        Self { inner: Arc::new(inner), fault, positions }
    }

    /// The log after a restart.
    pub(crate) fn reopened(&self) -> Self {
        let mut again = Self::new(self.fault, self.positions);
        let inner = Arc::get_mut(&mut again.inner).expect("nobody else has it yet");
        if !self.has(Fault::NewIdentityWhenReopened) {
            inner.identity = self.inner.identity;
        }
        if !self.has(Fault::LosesAllWhenReopened) {
            let mut log = self.log().clone();
            if self.has(Fault::LosesTheLastWhenReopened) {
                log.events.pop();
            }
            log.forgotten = if self.has(Fault::ForgetsIdsWhenReopened) { log.events.len() } else { 0 };
            if self.has(Fault::ForgetsStreamsWhenReopened) {
                log.streams.clear();
            }
            inner.log = Mutex::new(log);
        }
        again
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.inner.log.lock().unwrap()
    }

    pub(super) async fn take(
        &self,
        stream: &StreamName,
        expected: Expected,
        mut events: Vec<SealedEvent>,
    ) -> Result<Appended, AppendError> {
        self.check_limits(&events)?;
        let mut checked = false;
        if self.has(Fault::ChecksThenWrites) {
            if let Some(answer) = judging::judge(self, &self.log(), stream, expected, &events)? {
                return Ok(answer);
            }
            checked = true;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let length = self.log().events.len();
        if self.has(Fault::LosesOneOfTwoAtOnce) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let (answer, hidden) = {
            let mut log = self.log();
            if !checked {
                match judging::judge(self, &log, stream, expected, &events) {
                    Ok(None) => {}
                    Ok(Some(answer)) => {
                        self.overwrite(&mut log, &events);
                        return Ok(answer);
                    }
                    Err(error) => return self.refuse(&mut log, stream, events, error),
                }
            }
            if self.has(Fault::LosesOneOfTwoAtOnce) {
                log.events.truncate(length);
            }
            self.change_contents(&mut events);
            self.write(&mut log, stream, events)
        };
        self.show(hidden).await;
        Ok(answer)
    }

    /// What a refused append leaves: nothing without a fault.
    fn refuse(
        &self,
        log: &mut Log,
        stream: &StreamName,
        mut events: Vec<SealedEvent>,
        error: AppendError,
    ) -> Result<Appended, AppendError> {
        let last_version = log.streams.get(stream).map_or(StreamVersion::NONE, |(version, _)| *version);
        let last_position = log.events.last().map_or(Position::START, |event| event.position);
        match (self.fault, &error) {
            (Some(Fault::AnswersConflictsAsSuccess), AppendError::WrongExpectedVersion { .. }) => {
                return Ok(Appended { last_version, last_position });
            }
            (Some(Fault::RefusedTakesANumber), _) => log.skipped += 1,
            (Some(Fault::StoresUpToTheRefused), AppendError::DifferentContent { .. }) => {
                events.retain(|event| log.events.iter().all(|stored| stored.event.event_id != event.event_id));
                self.write(log, stream, events);
            }
            _ => {}
        }
        Err(error)
    }

    fn overwrite(&self, log: &mut Log, events: &[SealedEvent]) {
        if !self.has(Fault::OverwritesOnRepeat) {
            return;
        }
        for stored in &mut log.events {
            if let Some(event) = events.iter().find(|event| event.event_id == stored.event.event_id) {
                *stored = Arc::new(RecordedEvent { event: event.clone(), ..(**stored).clone() });
            }
        }
    }

    /// Numbers and stores; also returns the position to hide for a while.
    fn write(&self, log: &mut Log, stream: &StreamName, mut events: Vec<SealedEvent>) -> (Appended, Option<Position>) {
        let brought = events.len();
        match self.fault {
            Some(Fault::StoresTheFirstHalf) => events.truncate(brought.div_ceil(2)),
            Some(Fault::StoresBackwards) => events.reverse(),
            _ => {}
        }
        let (first, lost) = (log.events.len(), (brought - events.len()) as u64);
        let now = Timestamp::now();
        for event in events {
            let recorded = Arc::new(self.record(log, stream, event, now));
            log.streams.insert(stream.clone(), (recorded.version, recorded.hash));
            drop(self.inner.live.send(recorded.clone()));
            log.events.push(recorded);
        }
        log.appends += 1;
        if self.has(Fault::KnowsTheLastAppendOnly) {
            log.forgotten = first;
        }
        let told = if self.has(Fault::AnswersTheFirst) { log.events.get(first) } else { log.events.last() };
        let (version, position) = told.map_or_else(Default::default, |event| (event.version, event.position));
        let answer =
            Appended { last_version: StreamVersion(version.0 + lost), last_position: Position(position.0 + lost) };
        (answer, self.hide(log, first))
    }

    fn hide(&self, log: &mut Log, first: usize) -> Option<Position> {
        let late = self.has(Fault::ShowsLateWhatWasNumberedEarly) && log.appends.is_multiple_of(3);
        let position = log.events.get(first)?.position;
        let hides = late || self.has(Fault::AnswersBeforeItStores);
        hides.then(|| log.hidden.insert(position)).map(|_| position)
    }

    async fn show(&self, hidden: Option<Position>) {
        let (store, early) = (self.clone(), self.has(Fault::AnswersBeforeItStores));
        let shown = async move {
            if let Some(position) = hidden {
                tokio::time::sleep(Duration::from_millis(3)).await;
                store.log().hidden.remove(&position);
            }
            let log = store.log();
            store.inner.head.send_replace(log.visible().last().map_or(Position::START, |event| event.position));
        };
        if early {
            drop(tokio::spawn(shown));
        } else {
            shown.await;
        }
    }

    fn record(&self, log: &Log, stream: &StreamName, event: SealedEvent, now: Timestamp) -> RecordedEvent {
        let (last_version, last_hash) = log.streams.get(stream).copied().unwrap_or((StreamVersion::NONE, NO_HASH));
        let last = log.events.last();
        let gap = if self.has(Fault::SkipsPositions) { log.appends + 1 } else { 0 };
        let number = log.events.len() as u64 + 1 + log.skipped + gap;
        let position = Position(if self.positions == Positions::Dense { number } else { 41 * number + number % 7 });
        let version = match self.fault {
            Some(Fault::CountsVersionsFromZero) => {
                StreamVersion(log.events.iter().filter(|e| e.stream == *stream).count() as u64)
            }
            Some(Fault::TakesPositionsForVersions) => StreamVersion(position.0),
            _ => last_version.next(),
        };
        let of_stream = || log.events.iter().rev().find(|event| event.stream == *stream);
        let before = if self.positions == Positions::Dense { last } else { of_stream() };
        let last_time = before.map_or(Timestamp::UNIX_EPOCH, |event| event.recorded_at);
        let recorded_at = self.time(now, last_time, log.events.len());
        let prev_hash = match self.fault {
            Some(Fault::ChainsTheLogNotTheStream) => last.map_or(NO_HASH, |event| event.hash),
            Some(Fault::NeverChains) => NO_HASH,
            _ => last_hash,
        };
        let hash = if self.has(Fault::HashesNoSealedBytes) {
            let bare = SealedEvent { personal: None, ..event.clone() };
            event_hash(&prev_hash, stream, version, recorded_at, &bare)
        } else {
            event_hash(&prev_hash, stream, version, recorded_at, &event)
        };
        RecordedEvent { position, stream: stream.clone(), version, recorded_at, event, prev_hash, hash }
    }

    fn time(&self, exact: Timestamp, last: Timestamp, count: usize) -> Timestamp {
        let now = Timestamp::from_microsecond(exact.as_microsecond()).unwrap();
        let earliest = last + SignedDuration::from_micros(1);
        match self.fault {
            Some(Fault::TakesTheClockAsItIs) => now,
            Some(Fault::ClockGoesBack) if count % 10 == 9 => now - SignedDuration::from_secs(1),
            Some(Fault::TimesAreTooFine) => exact.max(last + SignedDuration::from_nanos(1)),
            Some(Fault::ClockStandsAtTheEpoch) => earliest,
            _ => now.max(earliest),
        }
    }
}
