//! Verifies the log from its own bytes: every hash, every link, every number. Needs no key.
//!
//! A rewrite of everything after some position with new hashes, or a truncation together with the head record, cannot be detected
//! that way: for those the same walk compares the log with checkpoints kept elsewhere.

mod signed;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, fmt, pin::pin, sync::Arc};

use futures::StreamExt as _;
use jiff::Timestamp;

use crate::{
    event::{Position, RecordedEvent, StreamName, StreamVersion},
    hash::is_intact,
    merkle::{CompactRange, TreeSize},
    pages::pages,
    port::{EventReader, Positions, ReadError, RecordedEnd, Truncation},
    sequencer::StreamHead,
};

use signed::Signed;
pub use signed::{Evidence, Proved};

/// Evidence that the log was changed or is damaged.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Flaw {
    /// The position is missing.
    Missing,
    /// A field cannot be read.
    Damaged {
        /// The field and what is wrong with it.
        what: String,
    },
    /// The content does not match the stored hash.
    Changed,
    /// The event does not follow the previous one of its stream.
    Misplaced,
    /// Its time is not between those of its neighbours: in the log, or only in its stream if several clocks write to the log.
    OutOfTime,
    /// The event is beyond the log's head record.
    BeyondHead,
    /// The head record has another hash or time than the last event.
    NotTheHead,
    /// The log is consistent in itself but differs from a checkpoint. The first bad position is in this range; only a
    /// checkpoint in between could narrow it down.
    NotAsSigned {
        /// The first position not covered by a matching checkpoint; also the flaw's position.
        from: Position,
        /// The last position covered by the checkpoint.
        to: Position,
    },
    /// The log ends here, but a checkpoint covers more events.
    CutOff {
        /// Number of events covered.
        signed: TreeSize,
    },
    /// Events of a stream are missing, in a database that can be configured to truncate streams.
    Gone {
        /// The stream.
        stream: StreamName,
        /// The first of them.
        from: StreamVersion,
        /// The last of them.
        to: StreamVersion,
    },
    /// The database is configured to truncate a stream, including this event: readers of the stream may not get it, and it
    /// may be deleted.
    Withheld {
        /// The stream.
        stream: StreamName,
        /// The setting in the database's own words.
        what: String,
    },
    /// A checkpoint at this position contradicts a matching one: the key has signed two histories.
    Contradicted,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the event is missing"),
            Self::Damaged { what } => write!(f, "the event cannot be read: {what}"),
            Self::Changed => f.write_str("the event's content does not give its hash"),
            Self::Misplaced => f.write_str("the event does not follow the one before it in its stream"),
            Self::OutOfTime => f.write_str("the event's time does not fit between its neighbours'"),
            Self::BeyondHead => f.write_str("the event is beyond the recorded end of the log"),
            Self::NotTheHead => f.write_str("the recorded end of the log describes another event"),
            Self::NotAsSigned { from, to } if from == to => f.write_str("the event is not the one that was signed"),
            Self::NotAsSigned { to, .. } => {
                write!(
                    f,
                    "the events up to {to} are not those that were signed; where it begins only a checkpoint between could say"
                )
            }
            Self::Gone { stream, from, to } if from == to => {
                write!(f, "event {from} of stream {stream} is gone: truncated or scavenged")
            }
            Self::Gone { stream, from, to } => {
                write!(f, "events {from} to {to} of stream {stream} are gone: truncated or scavenged")
            }
            Self::Withheld { stream, what } => {
                write!(f, "the database was told to take events of stream {stream} away: {what}")
            }
            Self::CutOff { signed } => write!(f, "the event is missing: a checkpoint was signed over {signed} events"),
            Self::Contradicted => f.write_str("a checkpoint that was signed here contradicts one that fits"),
        }
    }
}

/// The result of verifying a log.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Report {
    /// Number of verified events.
    pub events: u64,
    /// Number of their streams.
    pub streams: u64,
    /// The log's head at the start.
    pub head: Position,
    /// Position of the last verified event.
    #[serde(skip)]
    pub last: Position,
    /// The first bad position and its flaw.
    pub first_flaw: Option<(Position, Flaw)>,
    /// What the checkpoints prove, if any were given.
    #[serde(skip)]
    pub proved: Option<Proved>,
}

/// Verifies the log up to its head at the start; `progress` is called with each position reached.
///
/// # Errors
/// The log cannot be read. A flaw in its content is not an error but the report's `first_flaw`.
pub async fn verify(reader: &dyn EventReader, progress: impl FnMut(Position)) -> Result<Report, ReadError> {
    Ok(walk(reader, None, progress).await?.0)
}

/// Verifies the log and compares it with checkpoints.
///
/// # Errors
/// As [`verify`].
pub async fn verify_against(
    reader: &dyn EventReader,
    evidence: Evidence,
    progress: impl FnMut(Position),
) -> Result<Report, ReadError> {
    Ok(walk(reader, Some(Signed::new(evidence)), progress).await?.0)
}

