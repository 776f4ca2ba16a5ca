//! Whoever counts what this process appends. It is told after the answer of the store, and nothing depends on it.
//!
//! Invariant: an append is told of once, by the process that made it, so that the counts of all nodes add up to the log's.

use std::{fmt, time::Duration};

use crate::log::NewEvent;

/// Hears of appends that succeeded.
pub trait AppendObserver: Send + Sync {
    /// These events are on disk; sealing and appending them took so long.
    fn appended(&self, events: &[NewEvent], took: Duration);
}

impl fmt::Debug for dyn AppendObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppendObserver")
    }
}

/// Default: counts nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unobserved;

impl AppendObserver for Unobserved {
    fn appended(&self, _: &[NewEvent], _: Duration) {}
}
