//! The one thread that writes: it takes all requests that wait, decides each in order, writes what came of them at once, and
//! answers when it is on the disk.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, RwLock, mpsc},
};

use bytes::BytesMut;
use serde_json::json;
use uuid::Uuid;

use super::{
    Habits, Outcome, Request,
    scavenge::scavengeable,
    visibility::{Answers, Visibility},
};
use crate::{
    event::{DELETED, Event, METADATA_TYPE, Proposed, TOMBSTONE_TYPE, described_by, metastream_of, ticks},
    index::{
        Index,
        expectation::{Decision, Expected},
        metadata::truncated_before,
    },
    log::{Log, LogError, record},
};

/// How many requests are written at once at the most.
const GROUP: usize = 256;

pub(super) struct Writer {
    log: Log,
    folder: PathBuf,
    pub(super) index: Arc<RwLock<Index>>,
    visibility: Visibility,
    pub(super) habits: Habits,
    pub(super) writes: u32,
    group: Group,
}

/// What is decided, but not yet on the disk.
#[derive(Default)]
struct Group {
    records: BytesMut,
    answers: Answers,
}

impl Writer {
    pub(super) fn new(
        log: Log,
        folder: &Path,
        index: Arc<RwLock<Index>>,
        visibility: Visibility,
        habits: Habits,
    ) -> Self {
        Self { log, folder: folder.to_owned(), index, visibility, habits, writes: 0, group: Group::default() }
    }

    /// Works until it is told to stop, or the disk fails: then nobody is answered any more.
    pub(super) fn work(mut self, requests: &mpsc::Receiver<Request>) {
        while let Ok(first) = requests.recv() {
            let mut is_last = false;
            for request in std::iter::once(first).chain(requests.try_iter().take(GROUP)) {
                match request {
                    Request::Stop => {
                        is_last = true;
                        break;
                    }
                    Request::Scavenge { answer } => {
                        if self.flush().is_err() {
                            return;
                        }
                        // Whoever asked may have gone.
                        let _ = answer.send(self.scavenge());
                    }
                    Request::Append { stream, expected, events, answer } => {
                        let outcome = self.append(&stream, expected, &events);
                        self.group.answers.push((answer, outcome));
                    }
                    Request::Delete { stream, expected, for_ever, answer } => {
                        let outcome = self.delete(&stream, expected, for_ever);
                        self.group.answers.push((answer, outcome));
                    }
                    Request::Lead { answer } => {
                        self.lead();
                        if self.flush().is_err() {
                            return;
                        }
                        let _ = answer.send(());
                    }
                }
            }
            if self.flush().is_err() || is_last {
                return;
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if !self.group.records.is_empty() {
            self.log.append(&self.group.records)?;
            self.group.records.clear();
        }
        self.visibility.show(self.log.end(), std::mem::take(&mut self.group.answers));
        Ok(())
    }

    fn append(&mut self, stream: &str, expected: Expected, events: &[Proposed]) -> Outcome {
        let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
        let (last, was_deleted) = match self.decide(stream, expected, &ids) {
            Ok(found) => found,
            Err(outcome) => return outcome,
        };
        if events.is_empty() {
            return Outcome::Written { last, position: None };
        }
        let described = described_by(stream).map(str::to_owned);
        let revives = described.filter(|stream| self.metadata_says_deleted(stream));
        let outcome = self.write(stream, next(last), events);
        if was_deleted {
            self.revive(stream, next(last));
        }
        if let Some(stream) = revives {
            let last = self.read(|index| index.last_revision(&stream, u64::MAX));
            self.revive(&stream, next(last));
        }
        self.now_and_then();
        outcome
    }

    fn delete(&mut self, stream: &str, expected: Expected, for_ever: bool) -> Outcome {
        let mut event = Proposed::system(METADATA_TYPE, &json!({ "$tb": DELETED }));
        if let Err(outcome) = self.decide(stream, expected, &[event.id]) {
            return outcome;
        }
        if for_ever {
            event.event_type = TOMBSTONE_TYPE.to_owned();
            event.data.clear();
            event.is_json = false;
            return self.write(stream, DELETED, &[event]);
        }
        let metastream = metastream_of(stream);
        let (last, last_metadata) =
            self.read(|index| (index.last_revision(stream, u64::MAX), index.last_revision(&metastream, u64::MAX)));
        if last.is_none() && last_metadata.is_none() {
            return Outcome::Unexpected { last: None };
        }
        self.write(&metastream, next(last_metadata), &[event])
    }

    /// What the write would stand behind, and whether the stream was deleted before; otherwise the answer.
    fn decide(&self, stream: &str, expected: Expected, ids: &[Uuid]) -> Result<(Option<u64>, bool), Outcome> {
        match self.read(|index| index.decide(stream, expected, ids)) {
            Decision::Write { last, was_deleted } => Ok((last, was_deleted)),
            Decision::Written { last, position } => {
                let position = (position != u64::MAX).then_some(position);
                Err(Outcome::Written { last: Some(last), position })
            }
            Decision::Unexpected { last } => Err(Outcome::Unexpected { last }),
            Decision::Tombstoned => Err(Outcome::Tombstoned),
        }
    }

    /// Puts events behind what the group holds.
    pub(super) fn write(&mut self, stream: &str, first: u64, events: &[Proposed]) -> Outcome {
        let name: Arc<str> = Arc::from(stream);
        let created = ticks();
        let mut index = self.index.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut written = (None, None);
        for (number, proposed) in events.iter().enumerate() {
            let position = self.log.end() + self.group.records.len() as u64;
            let length = record::length(stream, &proposed.event_type, proposed.metadata.len(), proposed.data.len());
            let event = Event {
                position,
                end: position + length,
                stream: name.clone(),
                revision: first + number as u64,
                id: proposed.id,
                event_type: proposed.event_type.clone(),
                is_json: proposed.is_json,
                created,
                metadata: proposed.metadata.clone(),
                data: proposed.data.clone(),
            };
            record::write(&mut self.group.records, &event, number + 1 == events.len());
            written = (Some(event.revision), Some(position));
            let event = index.add(event);
            index.remember(&event);
        }
        Outcome::Written { last: written.0, position: written.1 }
    }

    /// A deleted stream lives again, from a number on.
    fn revive(&mut self, stream: &str, from: u64) {
        let metastream = metastream_of(stream);
        let (data, last) = self.read(|index| {
            let said = index.metadata_event(stream, u64::MAX).map(|event| &**event);
            (truncated_before(said, from), index.last_revision(&metastream, u64::MAX))
        });
        self.write(&metastream, next(last), &[Proposed::system(METADATA_TYPE, &data)]);
    }

    fn scavenge(&self) -> Result<usize, LogError> {
        let gone = self.read(scavengeable);
        for event in &gone {
            Log::wipe(&self.folder, event.position, event.end)?;
            self.index.write().unwrap_or_else(std::sync::PoisonError::into_inner).remove(event);
        }
        Ok(gone.len())
    }

    fn metadata_says_deleted(&self, stream: &str) -> bool {
        self.read(|index| index.metadata(stream, u64::MAX).is_deleted())
    }

    pub(super) fn read<T>(&self, ask: impl FnOnce(&Index) -> T) -> T {
        ask(&self.index.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

/// The number behind the last one.
pub(super) fn next(last: Option<u64>) -> u64 {
    last.map_or(0, |last| last + 1)
}
