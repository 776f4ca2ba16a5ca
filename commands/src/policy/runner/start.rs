//! How a run comes to be made on this node, and the numbers that make its events' ids.

use domain::RunId;
use uuid::Uuid;

/// How a run comes to be made here.
#[derive(Debug, Clone, Copy)]
pub(super) enum Start {
    /// Because of an event.
    New { cause: Uuid },
    /// Because this attempt was given up.
    Again { run: RunId, attempt: u32 },
}

impl Start {
    /// What the ids of its events are made from.
    pub(super) fn cause(self) -> Uuid {
        match self {
            Self::New { cause } => cause,
            Self::Again { run, .. } => run.0,
        }
    }

    /// The event that makes it, where it is none of the run's own.
    pub(super) fn event(self) -> Option<Uuid> {
        match self {
            Self::New { cause } => Some(cause),
            Self::Again { .. } => None,
        }
    }

    /// Attempt 2 is the reaction 2 to the run: reaction 0 is the next run's start.
    pub(super) fn number(self) -> u32 {
        match self {
            Self::New { .. } => 0,
            Self::Again { attempt, .. } => attempt + 1,
        }
    }

    /// The run, where it has begun before.
    pub(super) fn run(self) -> Option<RunId> {
        match self {
            Self::New { .. } => None,
            Self::Again { run, .. } => Some(run),
        }
    }
}
