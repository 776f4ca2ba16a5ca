//! When a rule says no.

use crate::{id::AgentId, session::status::Status};

/// The rule that refused a command, with what the caller needs to know about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// A person has the session or is about to: the assistant is not asked.
    #[error("the session is {status}: a person answers")]
    InManualMode {
        /// pending_manual or manual_live
        status: Status,
    },
    /// Another agent has the session.
    #[error("the session is handled by agent {agent}")]
    HandledByAnotherAgent {
        /// Who has it.
        agent: AgentId,
    },
    /// A person answers already.
    #[error("a person has the session")]
    ManualInProgress,
    /// No person has the session or is about to.
    #[error("the session is {status}: no person answers")]
    NotInManualMode {
        /// The session's status.
        status: Status,
    },
    /// Only who has the session, or a supervisor, may do so.
    #[error("only the agent who has the session may do so")]
    NotTheOwner {
        /// Who has it.
        owner: AgentId,
    },
    /// The session is to go to who has it.
    #[error("the session cannot go to the agent who has it")]
    TransferToSelf,
    /// Another transfer waits for its answer.
    #[error("another transfer of the session waits for an answer")]
    TransferPending,
    /// There is no such transfer, or no more.
    #[error("the transfer does not wait for an answer")]
    NoTransfer,
    /// Somebody else was asked.
    #[error("another agent was asked to take the session")]
    NotAsked,
    /// The session's status does not allow it.
    #[error("not possible while the session is {status}")]
    InvalidStatus {
        /// The session's status.
        status: Status,
    },
    /// There is no such note, or it was removed.
    #[error("the session has no such note")]
    NoNote,
    /// Only the author may change a note; a supervisor may remove it.
    #[error("only the author of the note may do so")]
    NotTheAuthor {
        /// Who wrote it.
        author: AgentId,
    },
    /// Somebody changed the note since it was read.
    #[error("the note is at version {version} by now")]
    NoteChanged {
        /// The newest.
        version: u32,
    },
    /// A session has at most so many.
    #[error("a session has at most {} tags", crate::session::decide::MAX_TAGS)]
    TooManyTags,
    /// Danger is declared by its rule, and stays until the session is over.
    #[error("danger is declared by its rule alone, and no person lowers it")]
    DangerIsByRule,
    /// No rating is asked for, or it is too late for it.
    #[error("no rating is asked for, or it is too late")]
    RatingNotAsked,
    /// There is no such session.
    #[error("the session does not exist")]
    NoSession,
}
