//! From intent to recorded facts: use cases, process managers that answer events with new commands, the outbox, and the ports to
//! the outside.
//!
//! Invariant: nothing here reads a view. A decision is made from the stream it changes, or not at all.

#![recursion_limit = "256"]

pub mod access;
pub mod accounts;
pub mod appended;
pub mod assistant;
pub mod assistants;
pub mod await_reply;
pub mod customers;
pub mod ephemeral;
pub mod erasure;
pub mod error;
pub mod event_id;
pub mod executor;
pub mod mailer;
pub mod node;
pub mod process;
pub mod rules;
pub mod sessions;
pub mod settings;
pub mod workspace;

pub use access::AccessLog;
pub use accounts::{Accounts, LoginThrottle};
pub use assistant::{Answering, Assistant, AssistantError, Completion, Piece, Question, Speaker, Turn};
pub use await_reply::{MessageOutcome, await_reply};
pub use customers::Customers;
pub use ephemeral::{Ephemeral, LiveSubscription};
pub use erasure::Erasure;
pub use error::CommandError;
pub use event_id::{CommandId, IdempotencyKey};
/// The time that decides, for adapters that need it.
pub use event_store::Clock;
pub use mailer::{Mail, MailError, Mailer};
pub use node::Node;
pub use rules::Rules;
pub use sessions::Sessions;
pub use settings::{PublishedSettings, QuickReplies, SettingsInForce};
pub use workspace::Workspace;
