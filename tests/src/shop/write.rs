//! Brings a shop's days into a log as the program does: one append after the other, at the times of the real clock.

use commands::{Erasure, erasure::Person};
use domain::ErasureCause;
use event_store::{Actor, Log, log::LogError};

use super::Step;

/// Appends what happened as a use case would, now; a person who was forgotten is forgotten.
///
/// # Errors
/// The log did not take it.
pub async fn through(log: &Log, step: &Step) -> Result<(), LogError> {
    match step {
        Step::Appended(append) => log.append(&append.stream, append.expected, &append.events).await.map(drop),
        Step::Erased { subject, .. } => {
            let actor = Actor::new("system", "erasure");
            Erasure::new(log.clone()).erase(Person::Customer(*subject), ErasureCause::Request, actor).await
        }
    }
}
