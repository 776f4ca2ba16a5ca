//! Staff's access to customers' data: one stream for each member of staff and day.
//!
//! Nothing is decided here. An access is recorded before it is answered, so the log alone says what was seen.

pub mod audience;
pub mod codec;
pub mod event;

pub use codec::{decode, encode, with_personal};
pub use event::Event;
