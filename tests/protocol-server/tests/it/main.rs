//! The protocol test server against the papers: through the official client, and through the generated one where that hides
//! what is sent.
#![allow(clippy::unwrap_used, missing_docs)]

mod access;
mod appends;
mod batches;
mod client;
mod counts;
mod deletes;
mod faults;
mod harness;
mod nodes;
mod program;
mod raw;
mod reads;
mod scavenges;
mod storage;
mod subscriptions;
mod tls;
