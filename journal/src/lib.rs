//! The log as the domain sees it: stored events become [`DomainEvent`]s here, once, whoever reads them and however.
//!
//! [`Journal`] reads a stream or the whole log, [`Tail`] follows it and hands every follower the same [`Decoded`] event.
//! Invariants: nobody else decodes a stored event; a personal part is opened only when somebody asks for it.

mod decoded;
mod error;
mod personal;
mod reading;
pub mod tail;

pub use decoded::{Decoded, Opened};
pub use domain::DomainEvent;
pub use error::{JournalError, Unreadable};
pub use personal::personal_text;
pub use reading::Journal;
pub use tail::{DecodedEvents, Tail};
