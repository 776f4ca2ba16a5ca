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
    /// The session's status does not allow it.
    #[error("not possible while the session is {status}")]
    InvalidStatus {
        /// The session's status.
        status: Status,
    },
    /// There is no such session.
    #[error("the session does not exist")]
    NoSession,
}
