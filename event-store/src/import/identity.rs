//! The identity of a copy: the same log, in a new generation if positions change.

use super::ImportError;
use crate::port::{Identity, Positions};

/// The identity of a copy. If both logs are dense every event keeps its position, so everything that refers to positions (views,
/// process managers, checkpoints, cursors) stays valid; otherwise the generation is raised, which invalidates it.
#[must_use]
pub fn identity_of_copy(source: Identity, from: Positions, to: Positions) -> Identity {
    let keeps_positions = from == Positions::Dense && to == Positions::Dense;
    let generation = if keeps_positions { source.generation } else { source.generation + 1 };
    Identity { generation, ..source }
}

/// Checks that a target has this identity or can take it.
pub(crate) fn admit_identity(here: Option<Identity>, is_empty: bool, wanted: Identity) -> Result<bool, ImportError> {
    match here {
        None if is_empty => Ok(true),
        None => Err(ImportError::Nameless),
        Some(here) if here.log_id != wanted.log_id => {
            Err(ImportError::OtherLog { here: here.log_id, wanted: wanted.log_id })
        }
        Some(here) if here.generation != wanted.generation => {
            Err(ImportError::OtherGeneration { here: here.generation, wanted: wanted.generation })
        }
        Some(_the_same) => Ok(false),
    }
}
