//! Builders and stand-ins that the tests of several crates share. In no program: other crates have it as a dev-dependency only.
//!
//! Invariant: it depends on `domain` and `event-store` alone, so that every crate above them can test with it.

mod flaky_store;
mod log;
pub mod session;
mod stored;

pub use flaky_store::{Away, FlakyStore};
pub use log::{log_in, log_over};
pub use session::SessionDriver;
pub use stored::{new_event, sealed_event};
