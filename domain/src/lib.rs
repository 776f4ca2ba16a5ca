//! The rules of the house: pure functions over events. No I/O, no clock, no randomness, no async; time, ids and the acting
//! person arrive in the command.

pub mod id;
pub mod language;
pub mod personal;
pub mod session;
pub mod text;

pub use id::{AgentId, ContextId, Incarnation, MessageId, RunId, SessionId, VisitorId};
pub use language::Language;
pub use personal::Personal;
