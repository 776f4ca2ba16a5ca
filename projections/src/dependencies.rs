//! What everything that follows the log in one process shares.

use std::sync::Arc;

use event_store::EventReader;
use journal::{Journal, Tail};

use crate::projection::ProjectionSet;

/// Log, projections, and who this process is.
pub(crate) struct Dependencies {
    pub(crate) journal: Journal,
    /// Where new events come from.
    pub(crate) tail: Arc<Tail>,
    pub(crate) projections: ProjectionSet,
    /// Names this process as the owner of a generation.
    pub(crate) owner: String,
    /// Whether other processes may own a generation.
    pub(crate) is_shared: bool,
}

impl Dependencies {
    /// The log as it is stored.
    pub(crate) fn reader(&self) -> &dyn EventReader {
        &**self.journal.reader()
    }
}
