//! The use cases and the assistant's run, on a log in memory. One binary for all of them.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod customers;
mod erasure;
mod order;
mod sessions;
mod settings;
mod workspace;
