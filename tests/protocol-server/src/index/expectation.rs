//! Whether an append may happen: what the writer expects of the stream against what the stream is, and whether it was
//! written already.
//!
//! The rules are those of `IndexWriter.CheckCommit` in KurrentDB: a repeat is known by event ids alone, content is never
//! compared; with a number (or none) expected the ids must stand right behind that number; with any number they must be
//! among those remembered of that stream; a write of which a part is known is refused.

use uuid::Uuid;

use super::Index;
use crate::event::{DELETED, metastream_of};

/// What a writer expects of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Any,
    StreamExists,
    NoStream,
    Revision(u64),
}

/// What comes of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It may be written behind `last`.
    Write { last: Option<u64>, was_deleted: bool },
    /// It is written already; these are the number and place of its last event.
    Written { last: u64, position: u64 },
    /// The stream is not what was expected.
    Unexpected { last: Option<u64> },
    /// The stream has a tombstone.
    Tombstoned,
}

impl Index {
    pub(crate) fn decide(&self, stream: &str, expected: Expected, ids: &[Uuid]) -> Decision {
        let last = self.last_revision(stream, u64::MAX);
        if last == Some(DELETED) {
            return Decision::Tombstoned;
        }
        let was_deleted = self.metadata(stream, u64::MAX).is_deleted();
        let write = Decision::Write { last, was_deleted };
        let unexpected = Decision::Unexpected { last };
        match expected {
            Expected::StreamExists if was_deleted || !self.exists(stream) => unexpected,
            Expected::Any | Expected::StreamExists => self.recently_written(stream, ids).decide(last, write),
            Expected::NoStream if last.is_none() => write,
            Expected::NoStream => match self.written_behind(stream, None, ids) {
                // A deleted stream may be begun again, except by a write that was there before.
                Repeat::New if was_deleted => write,
                Repeat::New => unexpected,
                repeat => repeat.decide(last, unexpected),
            },
            Expected::Revision(revision) if Some(revision) == last => write,
            Expected::Revision(revision) if last.is_none_or(|last| revision > last) => unexpected,
            Expected::Revision(revision) => self.written_behind(stream, Some(revision), ids).decide(last, unexpected),
        }
    }

    /// A stream exists when anything was written to it or said about it.
    fn exists(&self, stream: &str) -> bool {
        self.last_revision(stream, u64::MAX).or_else(|| self.last_revision(&metastream_of(stream), u64::MAX)).is_some()
    }

    /// Looks for ids right behind a number.
    fn written_behind(&self, stream: &str, revision: Option<u64>, ids: &[Uuid]) -> Repeat {
        let first = revision.map_or(0, |revision| revision + 1);
        let mut found = None;
        for (revision, id) in (first..).zip(ids) {
            match self.at(stream, revision).filter(|event| event.id == *id) {
                Some(event) => found = Some((event.revision, event.position)),
                None if found.is_none() => return Repeat::New,
                None => return Repeat::InPart,
            }
        }
        found.map_or(Repeat::New, |(last, position)| Repeat::Whole { last, position })
    }

    /// Looks for ids among those of the recent past.
    fn recently_written(&self, stream: &str, ids: &[Uuid]) -> Repeat {
        let mut found = None;
        for id in ids {
            let place = self.recent.places.get(id).filter(|(of, _)| &**of == stream);
            match place {
                Some((_, revision)) => found = Some(*revision),
                None if found.is_none() => return Repeat::New,
                None => return Repeat::InPart,
            }
        }
        let Some(last) = found else { return Repeat::New };
        let position = self.at(stream, last).map_or(u64::MAX, |event| event.position);
        Repeat::Whole { last, position }
    }
}

/// How much of a write is there already.
enum Repeat {
    New,
    InPart,
    Whole { last: u64, position: u64 },
}

impl Repeat {
    fn decide(self, stream_last: Option<u64>, if_new: Decision) -> Decision {
        match self {
            Self::New => if_new,
            Self::InPart => Decision::Unexpected { last: stream_last },
            Self::Whole { last, position } => Decision::Written { last, position },
        }
    }
}