/// Verifies the log and returns the right edge of the Merkle tree over all verified events, to make a checkpoint from.
///
/// # Errors
/// As [`verify`].
pub async fn verify_and_sum(
    reader: &dyn EventReader,
    progress: impl FnMut(Position),
) -> Result<(Report, CompactRange), ReadError> {
    let (report, signed) = walk(reader, Some(Signed::new(Evidence::default())), progress).await?;
    Ok((report, signed.map(Signed::into_range).unwrap_or_default()))
}

type Walked = (Report, Option<Signed>);

async fn walk(
    reader: &dyn EventReader,
    signed: Option<Signed>,
    mut progress: impl FnMut(Position),
) -> Result<Walked, ReadError> {
    let end = reader.recorded_end().await?;
    let head = head_of(reader, end.as_ref()).await?;
    let mut walk = Walk::new(reader.positions(), end, signed);
    if walk.dense {
        walk.rises_after = reader.times_rise_after().await?;
    }
    walk.truncations =
        reader.truncations().await?.into_iter().map(|truncation| (truncation.stream.clone(), truncation)).collect();
    if let Some(flaw) = walk.begin() {
        return Ok(walk.report(head, Some(flaw)));
    }
    let mut pages = pin!(pages(reader));
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(ReadError::Gap { expected: position, .. } | ReadError::Damaged { position, .. }) => {
                return walk_up_to(reader, walk, position, head).await;
            }
            Err(error) => return Err(error),
        };
        for event in &page {
            if let Some(flaw) = walk.step(event) {
                return Ok(walk.report(head, Some(flaw)));
            }
        }
        progress(walk.position);
    }
    end_of_log(reader, walk, head).await
}

