//! Why an answer is made on this node, and the numbers that make the ids of its events.

use domain::RunId;
use uuid::Uuid;

/// Why an answer is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    /// An event asks for a new run.
    Event { cause: Uuid, correlation: Uuid },
    /// This attempt was given up by this node: the next is begun.
    GivenUp { run: RunId, attempt: u32, next: Next, correlation: Uuid },
    /// The run was given to this node by run recovery and has begun already.
    Assigned { run: RunId, correlation: Uuid },
}

/// Whom the next attempt asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The same assistant: it was not its fault.
    AsBefore,
    /// Whoever is chosen.
    Chosen {
        /// Whether the last one may be asked again.
        again: bool,
    },
}

impl Trigger {
    /// What the ids of the run's events are made from.
    pub(super) fn cause(self) -> Uuid {
        match self {
            Self::Event { cause, .. } => cause,
            Self::GivenUp { run, .. } | Self::Assigned { run, .. } => run.0,
        }
    }

    /// The request, or what else it was, that all of it came of.
    pub(super) fn correlation(self) -> Uuid {
        match self {
            Self::Event { correlation, .. }
            | Self::GivenUp { correlation, .. }
            | Self::Assigned { correlation, .. } => correlation,
        }
    }

    /// Attempt 2 is the step 2 of the run: step 0 is the next run's start.
    pub(super) fn number(self) -> u32 {
        match self {
            Self::Event { .. } | Self::Assigned { .. } => 0,
            Self::GivenUp { attempt, .. } => attempt + 1,
        }
    }

    /// The run, where it has begun before.
    pub(super) fn run(self) -> Option<RunId> {
        match self {
            Self::Event { .. } => None,
            Self::GivenUp { run, .. } | Self::Assigned { run, .. } => Some(run),
        }
    }
}
