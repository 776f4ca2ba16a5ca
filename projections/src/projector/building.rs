//! The generation that is built beside the serving one, and the moment at which readers go over to it.
//!
//! Invariants: the pointer names a generation before anybody is served from it; while readers go over, nobody writes the
//! rows that they leave, and the rows that they come to are at least as new.

use std::time::{Duration, Instant};

use event_store::{Position, sql::SqlError};
use tokio::time::sleep;

use crate::{
    checkpoint::Checkpoint,
    generation::Loaded,
    projection::{Batch, Projection},
    views::{Views, ViewsError},
};

/// The next generation is near the head once it makes up in so short a time what was written in the meantime.
const SMALL_LAG: Duration = Duration::from_secs(1);
/// How long the rows that readers leave are kept still for another node to bring the new ones as far.
const STILL: Duration = Duration::from_millis(50);
const LOOK_AGAIN: Duration = Duration::from_millis(2);

pub(super) struct Building {
    pub(super) projection: Projection,
    /// The pointer names it already: another node has gone over to it, or this one had before it died.
    pub(super) is_accepted: bool,
    /// Where it was taken up, and when.
    begun: (Position, Instant),
    /// The head when it was last asked for, and when that was.
    goal: Option<(Position, Instant)>,
}

impl Building {
    pub(super) fn new((generation, checkpoint): Loaded, is_accepted: bool) -> Self {
        tracing::info!(generation = generation.number, position = checkpoint.position.0, "views are being built");
        let begun = (checkpoint.position, Instant::now());
        Self { projection: Projection::new(generation, checkpoint), is_accepted, begun, goal: None }
    }

    pub(super) fn number(&self) -> u64 {
        self.projection.generation.number
    }

    /// Moves the pointer, then the readers, if the generation is ready for them.
    pub(super) async fn take_over(&mut self, serving: &mut Projection, views: &Views) -> Result<bool, ViewsError> {
        let is_ready = self.is_accepted || (self.projection.is_owner() && self.is_near_head(views).await);
        if !is_ready {
            return Ok(false);
        }
        let began = Instant::now();
        let left = serving.hold(&views.means).await?;
        if !self.reaches(left.position).await? {
            return Ok(false);
        }
        if !self.is_accepted {
            views.place.set_current(self.number()).await?;
            self.is_accepted = true;
        }
        views.serve(self.projection.generation.clone());
        drop(left);
        self.say_switched(views, began.elapsed());
        Ok(true)
    }

    /// Whether the rows are as new as those at a position of the serving generation, which stands still meanwhile.
    async fn reaches(&mut self, position: Position) -> Result<bool, SqlError> {
        let began = Instant::now();
        while self.projection.position() < position {
            if self.projection.is_owner() || began.elapsed() >= STILL {
                return Ok(false);
            }
            sleep(LOOK_AGAIN).await;
            self.projection.checkpoint = Checkpoint::load(&self.projection.generation.database).await?;
        }
        Ok(true)
    }

    async fn is_near_head(&mut self, views: &Views) -> bool {
        let position = self.projection.position();
        if let Some((goal, since)) = self.goal {
            if position < goal {
                return false;
            }
            if since.elapsed() < SMALL_LAG {
                return true;
            }
        }
        if let Ok(head) = views.means.reader.head().await {
            self.goal = Some((head, Instant::now()));
        }
        self.goal.is_some_and(|(goal, _)| goal <= position)
    }

    fn say_switched(&self, views: &Views, took: Duration) {
        let (from, since) = self.begun;
        let position = self.projection.position();
        views.note_switch(took);
        tracing::info!(
            generation = self.number(),
            position = position.0,
            events = position.0 - from.0.min(position.0),
            seconds = since.elapsed().as_secs_f64(),
            switch_ms = took.as_secs_f64() * 1e3,
            "views switched"
        );
    }
}

pub(super) async fn next_of(building: &mut Option<Building>) -> Batch {
    match building {
        Some(building) => building.projection.next_batch().await,
        None => std::future::pending().await,
    }
}
