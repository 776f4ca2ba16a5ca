//! The rules, seen from outside: given these events, when this command, then those events. One binary for all kinds of streams.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod agent;
mod budget;
mod customer;
mod flags;
mod language;
mod policy;
mod quick_replies;
mod session;
mod settings;
