//! Why a log does not prove itself, and where.
//!
//! Invariant: a position is only stated where it is known. What a missing, moved or unsigned event breaks is found at an event
//! after it, or not before a checkpoint: then a range is stated that holds the first bad position.

use std::fmt;

use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::{
    event::{Position, StreamName, StreamVersion},
    merkle::TreeSize,
};

/// Evidence that the log was changed or is damaged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// Its time is not later than that of the event before it: in the log, or only in its stream if several clocks write to the
    /// log.
    OutOfTime,
    /// The event is beyond the log's head record.
    BeyondHead,
    /// The head record has another hash or time than the last event.
    NotTheHead,
    /// The log is consistent in itself but differs from a checkpoint.
    NotAsSigned,
    /// The log ends here, but a checkpoint covers more events.
    CutOff {
        /// Number of events covered.
        signed: TreeSize,
    },
    /// A checkpoint from before a restore covers events that the restore took away.
    Replaced {
        /// The last position that the restore left.
        restored_at: Position,
        /// Number of events covered.
        signed: TreeSize,
    },
    /// Events of a stream are missing, in a database that can be configured to truncate streams.
    Gone {
        /// The stream.
        stream: StreamName,
        /// The first of them.
        #[serde(rename = "from_version")]
        from: StreamVersion,
        /// The last of them.
        #[serde(rename = "to_version")]
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
    /// A checkpoint was signed over a log with another id.
    AnotherLog {
        /// The id that was signed.
        signed: Uuid,
    },
    /// A checkpoint was signed over a newer generation than the log says it is.
    OlderGeneration {
        /// The generation that was signed.
        signed: u64,
    },
    /// The log's generation was raised without a restore that the key has signed.
    RaisedGeneration {
        /// The generation that was signed.
        signed: u64,
    },
    /// The key of the event's personal part was destroyed, and no event says so.
    ErasedWithoutRecord {
        /// The key.
        key_id: String,
    },
    /// The vault has neither the key of the event's personal part nor a tombstone.
    KeyMissing {
        /// The key.
        key_id: String,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the event is missing"),
            Self::Damaged { what } => write!(f, "the event cannot be read: {what}"),
            Self::Changed => f.write_str("the event's content does not give its hash"),
            Self::Misplaced => f.write_str("the event does not follow the one before it in its stream"),
            Self::OutOfTime => f.write_str("the event's time is not later than that of the one before it"),
            Self::BeyondHead => f.write_str("the event is beyond the recorded end of the log"),
            Self::NotTheHead => f.write_str("the recorded end of the log describes another event"),
            Self::NotAsSigned => f.write_str("the events up to here are not those that were signed"),
            Self::CutOff { signed } => write!(f, "the event is missing: a checkpoint was signed over {signed} events"),
            Self::Replaced { restored_at, signed } => write!(
                f,
                "replaced by a restore at {restored_at}: a checkpoint was signed over {signed} events, and what stood behind \
                 that position is gone"
            ),
            Self::Gone { stream, from, to } if from == to => {
                write!(f, "event {from} of stream {stream} is gone: truncated or scavenged")
            }
            Self::Gone { stream, from, to } => {
                write!(f, "events {from} to {to} of stream {stream} are gone: truncated or scavenged")
            }
            Self::Withheld { stream, what } => {
                write!(f, "the database was told to take events of stream {stream} away: {what}")
            }
            Self::Contradicted => f.write_str("a checkpoint that was signed here contradicts one that fits"),
            Self::AnotherLog { signed } => {
                write!(
                    f,
                    "the log does not have the id that was signed, {signed}: it is another log, or its id was changed"
                )
            }
            Self::OlderGeneration { signed } => {
                write!(f, "generation {signed} was signed, and the log says that it is an older one")
            }
            Self::RaisedGeneration { signed } => {
                write!(
                    f,
                    "generation {signed} was signed, and the log's was raised since without a signed record of a restore"
                )
            }
            Self::ErasedWithoutRecord { key_id } => {
                write!(f, "the key {key_id} of its personal part was destroyed without an erasure on record")
            }
            Self::KeyMissing { key_id } => write!(
                f,
                "the vault has neither the key {key_id} of its personal part nor a record of its destruction: a row was removed, \
                 or the vault is older than the log"
            ),
        }
    }
}

/// The first flaw, and the positions of which one is the first bad one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstFlaw {
    /// The first position that nothing proves to be right. 0 is the log's own record: its id and generation.
    pub from: Position,
    /// The first position where the log, or a checkpoint, shows that something is wrong.
    pub to: Position,
    /// What shows it.
    pub flaw: Flaw,
}

impl FirstFlaw {
    pub(crate) fn at(position: Position, flaw: Flaw) -> Self {
        Self { from: position, to: position, flaw }
    }

    pub(crate) fn between(from: Position, to: Position, flaw: Flaw) -> Self {
        Self { from: from.min(to), to, flaw }
    }

    /// The first bad position, where it is known.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        (self.from == self.to).then_some(self.to)
    }
}

impl fmt::Display for FirstFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, flaw } = self;
        match self.position() {
            Some(Position::START) => write!(f, "{flaw}"),
            Some(position) => write!(f, "first bad position {position}: {flaw}"),
            None => write!(
                f,
                "first bad position one of {from} to {to}, which only a checkpoint between them could narrow down; at {to}: {flaw}"
            ),
        }
    }
}

/// `position` only where it is known; `from`, `to` and `kind` always.
impl Serialize for FirstFlaw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Document<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            position: Option<Position>,
            from: Position,
            to: Position,
            #[serde(flatten)]
            flaw: &'a Flaw,
        }
        Document { position: self.position(), from: self.from, to: self.to, flaw: &self.flaw }.serialize(serializer)
    }
}
