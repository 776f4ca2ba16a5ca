//! A moment of a session, by log position, time or version, and the part of its history up to it.

use std::sync::Arc;

use event_store::{Position, RecordedEvent, StreamVersion};
use projections::AsOf;

use crate::{
    cli::SessionArgs,
    failure::Failure,
    source::{Cursor, Maps},
};

/// A moment of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The latest.
    Newest,
    /// A log position or a time.
    At(AsOf),
    /// A version of the session's stream.
    Version(u64),
}

impl Point {
    /// The moment given by the arguments, translated to this log; clap allows only one of them.
    ///
    /// # Errors
    /// It is a position of another generation, and there is no map from that to this log.
    pub fn of(wanted: &SessionArgs, maps: &Maps) -> Result<Self, Failure> {
        let position = wanted.position.map(|position| AsOf::Position(Position(position)));
        Ok(match (wanted.at.or(position), wanted.version) {
            (Some(AsOf::Position(position)), _) => {
                Self::At(AsOf::Position(maps.cursor(Cursor { generation: None, position })?))
            }
            (Some(as_of), _) => Self::At(as_of),
            (None, Some(version)) => Self::Version(version),
            (None, None) => Self::Newest,
        })
    }

    /// The part of a session's history up to this moment.
    ///
    /// # Errors
    /// The moment is before the session's first event, or beyond the log.
    pub fn cut(self, history: &[Arc<RecordedEvent>], head: Position) -> Result<&[Arc<RecordedEvent>], Failure> {
        let (Some(first), Some(last)) = (history.first(), history.last()) else { return Err(Failure::NoSession) };
        let happened = match self {
            Self::Newest => history.len(),
            Self::At(AsOf::Position(wanted)) if wanted > head => {
                return Err(Failure::BeyondHead { wanted: wanted.0, head });
            }
            Self::At(as_of) => history.partition_point(|event| as_of.includes(event)),
            Self::Version(wanted) if wanted > last.version.0 => {
                return Err(Failure::NoSuchVersion { wanted, last: last.version });
            }
            Self::Version(wanted) => history.partition_point(|event| event.version <= StreamVersion(wanted)),
        };
        if happened == 0 {
            return Err(Failure::NotYet { opened_at: first.recorded_at_text(), position: first.position });
        }
        Ok(&history[..happened])
    }
}
