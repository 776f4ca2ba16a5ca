//! What goes wrong with views as their readers and the auditor's program are told it.

use std::sync::Arc;

use event_store::{Position, ReadError, sql::SqlError};
use uuid::Uuid;

/// What deletes views: they are rebuilt from the log at the next start.
const WAY_OUT: &str =
    "delete the views (files views-*, or schemas views and views_*) and they are rebuilt from the log";

/// Why the views cannot be opened or asked.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// Their database does not answer.
    #[error("the views' database")]
    Database(#[from] SqlError),
    /// Their folder cannot be used.
    #[error("the views' folder")]
    Folder(#[from] std::io::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// They were folded from another log.
    #[error("the views are of log {views}, but this is log {log}: open the log they belong to, or {WAY_OUT}")]
    OtherLog {
        /// The log that they were folded from.
        views: Uuid,
        /// The log that is there.
        log: Uuid,
    },
    /// The log has been restored, or copied to where positions mean other events.
    #[error("the views are of the log's generation {views}, but a restore or a copy has made it {log}: {WAY_OUT}")]
    OtherLogGeneration {
        /// The generation that they were folded from.
        views: u64,
        /// The generation that is there.
        log: u64,
    },
    /// The event that they end with is not the log's at that position.
    #[error(
        "the views end with an event that the log does not have at position {position}: it was restored or changed; verify it, then {WAY_OUT}"
    )]
    NotInLog {
        /// Where they end.
        position: Position,
    },
    /// They are of another version of the program, and only that version can build and compare them.
    #[error("the views are of another version of the program: they are {views}, this program's are {program}")]
    OtherVersion {
        /// Names and versions of theirs.
        views: String,
        /// Names and versions of this program's.
        program: String,
    },
    /// There are none yet.
    #[error("there are no views here")]
    NoViews,
    /// What this role makes, the role of the program could not write.
    #[error("the views belong to role {owner}, and this is role {role}")]
    OtherRole {
        /// The role that owns them.
        owner: String,
        /// The role that is connected.
        role: String,
    },
    /// The generation that was asked for is gone.
    #[error("generation {number} of the views was thrown away by another version of the program")]
    ThrownAway {
        /// The number.
        number: u64,
    },
    /// An event cannot be folded.
    #[error("the event at position {} cannot be folded: {}", .0.position, .0.what)]
    Stopped(Alarm),
    /// Log or vault do not answer.
    #[error("log or vault")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The views were put back to an older state while they were read.
    #[error("the views went back from position {from} to {to} while they were compared")]
    WentBack {
        /// Where they had been.
        from: Position,
        /// Where they were then.
        to: Position,
    },
    /// A desk was started on them while they were read as an immutable file.
    #[error("the views were opened to be written while they were compared")]
    Disturbed,
    /// Another version of the program made a generation of this number at the same moment.
    #[error("generation {number} of the views was just taken by another version of the program: start again")]
    Taken {
        /// The number.
        number: u64,
    },
}

/// What stopped the loop. Nothing after it is in the views; somebody has to look into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The first position that is not in the views.
    pub position: Position,
    /// Why; nothing personal.
    pub what: String,
}

/// The views have not reached a position in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the views are at position {position}, not yet at {wanted}")]
pub struct Behind {
    /// Where they should be.
    pub wanted: Position,
    /// Where they are.
    pub position: Position,
    /// Whether they stand still for good, at an event that they cannot read.
    pub have_stopped: bool,
}
