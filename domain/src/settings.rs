//! What the shop publishes: documents like its policy and its calendars, one stream for each topic (`settings-policy`).
//!
//! A topic's versions count from 1; version 0 is the document that the program brings. Going back publishes an earlier version
//! under a new number, so that a version always names one document. What a document may say is its topic's to check
//! ([`Document`]).
//!
//! Beside them stands what was noted of the budgets of assistants (`settings-budgets`, [`budget`]), and the texts that agents send
//! often (`settings-quick_replies`, [`quick_reply`]).
//!
//! Invariant: the newest version is the one in force.

pub mod audience;
pub mod budget;
pub mod codec;
pub mod command;
pub mod decide;
pub mod document;
pub mod event;
pub mod quick_reply;
pub mod rejection;
pub mod state;
pub(crate) mod toml_reader;
pub mod topic;

pub use codec::{decode, encode, with_personal};
pub use command::Command;
pub use decide::decide;
pub use document::{Document, DocumentError};
pub use event::Event;
pub use rejection::Rejection;
pub use state::State;
pub use topic::Topic;
