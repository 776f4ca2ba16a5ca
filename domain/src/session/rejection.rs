//! When a rule says no.

use crate::{id::AgentId, session::status::Status};

/// A rule that was not met, with what the caller needs to know about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// A person has the session or is about to: the assistant is not asked.
    #[error("the session is {status}: a person answers")]
    InManualMode {
        /// pending_manual or manual_live
        status: Status,
    },
    /// Another agent was faster.
    #[error("the session is handled by agent {agent}")]
    HandledByAnotherAgent {
        /// Who has it.
        agent: AgentId,
    },
    /// The state machine has no such move.
    #[error("not possible while the session is {status}")]
    InvalidStatus {
        /// Where the session is.
        status: Status,
    },
    /// There is no such session.
    #[error("the session does not exist")]
    NoSession,
}
