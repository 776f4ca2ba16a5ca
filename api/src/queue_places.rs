//! Where each waiting session stands, for the customers who ask: worked out for all of them at once and kept for a second, because
//! every one of them may ask, and each answer takes the whole queue.
//!
//! Invariant: however many ask, the queue is read at most ten times in a second; the answer is of the last second.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use domain::SessionId;
use jiff::Timestamp;
use projections::{QueuePlace, Reading, ViewsError};
use tokio::sync::Mutex;

/// How long the places are told again.
const CACHED_FOR: Duration = Duration::from_secs(1);
/// How long one who has just come waits for a place.
const NEWS: Duration = Duration::from_millis(100);

/// The places of all sessions that wait.
#[derive(Debug, Default)]
pub struct QueuePlaces(Mutex<Option<Read>>);

#[derive(Debug)]
struct Read {
    at: Instant,
    places: HashMap<SessionId, QueuePlace>,
}

impl Read {
    fn tells(&self, session: SessionId) -> bool {
        let age = self.at.elapsed();
        age < NEWS || (age < CACHED_FOR && self.places.contains_key(&session))
    }
}

impl QueuePlaces {
    /// Where a session stands; `None` if it does not wait, or only just began to.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn of(
        &self,
        session: SessionId,
        reading: &mut Reading,
        now: Timestamp,
    ) -> Result<Option<QueuePlace>, ViewsError> {
        let mut read = self.0.lock().await;
        if !read.as_ref().is_some_and(|read| read.tells(session)) {
            *read = Some(Read { at: Instant::now(), places: reading.queue_places(now).await? });
        }
        Ok(read.as_ref().and_then(|read| read.places.get(&session)).copied())
    }
}