/// A page with a gap or a damaged event cannot be read at all. Reads its events one by one, because an earlier one may be bad
/// too.
async fn walk_up_to(
    reader: &dyn EventReader,
    mut walk: Walk,
    damaged: Position,
    head: Position,
) -> Result<Walked, ReadError> {
    loop {
        match reader.read_all(walk.position, 1).await {
            Ok(page) => match page.first() {
                Some(event) => {
                    if let Some(flaw) = walk.step(event) {
                        return Ok(walk.report(head, Some(flaw)));
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

async fn end_of_log(reader: &dyn EventReader, walk: Walk, head: Position) -> Result<Walked, ReadError> {
    let now = head_of(reader, reader.recorded_end().await?.as_ref()).await?;
    let flaw = if walk.position < head {
        Some((if walk.dense { walk.position.next() } else { head }, Flaw::Missing))
    } else if let Some(flaw) = walk.truncated_entirely() {
        Some(flaw)
    } else if walk.position > now {
        Some((if walk.dense { now.next() } else { walk.position }, Flaw::BeyondHead))
    } else {
        walk.signed.as_ref().and_then(|signed| signed.is_cut_off_after(walk.position, walk.dense))
    };
    Ok(walk.report(head, flaw))
}

async fn head_of(reader: &dyn EventReader, end: Option<&RecordedEnd>) -> Result<Position, ReadError> {
    match end {
        Some(end) => Ok(end.position),
        None => reader.head().await,
    }
}

struct Walk {
    dense: bool,
    /// Up to this position times increase within each stream only.
    rises_after: Position,
    position: Position,
    recorded_at: Timestamp,
    /// The time of the event before that.
    recorded_before: Timestamp,
    streams: HashMap<StreamName, Known>,
    truncations: HashMap<StreamName, Truncation>,
    events: u64,
    end: Option<RecordedEnd>,
    signed: Option<Signed>,
    /// A checkpoint did not match. The time of the next event may show which of the previous ones is wrong.
    suspected: Option<(Position, Flaw)>,
}

/// The end of a stream up to the current position.
#[derive(Clone, Copy)]
struct Known {
    head: StreamHead,
    recorded_at: Timestamp,
}

impl Walk {
    fn new(positions: Positions, end: Option<RecordedEnd>, signed: Option<Signed>) -> Self {
        Self {
            dense: positions == Positions::Dense,
            rises_after: Position(u64::MAX),
            position: Position::START,
            recorded_at: Timestamp::UNIX_EPOCH,
            recorded_before: Timestamp::UNIX_EPOCH,
            streams: HashMap::new(),
            truncations: HashMap::new(),
            events: 0,
            end,
            signed,
            suspected: None,
        }
    }

    /// Compares with checkpoints of the empty log.
    fn begin(&mut self) -> Option<(Position, Flaw)> {
        self.signed.as_mut().and_then(|signed| signed.compare(Position::START))
    }

    fn step(&mut self, event: &Arc<RecordedEvent>) -> Option<(Position, Flaw)> {
        let flaw = self.flaw_of(event);
        if let Some(suspected) = self.suspected.take() {
            return Some(flaw.filter(|flaw| names_one_of(flaw, &suspected)).unwrap_or(suspected));
        }
        match flaw {
            Some(flaw @ (_, Flaw::NotAsSigned { .. })) => self.suspected = Some(flaw),
            Some(flaw) => return Some(flaw),
            None => (),
        }
        self.go_past(event);
        None
    }

    fn flaw_of(&mut self, event: &Arc<RecordedEvent>) -> Option<(Position, Flaw)> {
        let none = Known { head: StreamHead::NONE, recorded_at: Timestamp::UNIX_EPOCH };
        let before = self.streams.get(&event.stream).copied().unwrap_or(none);
        if !is_intact(event) {
            return Some((event.position, Flaw::Changed));
        }
        if event.position > self.rises_after && event.recorded_at <= self.recorded_at {
            return Some((self.out_of_time(event), Flaw::OutOfTime));
        }
        if let Some(flaw) = self.truncated(event, before.head) {
            return Some((event.position, flaw));
        }
        if event.version != before.head.version.next() || event.prev_hash != before.head.hash {
            return Some((event.position, Flaw::Misplaced));
        }
        if event.recorded_at <= before.recorded_at {
            return Some((event.position, Flaw::OutOfTime));
        }
        if let Some(flaw) = self.signed.as_mut().and_then(|signed| signed.step(event)) {
            return Some(flaw);
        }
        if self.end.as_ref().is_some_and(|end| end.position == event.position && !describes(end, event)) {
            return Some((event.position, Flaw::NotTheHead));
        }
        None
    }

    /// Only a database that assigns positions itself can remove an event without leaving a hole.
    fn truncated(&mut self, event: &RecordedEvent, before: StreamHead) -> Option<Flaw> {
        let stream = &event.stream;
        let from = before.version.next();
        if !self.dense && event.version > from {
            return Some(Flaw::Gone { stream: stream.clone(), from, to: StreamVersion(event.version.0 - 1) });
        }
        let truncation = self.truncations.get(stream)?;
        let takes_it = truncation.up_to.is_none_or(|up_to| event.version <= up_to);
        takes_it.then(|| Flaw::Withheld { stream: stream.clone(), what: truncation.what.clone() })
    }

    /// A stream that the database was configured to truncate and that has no events left.
    fn truncated_entirely(&self) -> Option<(Position, Flaw)> {
        let nothing_left = |truncation: &&Truncation| !self.streams.contains_key(&truncation.stream);
        let first = self.truncations.values().filter(nothing_left).min_by_key(|truncation| truncation.position)?;
        Some((first.position, Flaw::Withheld { stream: first.stream.clone(), what: first.what.clone() }))
    }

    fn go_past(&mut self, event: &Arc<RecordedEvent>) {
        let head = StreamHead { version: event.version, hash: event.hash };
        self.streams.insert(event.stream.clone(), Known { head, recorded_at: event.recorded_at });
        self.position = event.position;
        self.recorded_before = std::mem::replace(&mut self.recorded_at, event.recorded_at);
        self.events += 1;
    }

    /// Which of two neighbours is wrong: the earlier one if this event fits after the event before both (a later event was
    /// put in the earlier one's place), otherwise this one. An event covered by a matching checkpoint is right.
    fn out_of_time(&mut self, event: &RecordedEvent) -> Position {
        let earlier_is_right = self.signed.as_ref().is_some_and(|signed| signed.covers(self.position));
        if earlier_is_right || event.recorded_at <= self.recorded_before || event.recorded_at == self.recorded_at {
            return event.position;
        }
        self.events -= 1;
        self.position
    }

    fn report(mut self, head: Position, first_flaw: Option<(Position, Flaw)>) -> Walked {
        let first_flaw = self.suspected.take().or(first_flaw);
        let proved = self.signed.as_ref().map(|signed| signed.proved(self.events));
        let signed_over = proved.as_ref().and_then(|proved| proved.newest.as_ref()).map_or(0, |newest| newest.size.0);
        let at_most = match &first_flaw {
            Some((_, Flaw::NotAsSigned { .. } | Flaw::Contradicted)) => signed_over,
            Some((bad, _)) if self.dense => bad.0.saturating_sub(1),
            Some(_) | None => u64::MAX,
        };
        let events = self.events.min(at_most);
        let signed_last = || self.signed.as_ref().map_or(Position::START, Signed::proved_up_to);
        let last = match &first_flaw {
            _ if self.dense => Position(events),
            Some((_, Flaw::NotAsSigned { .. } | Flaw::Contradicted)) => signed_last(),
            Some(_) | None => self.position,
        };
        let streams = self.streams.len() as u64;
        (Report { events, streams, head, last, first_flaw, proved }, self.signed)
    }
}

/// Whether the log itself shows which position in the range of a mismatched checkpoint is bad.
fn names_one_of((position, flaw): &(Position, Flaw), (_, open): &(Position, Flaw)) -> bool {
    *flaw == Flaw::OutOfTime && matches!(open, Flaw::NotAsSigned { from, to } if from <= position && position <= to)
}

fn describes(end: &RecordedEnd, event: &RecordedEvent) -> bool {
    end.hash == event.hash && end.recorded_at == event.recorded_at_text()
}
