//! Why the log did not give an event.

use std::sync::Arc;

use domain::DecodeError;
use event_store::{Position, ReadError, RecordedEvent, StreamVersion, vault::VaultError};

/// The log, the vault, or the event itself.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A personal part cannot be opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// An event is unknown or malformed.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A stream lacks an event.
    #[error("the stream lacks version {expected} before position {position}")]
    Missing {
        /// The event that stands where the missing one should.
        position: Position,
        /// The version that should have come.
        expected: StreamVersion,
    },
}

impl JournalError {
    /// Whether the same call may succeed a little later: log or vault cannot be reached.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Read(ReadError::Unavailable(_)) | Self::Vault(VaultError::Unavailable(_)))
    }

    /// Where in the log it is, where that is known.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Read(ReadError::Unavailable(_))
            | Self::Vault(VaultError::Unavailable(_) | VaultError::SubjectErased(_) | VaultError::WrongMasterKey(_)) => {
                None
            }
            Self::Read(ReadError::Gap { expected: position, .. } | ReadError::Damaged { position, .. })
            | Self::Vault(VaultError::KeyMissing { position, .. } | VaultError::Damaged(position))
            | Self::Missing { position, .. } => Some(*position),
            Self::Unreadable(unreadable) => Some(unreadable.recorded.position),
        }
    }
}

/// An event that this program cannot read. Whoever needs to understand it stops at it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the event at position {} cannot be decoded", recorded.position)]
pub struct Unreadable {
    /// As it stands in the log.
    pub recorded: Arc<RecordedEvent>,
    /// What is wrong with it.
    #[source]
    pub source: Arc<DecodeError>,
}
