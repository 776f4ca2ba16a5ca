//! Why a backup cannot be written or read, and what to do about it.

use event_store::{Position, ReadError, sql::SqlError};
use uuid::Uuid;

use crate::{sealed_file::Flaw, target::TargetError};

/// Why a backup cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target does not answer, or refuses.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Log(#[source] ReadError),
    /// The vault cannot be read.
    #[error("the vault cannot be read")]
    Vault(#[from] SqlError),
    /// There is no backup.
    #[error("there is no backup in {0}: name the target that `desk backup --follow` was given")]
    Nothing(String),
    /// What stands where a backup says what it is does not say so.
    #[error("{name} in {target} is not what a backup says of itself")]
    Unknown {
        /// The file.
        name: String,
        /// Where.
        target: String,
    },
    /// The target holds the backup of another log.
    #[error("{target} holds the backup of log {there}, and this is log {here}: name another folder or prefix")]
    OtherLog {
        /// Where.
        target: String,
        /// Whose backup it is.
        there: Uuid,
        /// The log.
        here: Uuid,
    },
    /// The backup was made with another key.
    #[error(
        "{target} was begun with the backup key {there}, and this one is {here}: give that one, or begin another target"
    )]
    OtherKey {
        /// Where.
        target: String,
        /// Fingerprint of its key.
        there: String,
        /// Fingerprint of the key that was given.
        here: String,
    },
    /// The backup is of a later generation than the log.
    #[error(
        "{target} has generation {there} of this log, and the log is of generation {here}: an older copy of the log is served; \
         stop it, and look which of the two is to go on"
    )]
    LaterGeneration {
        /// Where.
        target: String,
        /// The target's newest.
        there: u64,
        /// The log's.
        here: u64,
    },
    /// The log does not have the last event of the backup.
    #[error(
        "the backup has events up to position {position}, and the log has {found} there: it was put back or replaced without a \
         record of that; see `desk mark-restored`, or begin another target"
    )]
    NotItsLog {
        /// The last position of the backup.
        position: Position,
        /// What the log has there.
        found: &'static str,
    },
    /// A file is not what it should be.
    #[error("{name} {holds} is damaged: {flaw}; put it back from another copy of the target{way_out}")]
    Damaged {
        /// The file.
        name: String,
        /// What is in it.
        holds: String,
        /// What is wrong with it.
        flaw: Flaw,
        /// What else can be done.
        way_out: String,
    },
    /// A file is not there.
    #[error("{name} {holds} is missing; put it back from another copy of the target{way_out}")]
    Missing {
        /// The file.
        name: String,
        /// What was in it.
        holds: String,
        /// What else can be done.
        way_out: String,
    },
    /// Somebody else has stored a file of that name.
    #[error("another follower has written {0}")]
    Overtaken(String),
    /// The generation that was asked for is not there.
    #[error("there is no generation {wanted} in {target}; it has {there}")]
    NoGeneration {
        /// The one that was asked for.
        wanted: u64,
        /// Where.
        target: String,
        /// Those that there are.
        there: String,
    },
}

impl BackupError {
    /// Whether the same may succeed a little later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Target(_) | Self::Vault(_) | Self::Log(ReadError::Unavailable(_)))
    }

    /// Whether what was read is not what was written.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. } | Self::Missing { .. } | Self::Log(ReadError::Gap { .. } | ReadError::Damaged { .. })
        )
    }
}
