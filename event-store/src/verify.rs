//! Proves the log from its own bytes: every hash, every link, every number. Needs no key.
//!
//! What it cannot find without a checkpoint kept elsewhere: a rewrite of everything after some position with freshly made
//! hashes. (Checkpoints: design 3.)

use std::{collections::HashMap, fmt, sync::Arc};

use jiff::Timestamp;

use crate::{
    event::{Position, RecordedEvent, StreamName},
    hash::is_intact,
    plan::StreamHead,
    port::{EventReader, Positions, ReadError},
};

const PAGE: usize = 1000;

/// Something that no honest log shows.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Flaw {
    /// The position is missing.
    Missing,
    /// A field cannot be read.
    Damaged {
        /// Which, and how.
        what: String,
    },
    /// The content does not give the stored hash.
    Changed,
    /// The event does not stand after the one before it in its stream.
    Misplaced,
    /// It was recorded earlier than the event before it in the log.
    OutOfTime,
    /// The log's head says that there is nothing more, but there is.
    BeyondHead,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the event is missing"),
            Self::Damaged { what } => write!(f, "the event cannot be read: {what}"),
            Self::Changed => f.write_str("the event's content does not give its hash"),
            Self::Misplaced => f.write_str("the event does not follow the one before it in its stream"),
            Self::OutOfTime => f.write_str("the event was recorded before the one that stands before it"),
            Self::BeyondHead => f.write_str("the event stands behind the recorded end of the log"),
        }
    }
}

/// What verifying found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Events that are proved.
    pub events: u64,
    /// Streams they belong to.
    pub streams: u64,
    /// Where the log's head was when it began.
    pub head: Position,
    /// The first bad position, and what is wrong there.
    pub first_flaw: Option<(Position, Flaw)>,
}

/// Walks the whole log up to the head it finds at the start; `progress` is told each position that was reached.
///
/// # Errors
/// The log cannot be reached. What is wrong with its content is no error but the report's `first_flaw`.
pub async fn verify(reader: &dyn EventReader, mut progress: impl FnMut(Position)) -> Result<Report, ReadError> {
    let head = reader.head().await?;
    let mut walk = Walk::new(reader.positions());
    loop {
        let page = match reader.read_all(walk.position, PAGE).await {
            Ok(page) => page,
            Err(ReadError::Gap { expected, .. }) => {
                return Ok(walk.report(head, Some((expected, Flaw::Missing))));
            }
            Err(ReadError::Damaged { position, .. }) => {
                return walk_up_to(reader, walk, position, head).await;
            }
            Err(error) => return Err(error),
        };
        if page.is_empty() {
            return end_of_log(reader, walk, head).await;
        }
        for event in &page {
            if let Some(flaw) = walk.step(event) {
                return Ok(walk.report(head, Some((event.position, flaw))));
            }
        }
        progress(walk.position);
    }
}

/// A page with a damaged event is refused whole: what stands before it in the page may be bad as well, and comes first.
async fn walk_up_to(
    reader: &dyn EventReader,
    mut walk: Walk,
    damaged: Position,
    head: Position,
) -> Result<Report, ReadError> {
    loop {
        match reader.read_all(walk.position, 1).await {
            Ok(page) => match page.first() {
                Some(event) => {
                    if let Some(flaw) = walk.step(event) {
                        return Ok(walk.report(head, Some((event.position, flaw))));
                    }
                }
                None => return Ok(walk.report(head, Some((damaged, Flaw::Missing)))),
            },
            Err(ReadError::Gap { expected, .. }) => {
                return Ok(walk.report(head, Some((expected, Flaw::Missing))));
            }
            Err(ReadError::Damaged { what, .. }) => {
                let position = if walk.dense { walk.position.next() } else { damaged };
                return Ok(walk.report(head, Some((position, Flaw::Damaged { what }))));
            }
            Err(error) => return Err(error),
        }
    }
}

async fn end_of_log(reader: &dyn EventReader, walk: Walk, head: Position) -> Result<Report, ReadError> {
    let flaw = if walk.position < head {
        Some((walk.position.next(), Flaw::Missing))
    } else if walk.position > reader.head().await? {
        Some((walk.position, Flaw::BeyondHead))
    } else {
        None
    };
    Ok(walk.report(head, flaw))
}

struct Walk {
    dense: bool,
    position: Position,
    recorded_at: Timestamp,
    streams: HashMap<StreamName, StreamHead>,
    events: u64,
}

impl Walk {
    fn new(positions: Positions) -> Self {
        Self {
            dense: positions == Positions::Dense,
            position: Position::START,
            recorded_at: Timestamp::UNIX_EPOCH,
            streams: HashMap::new(),
            events: 0,
        }
    }

    fn step(&mut self, event: &Arc<RecordedEvent>) -> Option<Flaw> {
        let before = self.streams.get(&event.stream).copied().unwrap_or(StreamHead::NONE);
        if !is_intact(event) {
            return Some(Flaw::Changed);
        }
        if event.version != before.version.next() || event.prev_hash != before.hash {
            return Some(Flaw::Misplaced);
        }
        if event.recorded_at <= self.recorded_at {
            return Some(Flaw::OutOfTime);
        }
        self.streams.insert(event.stream.clone(), StreamHead { version: event.version, hash: event.hash });
        self.position = event.position;
        self.recorded_at = event.recorded_at;
        self.events += 1;
        None
    }

    fn report(self, head: Position, first_flaw: Option<(Position, Flaw)>) -> Report {
        Report { events: self.events, streams: self.streams.len() as u64, head, first_flaw }
    }
}
