//! The one loop: it keeps the serving generation at the head of the log and, while the next one is being built, feeds that
//! as well, until it is at the head too and takes the other's place.
//!
//! Invariants: the next generation is served only once it is as far as readers have been told, so nobody sees an older
//! figure after a newer one; the pointer is on disk before anybody is served from it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use event_store::Position;
use tokio::time::sleep;

use crate::{
    generation::Chosen,
    projection::{Batch, Projection, Trouble},
    views::Views,
};

/// How often a watching node looks how far the owner is: what a reader on such a node waits at most.
const LOOK: Duration = Duration::from_millis(100);
/// How often a lone process looks after itself: what it takes at most to come back from an outage.
const LOOK_ALONE: Duration = Duration::from_millis(500);
/// The next generation is near the head once it makes up in so short a time what was written in the meantime.
const SMALL_LAG: Duration = Duration::from_secs(1);

/// What the loop works on.
pub(crate) struct Projector {
    serving: Projection,
    building: Option<Building>,
    tended: Option<Instant>,
    is_away: bool,
}

struct Building {
    projection: Projection,
    /// The head when it was last asked for, and when that was.
    goal: (Position, Instant),
}

enum Woken {
    Serving(Batch),
    Building(Batch),
    Time,
}

impl Projector {
    pub(crate) fn new(chosen: Chosen) -> Self {
        let serving = Projection::new(chosen.serving.0, chosen.serving.1);
        let building = chosen.next.map(|(generation, checkpoint)| Building {
            projection: Projection::new(generation, checkpoint),
            goal: (Position(u64::MAX), Instant::now()),
        });
        Self { serving, building, tended: None, is_away: false }
    }

    /// Follows the log for ever. Dropped at any point, it leaves whole transactions.
    pub(crate) async fn follow(&mut self, views: &Views) {
        loop {
            if self.tended.is_none_or(|at| at.elapsed() >= self.pace(views)) {
                self.tend(views).await;
            }
            match self.wake(views).await {
                Woken::Serving(batch) => {
                    let applied = self.serving.apply(&views.means, batch).await;
                    self.note_applied(views, applied);
                }
                Woken::Building(batch) => self.build(views, batch).await,
                Woken::Time => {}
            }
            views.announce(self.serving.position());
            self.switch_if_ready(views).await;
        }
    }

    /// Gives up what it owns, so that another node need not wait.
    pub(crate) async fn release(&mut self) {
        self.serving.release().await;
        if let Some(building) = &mut self.building {
            building.projection.release().await;
        }
    }

    async fn wake(&mut self, views: &Views) -> Woken {
        let pace = self.pace(views);
        let rest = self.tended.map_or(Duration::ZERO, |at| pace.saturating_sub(at.elapsed()));
        tokio::select! {
            biased;
            batch = self.serving.next_batch() => Woken::Serving(batch),
            batch = next_of(&mut self.building) => Woken::Building(batch),
            () = sleep(rest) => Woken::Time,
        }
    }

    fn pace(&self, views: &Views) -> Duration {
        if views.means.is_shared { LOOK } else { LOOK_ALONE }
    }

    async fn tend(&mut self, views: &Views) {
        self.tended = Some(Instant::now());
        let tended = self.serving.tend(&views.means).await;
        self.note(views, tended);
        if let Some(building) = &mut self.building {
            let tended = building.projection.tend(&views.means).await;
            self.note(views, tended);
        }
    }

    async fn build(&mut self, views: &Views, batch: Batch) {
        let Some(building) = &mut self.building else { return };
        let applied = building.projection.apply(&views.means, batch).await;
        self.note_applied(views, applied);
    }

    /// Moves the pointer, then the readers, once the next generation is as far as the readers have been told.
    async fn switch_if_ready(&mut self, views: &Views) {
        let Some(building) = &mut self.building else { return };
        if !building.is_near_head(views).await || building.projection.position() < views.position() {
            return;
        }
        let number = building.projection.generation.number;
        if let Err(error) = views.place.set_current(number).await {
            tracing::warn!(generation = number, error = &error as &dyn std::error::Error, "views not switched yet");
            return;
        }
        let Some(building) = self.building.take() else { return };
        let mut previous = std::mem::replace(&mut self.serving, building.projection);
        views.serve(self.serving.generation.clone());
        views.announce(self.serving.position());
        tracing::info!(generation = number, position = self.serving.position().0, "views switched");
        previous.release().await;
        remove_older(views, number.min(previous.generation.number)).await;
    }

    /// An outage is over when a batch is in, not before.
    fn note_applied(&mut self, views: &Views, applied: Result<(), Trouble>) {
        if applied.is_ok() && std::mem::take(&mut self.is_away) {
            tracing::info!("views resumed");
        }
        self.note(views, applied);
    }

    /// Keeps an alarm, which is logged once; an outage is logged once, too.
    fn note(&mut self, views: &Views, done: Result<(), Trouble>) {
        match done {
            Ok(()) => {}
            Err(Trouble::Fenced) => tracing::info!("views are written by another owner"),
            Err(Trouble::Away(error)) => {
                if !std::mem::replace(&mut self.is_away, true) {
                    tracing::warn!(error = &*error as &dyn std::error::Error, "views wait");
                }
            }
            Err(Trouble::Alarm(alarm)) => views.raise(alarm),
        }
    }
}

impl Building {
    async fn is_near_head(&mut self, views: &Views) -> bool {
        let (goal, since) = self.goal;
        let position = self.projection.position();
        let is_unknown = goal == Position(u64::MAX);
        if position < goal && !is_unknown {
            return false;
        }
        if !is_unknown && since.elapsed() < SMALL_LAG {
            return true;
        }
        if let Ok(head) = views.means.reader.head().await {
            self.goal = (head, Instant::now());
        }
        self.goal.0 <= position
    }
}

async fn next_of(building: &mut Option<Building>) -> Batch {
    match building {
        Some(building) => building.projection.next_batch().await,
        None => std::future::pending().await,
    }
}

/// The one that served before stays, for whoever still reads it and for a way back.
async fn remove_older(views: &Views, kept: u64) {
    let numbers = views.place.numbers().await.unwrap_or_default();
    for number in numbers.into_iter().filter(|number| *number < kept) {
        if let Err(error) = views.place.remove(number).await {
            tracing::warn!(generation = number, error = &error as &dyn std::error::Error, "old views not removed");
        }
    }
}

/// Runs a projector until it is told to stop, and lets go of what it owned.
pub(crate) async fn run(mut projector: Projector, views: Arc<Views>) {
    let mut stop = views.stop.subscribe();
    tokio::select! {
        () = projector.follow(&views) => {}
        _ = stop.wait_for(|stop| *stop) => {}
    }
    projector.release().await;
}
