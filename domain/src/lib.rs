//! The rules of the house: pure functions over events. No I/O, no clock, no randomness, no async; time, ids and the acting
//! person arrive in the command.

pub mod access;
pub mod agent;
pub mod codec;
pub mod customer;
pub mod event;
pub mod id;
pub mod language;
pub mod personal;
pub mod session;
pub mod text;

pub use codec::{Class, DecodeError, Encoded, PersonalText};
pub use event::DomainEvent;
pub use id::{AgentId, ContextId, DeviceId, Incarnation, MessageId, RunId, SessionId, SignInId, VisitorId};
pub use language::Language;
pub use personal::Personal;
