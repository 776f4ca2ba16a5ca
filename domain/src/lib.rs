//! The rules: pure functions over events.
//!
//! Invariant: no I/O, no clock, no randomness, no async. Time, ids and the acting person arrive in the command.

pub mod access;
pub mod agent;
pub mod audience;
pub mod budget;
pub mod calendar;
pub mod codec;
pub mod customer;
pub mod erasure;
pub mod event;
pub mod flags;
pub mod fold;
pub mod id;
pub mod language;
pub mod personal;
pub mod policy;
pub mod routing;
pub mod session;
pub mod settings;
pub mod text;
pub mod texts;

pub use audience::{Audience, Viewer, Viewers};
pub use codec::{Class, DecodeError, Encoded, PersonalText};
pub use erasure::ErasureCause;
pub use event::DomainEvent;
pub use id::{
    AgentId, ContextId, DeviceId, Incarnation, MailId, MessageId, NoteId, OfferId, QuickReplyId, RunId, SessionId,
    SignInId, TransferId, VisitorId,
};
pub use language::Language;
pub use personal::Personal;
