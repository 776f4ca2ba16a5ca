//! Brings a shop's days into a log as the program does: one append after the other, at the times of the real clock.

use event_store::{Log, log::LogError};
use jiff::Timestamp;

use super::Happening;

/// Appends what happened as a use case would, now; a person who was forgotten is forgotten.
///
/// # Errors
/// The log did not take it.
pub async fn through(log: &Log, happening: &Happening) -> Result<(), LogError> {
    match happening {
        Happening::Appended(append) => log.append(&append.stream, append.expected, &append.events).await.map(drop),
        Happening::Erased { subject, .. } => Ok(log.vault().erase_subject(subject.0, Timestamp::now()).await?),
    }
}
