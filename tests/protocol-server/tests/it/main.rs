//! The protocol test server against the papers: through the official client, and through the generated one where that hides
//! what is sent.

#![allow(clippy::unwrap_used)]

mod client;
mod harness;
