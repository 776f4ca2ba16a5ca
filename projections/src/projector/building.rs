//! The generation that is built beside the serving one, and the moment at which readers go over to it.
//!
//! Invariants: the pointer names a generation before anybody is served from it; while readers go over, nobody writes the
//! rows that they leave, and the rows that they come to are at least as new.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use event_store::{Position, Positions, sql::SqlError};
use tokio::time::sleep;

use super::{Followed, Over, lookout::News};
use crate::{
    checkpoint::Checkpoint,
    generation::{Generation, Held, Loaded},
    place::Place,
    projection::{Haste, Projection, is_gone},
    views::{Views, ViewsError},
};

/// The next generation is near the serving one once it makes up in so short a time what that one took in meanwhile.
const SMALL_LAG: Duration = Duration::from_millis(250);
/// How long the rows that readers leave are kept still for the new ones to come as far. A log that never pauses lets them
/// come near and no nearer; each such pause brings them nearer still.
const STILL: Duration = Duration::from_millis(50);
const LOOK_AGAIN: Duration = Duration::from_millis(2);

pub(super) struct Building {
    pub(super) followed: Followed,
    /// The same generation over connections that give way to nobody, for when readers are served from it.
    foreground: Arc<Generation>,
    /// The pointer names it already: another node has gone over to it, or this one had before it died.
    pub(super) is_accepted: bool,
    is_near: bool,
    is_indexed: bool,
    is_settled: bool,
    /// Where it was taken up, and when.
    begun: (Position, Instant),
    /// Where the serving one was when that was last looked at, and when that was.
    goal: Option<(Position, Instant)>,
}

impl Building {
    pub(super) async fn begin(found: Loaded, is_accepted: bool, place: &Place) -> Result<Self, ViewsError> {
        let (foreground, checkpoint) = found;
        tracing::info!(generation = foreground.number, position = checkpoint.position.0, "views are being built");
        let begun = (checkpoint.position, Instant::now());
        let database = place.database_in_background(&foreground).await?;
        let background = Arc::new(Generation { number: foreground.number, database });
        let followed = Followed::new(Projection::new(background, checkpoint, Haste::None));
        Ok(Self {
            followed,
            foreground,
            is_accepted,
            is_near: false,
            is_indexed: false,
            is_settled: false,
            begun,
            goal: None,
        })
    }

    pub(super) fn number(&self) -> u64 {
        self.followed.projection.generation.number
    }

    pub(super) fn known(&self) -> News {
        News { number: self.number(), is_accepted: self.is_accepted }
    }

    /// Whether readers may go over, as far as this generation is concerned.
    pub(super) fn is_ready(&self) -> bool {
        self.is_accepted || (self.is_near && self.followed.projection.is_owner())
    }

    /// Looks again whether they may.
    pub(super) async fn gets_ready(&mut self, views: &Views) -> bool {
        self.is_near = self.followed.projection.is_owner() && self.comes_near(views.position());
        if self.is_near && !self.is_indexed {
            self.index(views).await;
        }
        if self.is_near && !self.is_settled {
            // Not while anybody waits: from here on little can be lost to a power cut, as at any other time.
            self.is_settled = self.followed.projection.generation.database.flush().await.is_ok();
        }
        self.is_ready()
    }

    /// Takes a while, in which the serving one goes ahead: then this is not near any more.
    async fn index(&mut self, views: &Views) {
        let generation = self.followed.projection.generation.clone();
        match generation.make_indexes(&views.means.views).await {
            Ok(()) => self.is_indexed = true,
            Err(error) => {
                let generation = generation.number;
                tracing::warn!(generation, error = &error as &dyn std::error::Error, "indexes not made yet");
            }
        }
        (self.is_near, self.goal) = (false, None);
    }

    fn comes_near(&mut self, serving: Position) -> bool {
        let position = self.followed.projection.position();
        if let Some((goal, since)) = self.goal {
            if position < goal {
                return false;
            }
            if since.elapsed() < SMALL_LAG {
                return true;
            }
        }
        self.goal = Some((serving, Instant::now()));
        serving <= position
    }

    /// Moves the pointer, then the readers, if the rows are as new as those that they leave.
    pub(super) async fn take_over(&mut self, serving: &Generation, views: &Views) -> Result<bool, ViewsError> {
        let began = Instant::now();
        let left = match serving.hold().await {
            Err(error) if is_gone(&error) => Held::gone(views.means.reader.head().await?),
            held => held?,
        };
        if !self.reaches(left.position, views).await? {
            return Ok(false);
        }
        if !self.is_accepted {
            views.place.set_current(self.number()).await?;
            self.is_accepted = true;
        }
        views.serve(self.foreground.clone());
        self.followed.projection.come_forward(self.foreground.clone(), &views.means);
        drop(left);
        self.say_switched(views, began.elapsed());
        Ok(true)
    }

    /// Whether the rows come to be as new as those at a position of the serving generation, which stands still meanwhile.
    async fn reaches(&mut self, position: Position, views: &Views) -> Result<bool, SqlError> {
        let began = Instant::now();
        while self.followed.projection.position() < position {
            if began.elapsed() >= STILL {
                return Ok(false);
            }
            if self.followed.projection.is_owner() {
                self.step(views, &Over::new(false)).await;
            } else {
                sleep(LOOK_AGAIN).await;
                let projection = &mut self.followed.projection;
                projection.checkpoint = Checkpoint::load(&projection.generation.database).await?;
            }
        }
        Ok(true)
    }

    /// One batch, or a look after it all; false when the round is over.
    pub(super) async fn step(&mut self, views: &Views, over: &Over) -> bool {
        let number = self.number();
        self.followed.step(views, over, |alarm| views.raise_of_next(number, alarm)).await
    }

    fn say_switched(&self, views: &Views, took: Duration) {
        let (from, since) = self.begun;
        let position = self.followed.projection.position();
        views.note_switch(took);
        tracing::info!(
            generation = self.number(),
            position = position.0,
            events = (views.means.reader.positions() == Positions::Dense).then(|| position.0.saturating_sub(from.0)),
            seconds = since.elapsed().as_secs_f64(),
            switch_ms = took.as_secs_f64() * 1e3,
            "views switched"
        );
    }
}
