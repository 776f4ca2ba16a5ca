//! The log: immutable events in streams, one adapter per database, hashes that prove them, and the vault that seals
//! what is personal.
//!
//! It knows no business: an event here is a type name, a schema number, a JSON text and perhaps a sealed part.
//! Invariant: nothing in this crate updates or deletes an event.

pub mod append;
pub mod background;
pub mod checkpoint;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod event;
pub mod hash;
pub mod import;
#[cfg(feature = "kurrentdb")]
pub mod kurrentdb;
pub mod location;
pub mod log;
pub mod memory;
pub mod merkle;
pub mod migration;
pub mod pages;
pub mod plan;
pub mod port;
pub mod position_map;
pub mod postgres;
pub mod private_file;
pub mod proof;
mod row;
#[cfg(test)]
mod samples;
pub mod sql;
pub mod sqlite;
pub mod subscription;
pub mod vault;
pub mod verify;

pub use event::{Actor, Position, RecordedEvent, SealedEvent, StreamName, StreamVersion};
pub use log::{Log, NewEvent, PersonalPart};
pub use port::{
    AppendError, Appended, EventReader, EventStore, EventStream, Expected, Follow, Identity, Loss, Positions, ReadError,
};
pub use vault::{KeyClass, Opened, Vault};
