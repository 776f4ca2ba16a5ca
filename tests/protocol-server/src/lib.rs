//! The protocol test server: it speaks the gRPC protocol of KurrentDB over one file, for tests, and goes wrong on request.
//!
//! It is **not** KurrentDB and no part of the product. It is written after the protocol's `.proto` files and what KurrentDB
//! is documented to answer; `README.md` beside this crate says which parts there are and where each is documented.
//!
//! *Invariant:* nothing here knows what the events mean, and no crate of the product depends on it.

// Every method of a service answers with tonic's `Status`, which is as large as it is.
#![allow(clippy::result_large_err)]

mod access;
mod cluster;
mod connections;
pub mod control;
mod counts;
mod event;
mod faults;
mod index;
mod listener;
mod log;
mod options;
pub mod proto;
mod server;
mod service;
mod statuses;
mod store;
mod threads;

pub use faults::{AppendFault, Ending, Faults};
pub use listener::ReservedPort;
pub use log::LogError;
pub use options::{InvalidPosition, Options, SlowSubscribers, Tls, User};
pub use server::{Server, StartError};

/// Reads an id as the protocol writes it.
///
/// # Errors
/// `INVALID_ARGUMENT`: there is none, or it is no UUID.
pub fn uuid_of(said: Option<proto::Uuid>) -> Result<uuid::Uuid, tonic::Status> {
    service::uuid(said)
}
