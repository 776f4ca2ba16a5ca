//! Reads a backup: which log it is of, its segments in order, its keys.
//!
//! Invariant: what comes is what was shipped, without a gap: a segment or a file of keys that is missing, damaged or foreign is an
//! error that names it.

use std::sync::Arc;

use event_store::Position;
use futures::{Stream, StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    error::BackupError,
    key::BackupKey,
    key_file::KeyFileKind,
    key_files::KeyFiles,
    key_shipper::{files_of, rounds},
    names,
    sealed_file::{FileDigest, Flaw},
    segment::{self, Segment},
    target::{Created, Target},
};

/// Segments that are read at a time.
const AHEAD: usize = 4;

/// What a backup says of itself in `backup.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct About {
    format: u32,
    log_id: Uuid,
    key: String,
}

impl About {
    /// Begins a backup, or makes sure that it is this log's.
    pub(crate) async fn ensure(target: &dyn Target, key: &BackupKey, log_id: Uuid) -> Result<(), BackupError> {
        let own = Self { format: 1, log_id, key: key.fingerprint().to_owned() };
        let text = serde_json::to_vec_pretty(&own).expect("texts and numbers are JSON");
        if target.create(names::ABOUT, &text).await? == Created::New {
            return Ok(());
        }
        let there = Self::read(target, key).await?;
        if there.log_id == log_id {
            return Ok(());
        }
        Err(BackupError::OtherLog { target: target.shown(), there: there.log_id, here: log_id })
    }

    async fn read(target: &dyn Target, key: &BackupKey) -> Result<Self, BackupError> {
        let shown = || target.shown();
        let text = target.read(names::ABOUT).await?.ok_or_else(|| BackupError::Nothing(shown()))?;
        let unknown = || BackupError::Unknown { name: names::ABOUT.to_owned(), target: shown() };
        let there: Self = serde_json::from_slice(&text).map_err(|_| unknown())?;
        if there.format != 1 {
            return Err(unknown());
        }
        if there.key == key.fingerprint() {
            return Ok(there);
        }
        Err(BackupError::OtherKey { target: shown(), there: there.key, here: key.fingerprint().to_owned() })
    }
}

/// A backup that is read.
pub struct Backup {
    target: Arc<dyn Target>,
    key: Arc<BackupKey>,
    log_id: Uuid,
}

impl Backup {
    /// Opens what is in a target.
    ///
    /// # Errors
    /// There is no backup, or it was made with another key.
    pub async fn open(target: Arc<dyn Target>, key: Arc<BackupKey>) -> Result<Self, BackupError> {
        let log_id = About::read(&*target, &key).await?.log_id;
        Ok(Self { target, key, log_id })
    }

    /// The log.
    #[must_use]
    pub fn log_id(&self) -> Uuid {
        self.log_id
    }

    /// The generations that it has, oldest first.
    ///
    /// # Errors
    /// The target does not answer.
    pub async fn generations(&self) -> Result<Vec<u64>, BackupError> {
        let names = self.target.children(names::SEGMENTS).await?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// One generation's segments: the newest where none is named.
    ///
    /// # Errors
    /// There is no such generation, or the target does not answer.
    pub async fn segments(&self, generation: Option<u64>) -> Result<Segments, BackupError> {
        let there = self.generations().await?;
        let target = self.target.shown();
        let generation = match (generation, there.last()) {
            (_, None) => return Err(BackupError::Nothing(target)),
            (None, Some(newest)) => *newest,
            (Some(wanted), Some(_)) if there.contains(&wanted) => wanted,
            (Some(wanted), Some(_)) => {
                let there: Vec<String> = there.iter().map(ToString::to_string).collect();
                return Err(BackupError::NoGeneration { wanted, target, there: there.join(", ") });
            }
        };
        let newest = newest_segment(&*self.target, generation).await?.unwrap_or(0);
        Ok(Segments { target: self.target.clone(), key: self.key.clone(), log_id: self.log_id, generation, newest })
    }

    /// The files of keys that a restore needs, oldest first: the newest complete round and what came after it.
    ///
    /// # Errors
    /// A file is missing or damaged, or the target does not answer.
    pub async fn keys(&self) -> Result<KeyFiles, BackupError> {
        let mut needed = Vec::new();
        for began in rounds(&*self.target).await?.into_iter().rev() {
            let files = files_of(&*self.target, began).await?;
            let is_complete = files.iter().any(|(_, kind)| *kind == KeyFileKind::End);
            needed.push((began, files));
            if is_complete {
                needed.reverse();
                let (target, key) = (self.target.clone(), self.key.clone());
                return Ok(KeyFiles { target, key, log_id: self.log_id, rounds: needed });
            }
        }
        let holds = "with all keys of the vault".to_owned();
        Err(BackupError::Missing { name: names::KEYS.to_owned(), holds, way_out: String::new() })
    }
}

/// The segments of a generation.
pub struct Segments {
    target: Arc<dyn Target>,
    key: Arc<BackupKey>,
    log_id: Uuid,
    generation: u64,
    newest: u64,
}

impl Segments {
    /// The generation.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.newest
    }

