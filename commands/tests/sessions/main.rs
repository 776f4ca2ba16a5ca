//! The use cases and process managers of sessions, on a log in memory and with assistants that do as they are told.
#![allow(clippy::unwrap_used, missing_docs)]

mod deciding;
mod idle;
mod recovery;
mod running;
mod world;
