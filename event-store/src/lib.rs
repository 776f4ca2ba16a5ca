//! The log: immutable events in streams, one adapter per database, hashes that prove them, and the vault that seals
//! what is personal.
//!
//! It knows no business: an event here is a type name, a schema number, a JSON text and perhaps a sealed part.
//! Invariant: nothing in this crate updates or deletes an event.

mod append_observer;
pub mod background;
pub mod checkpoint;
pub mod clock;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod event;
mod flaw;
pub mod group_commit;
pub mod hash;
pub mod import;
#[cfg(feature = "kurrentdb")]
pub mod kurrentdb;
pub mod location;
pub mod log;
pub mod memory;
pub mod merkle;
pub mod migration;
mod own_task;
pub mod pages;
pub mod port;
pub mod position_map;
pub mod postgres;
pub mod private_file;
pub mod proof;
pub mod reach;
pub mod restore;
mod row;
#[cfg(test)]
mod samples;
pub mod sequencer;
pub mod sql;
mod sql_reader;
pub mod sqlite;
pub mod subscription;
pub mod vault;
pub mod verify;
pub mod write_health;

pub use append_observer::AppendObserver;
pub use clock::{Clock, SystemClock};
pub use event::{Actor, Position, RecordedEvent, SealedEvent, StreamName, StreamVersion};
pub use log::{Log, NewEvent};
pub use port::{
    AppendError, Appended, EventReader, EventStore, EventStream, Expected, Follow, Identity, Positions, ReadError,
    Truncation,
};
pub use vault::{KeyClass, PersonalPart, Unsealed, Vault};
