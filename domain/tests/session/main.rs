//! The session's rules, seen from outside: given these events, when this command, then those events.
//!
//! Every command answers three questions, in every phase where they make sense: the right events? says no? stays quiet?
//! `properties` asks them of arbitrary sequences; `stored` asks the codec about arbitrary events and arbitrary bytes.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod dsl;
mod samples;
mod situations;

mod opening;
mod message;
mod context;
mod run;
mod reply;
mod failure;
mod escalation;
mod after_hours;
mod takeover;
mod leaving;
mod closing;

mod arbitrary;
mod model;
mod properties;
mod stored;
