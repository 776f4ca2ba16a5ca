//! Policies: what happened makes something happen. A policy reads the log and sends commands; it never writes events.
//!
//! Today's one policy is the assistant's run, in three parts: the starter begins runs for messages that this node took, the
//! runner carries one to its end, the keeper finds those whose node died and takes them over.
//! Invariant: what a policy causes has ids made from its cause, so doing it again changes nothing.

pub mod keeper;
pub mod runner;
pub mod starter;
pub mod store;

pub use keeper::Keeper;
pub use runner::{RunSettings, Runner};
pub use store::{PolicyError, PolicyStore};

/// The name under which the run's reactions, checkpoint and timers are kept.
pub const ASSISTANT_RUN: &str = "assistant_run";
