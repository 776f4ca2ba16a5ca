//! What staff has looked at: a stream for each member of staff and day.
//!
//! Nothing is decided here. Whoever answers records it first, so that what was seen can be told from the log alone.

pub mod codec;
pub mod event;

pub use codec::{decode, encode, with_personal};
pub use event::Event;