    /// The newest; `None` if there is none.
    ///
    /// # Errors
    /// It is missing or damaged.
    pub async fn newest(&self) -> Result<Option<Segment>, BackupError> {
        match self.newest {
            0 => Ok(None),
            newest => open_segment(&*self.target, &self.key, self.generation, newest, "").await.map(Some),
        }
    }

    /// All of them in order, each proved to continue the one before it.
    pub fn read(&self) -> impl Stream<Item = Result<Segment, BackupError>> {
        let reading = stream::iter(1..=self.newest).map(|number| self.read_one(number)).buffered(AHEAD);
        let mut before = Before { events: 0, last: Position::START, digest: FileDigest::default() };
        reading.map(move |(number, file)| self.follow(&mut before, number, file))
    }

    async fn read_one(&self, number: u64) -> (u64, Result<Segment, Lost>) {
        let open = |number| open_segment(&*self.target, &self.key, self.generation, number, "");
        let read = match open(number).await {
            Ok(segment) => Ok(segment),
            // Where the next one begins says which events are lost.
            Err(error) => Err(Lost { error, next: open(number + 1).await.ok().map(|next| next.head.first) }),
        };
        (number, read)
    }

    fn follow(&self, before: &mut Before, number: u64, read: Result<Segment, Lost>) -> Result<Segment, BackupError> {
        let segment = read.map_err(|lost| lost.placed(before))?;
        let head = &segment.head;
        let damaged = |flaw| BackupError::Damaged {
            name: names::segment(self.generation, number),
            holds: holds(before, Some(head.first)),
            flaw,
            way_out: way_out(before),
        };
        if head.log.log_id != self.log_id {
            return Err(damaged(Flaw::Foreign));
        }
        let continues = head.previous == hex::encode(before.digest)
            && head.events_before == before.events
            && head.first > before.last;
        if !continues {
            return Err(damaged(Flaw::Unlinked));
        }
        *before = Before { events: before.events + head.events, last: head.last, digest: segment.digest };
        Ok(segment)
    }
}

/// What the next segment has to continue.
struct Before {
    events: u64,
    last: Position,
    digest: FileDigest,
}

fn way_out(before: &Before) -> String {
    if before.last == Position::START {
        return String::new();
    }
    format!(", or restore what is before it with --to-position {}", before.last)
}

/// Which events are in the file that comes next.
fn holds(before: &Before, next: Option<Position>) -> String {
    match next {
        Some(next) if next.0 > before.last.0 + 1 => {
            format!("with the events from position {} to {}", before.last.0 + 1, next.0 - 1)
        }
        Some(_) | None => format!("with the events behind position {}", before.last),
    }
}

/// A segment that cannot be read, and where the next one begins, if that is known.
struct Lost {
    error: BackupError,
    next: Option<Position>,
}

impl Lost {
    /// The error, with what was in the file.
    fn placed(self, before: &Before) -> BackupError {
        let (holds, way_out) = (holds(before, self.next), way_out(before));
        match self.error {
            BackupError::Damaged { name, flaw, .. } => BackupError::Damaged { name, holds, flaw, way_out },
            BackupError::Missing { name, .. } => BackupError::Missing { name, holds, way_out },
            error => error,
        }
    }
}

/// The number of the newest segment of a generation.
pub(crate) async fn newest_segment(target: &dyn Target, generation: u64) -> Result<Option<u64>, BackupError> {
    let folder = names::generation_folder(generation);
    for part in target.children(&folder).await?.into_iter().rev() {
        let names = target.children(&format!("{folder}/{part}")).await?;
        if let Some(newest) = names.iter().filter_map(|name| names::segment_number(name)).max() {
            return Ok(Some(newest));
        }
    }
    Ok(None)
}

/// A segment that is what its name says.
pub(crate) async fn open_segment(
    target: &dyn Target,
    key: &BackupKey,
    generation: u64,
    number: u64,
    way_out: &str,
) -> Result<Segment, BackupError> {
    let (name, holds, way_out) = (names::segment(generation, number), String::new(), way_out.to_owned());
    let Some(file) = target.read(&name).await? else { return Err(BackupError::Missing { name, holds, way_out }) };
    match segment::open(key, &file) {
        Ok(segment) if (segment.head.log.generation, segment.head.number) == (generation, number) => Ok(segment),
        Ok(_another) => Err(BackupError::Damaged { name, holds, flaw: Flaw::Foreign, way_out }),
        Err(flaw) => Err(BackupError::Damaged { name, holds, flaw, way_out }),
    }
}
