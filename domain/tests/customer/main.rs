//! The rules of customers, seen from outside: given these events, when this command, then those events.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod samples;

mod identity;
mod leaving;
mod properties;
mod stored;
