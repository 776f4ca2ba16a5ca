//! Places at an assistant: so many questions at once, so many that wait, each for so long.
//!
//! Invariant: whoever has a place or waits for one is counted; nobody waits where the queue is full.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// How full it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occupancy {
    /// Questions that are being answered.
    pub taken: usize,
    /// Questions that wait.
    pub waiting: usize,
}

#[derive(Debug)]
pub(super) struct Places {
    free: Arc<Semaphore>,
    waiting: AtomicUsize,
    at_once: usize,
    queue: usize,
    queue_time: Duration,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place(#[expect(dead_code, reason = "it is given back when it is dropped")] OwnedSemaphorePermit);

impl Places {
    pub(super) fn new(at_once: usize, queue: usize, queue_time: Duration) -> Self {
        Self { free: Arc::new(Semaphore::new(at_once)), waiting: AtomicUsize::new(0), at_once, queue, queue_time }
    }

    /// Whether a question would get a place, or may wait for one.
    pub(super) fn has_room(&self) -> bool {
        self.free.available_permits() > 0 || self.waiting.load(Ordering::Relaxed) < self.queue
    }

    pub(super) fn occupancy(&self) -> Occupancy {
        Occupancy {
            taken: self.at_once - self.free.available_permits().min(self.at_once),
            waiting: self.waiting.load(Ordering::Relaxed),
        }
    }

    /// A place; `None` where the queue is full or none gets free in time.
    pub(super) async fn take(&self) -> Option<Place> {
        if let Ok(place) = self.free.clone().try_acquire_owned() {
            return Some(Place(place));
        }
        let _waiting = Waiting::begin(&self.waiting, self.queue)?;
        let place = timeout(self.queue_time, self.free.clone().acquire_owned()).await;
        place.ok()?.ok().map(Place)
    }
}

/// Counts one that waits.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize, most: usize) -> Option<Self> {
        let more = |waiting| (waiting < most).then_some(waiting + 1);
        count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Self(count))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn so_many_are_taken_so_many_wait_and_the_rest_goes_on_at_once() {
        let places = Arc::new(Places::new(1, 1, Duration::from_secs(60)));
        let first = places.take().await.expect("it is free");
        let waits = tokio::spawn({
            let places = places.clone();
            async move { places.take().await.is_some() }
        });
        tokio::task::yield_now().await;
        assert_eq!(places.occupancy(), Occupancy { taken: 1, waiting: 1 });
        assert!(!places.has_room() && places.take().await.is_none(), "the queue is full");
        drop(first);
        assert!(waits.await.expect("it does not panic"));
        assert_eq!(places.occupancy(), Occupancy { taken: 0, waiting: 0 });
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_it_may() {
        let places = Places::new(1, 1, Duration::from_millis(50));
        let _first = places.take().await.expect("it is free");
        let began = tokio::time::Instant::now();
        assert!(places.take().await.is_none());
        assert!(began.elapsed() >= Duration::from_millis(50) && places.occupancy().waiting == 0);
    }
}
