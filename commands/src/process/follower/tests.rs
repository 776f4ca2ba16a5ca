//! A process manager that is dropped between any two of its steps, loses its lease, loses its store, or meets what it cannot read.

mod budgets;
mod crashes;
mod history;
mod leases;
mod losses;
mod routing;
mod stops;
mod waiting;

use event_store::Actor;
use uuid::Uuid;

use crate::{event_id::CommandId, executor::CommandMetadata, process::fixture::LOG_ID};

/// What somebody does, and not a process manager.
fn by_hand() -> CommandMetadata {
    CommandMetadata {
        actor: Actor::new("system", "test"),
        correlation_id: Uuid::new_v4(),
        causation_id: None,
        id: CommandId::random(LOG_ID),
    }
}
