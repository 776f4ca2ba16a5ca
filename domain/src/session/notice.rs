//! What the server tells the customer in a session: a code with parameters, rendered in a language by views and streams.
//!
//! Invariant: no text and no name here, only ids; names are joined where it is shown.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::AgentId;

/// A notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case", deny_unknown_fields)]
pub enum Notice {
    /// The safety text of rule R0.
    Danger,
    /// A person is asked for, and the session waits.
    Queued,
    /// A person has the session.
    AgentJoined {
        /// Who.
        agent: AgentId,
    },
    /// Another person has the session.
    Transferred {
        /// Who had it.
        from: AgentId,
        /// Who has it.
        to: AgentId,
    },
    /// The session waits for somebody of another group.
    TransferredToGroup {
        /// Who had it.
        from: AgentId,
    },
    /// The person went away unexpectedly: the session waits again.
    AgentLost,
    /// The person gave it back to the queue.
    BackInQueue,
    /// The assistant has the session again.
    Released,
    /// The customer no longer wants a person.
    EscalationCancelled,
    /// Nobody came in time: the assistant has it again.
    NobodyCame,
    /// Nobody works now.
    AfterHours {
        /// When somebody works again; absent when the calendar does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opens_at: Option<Timestamp>,
        /// Whether it asks for an e-mail address.
        asks_for_email: bool,
    },
    /// Nobody came in time, though somebody works: the team has the request.
    NobodyFree {
        /// When the session waits for a person again; absent when the calendar does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opens_at: Option<Timestamp>,
        /// Whether it asks for an e-mail address.
        asks_for_email: bool,
    },
    /// A person may be asked for: the assistant has answered several times.
    OffersPerson,
    /// The e-mail address was noted.
    EmailNoted,
    /// The session was closed.
    Closed,
    /// How well the person helped: the customer may say so for some time.
    RatingAsked {
        /// From then on it is too late.
        open_until: Timestamp,
    },
}
