//! The use cases and process managers of sessions, on a log in memory and with assistants that do as they are told.

mod contention;
mod deciding;
mod fixture;
mod idle;
mod recovery;
mod repeating;
mod running;
