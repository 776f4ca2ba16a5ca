//! Ids, each a type of its own so that none stands where another belongs.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// A session: one customer's thread. Made of visitor and name: [`SessionId::of`].
    SessionId,
    /// A visitor, whose keys seal its personal data: random, made at its first request.
    VisitorId,
    /// A member of staff.
    AgentId,
    /// One message of a session, whoever wrote it.
    MessageId,
    /// One run of the assistant, over all its attempts.
    RunId,
    /// One context of a session: from one `context_started` to the next. On the wire `conversation_id`.
    ContextId,
    /// One sign-in, with all its tokens.
    SignInId,
    /// A browser or program that somebody signs in with.
    DeviceId,
    /// One transfer of a session, asked for and answered.
    TransferId,
    /// One offer of a waiting session to an agent.
    OfferId,
    /// One mail about a session.
    MailId,
    /// One internal note of a session.
    NoteId,
    /// One prepared answer of the shop's.
    QuickReplyId,
    /// One life of a node: it ends with the process.
    Incarnation,
}

impl SessionId {
    /// A visitor's session of this name: unique per visitor, found without a look-up; nobody else can occupy it.
    #[must_use]
    pub fn of(visitor: VisitorId, name: &str) -> Self {
        Self(Uuid::new_v5(&visitor.0, name.as_bytes()))
    }
}

impl VisitorId {
    /// The owner of the one session of this name, for callers of the original system, who hold nothing but the name.
    #[must_use]
    pub fn legacy(log_id: Uuid, name: &str) -> Self {
        Self(Uuid::new_v5(&log_id, format!("legacy {name}").as_bytes()))
    }
}

impl AgentId {
    /// The account of this name in this log: one name, one account, found without a look-up.
    #[must_use]
    pub fn of(log_id: Uuid, username: &crate::text::Username) -> Self {
        Self(Uuid::new_v5(&log_id, format!("agent {}", username.as_str()).as_bytes()))
    }
}

impl DeviceId {
    /// The device of an account that calls itself this.
    #[must_use]
    pub fn of(agent: AgentId, name: &str) -> Self {
        Self(Uuid::new_v5(&agent.0, name.as_bytes()))
    }
}
