//! Which log a copy is: the same one, and its generation says whether positions mean the same events.

use super::ImportError;
use crate::port::{Identity, Positions};

/// The identity of a copy. Where both logs number without holes every event keeps its position, so all that remembers one
/// (views, policies, checkpoints, cursors) stays right; otherwise the generation is raised, and all of it is refused.
#[must_use]
pub fn identity_of_copy(source: Identity, from: Positions, to: Positions) -> Identity {
    let keeps_positions = from == Positions::Dense && to == Positions::Dense;
    let generation = if keeps_positions { source.generation } else { source.generation + 1 };
    Identity { generation, ..source }
}

/// Whether a target takes this identity as a new one; it may also have it already.
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
