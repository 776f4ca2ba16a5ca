//! The generation that is built beside the serving one, and the switch of readers to it.
//!
//! Invariants: the pointer names a generation before anybody is served from it; during the switch nobody writes the rows that
//! readers leave, and the rows that they get are at least as new.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use event_store::{Position, Positions, sql::SqlError};
use tokio::time::sleep;

use super::{
    followed::{Followed, Over},
    watcher::Candidate,
};
use crate::{
    cursor::Cursor,
    error::ViewsError,
    follower::{Follower, error::is_deleted, feed::Priority},
    generation::{Generation, Held, Loaded},
    storage::Storage,
    views::Views,
};

/// The next generation is near the serving one once it needs no longer than this for what that one took in meanwhile.
const SMALL_LAG: Duration = Duration::from_millis(250);
/// How long nobody writes the rows that readers leave while the new ones catch up. A log that never pauses lets them come
/// near and no nearer; each such pause brings them nearer still.
const STILL: Duration = Duration::from_millis(50);
const LOOK_AGAIN: Duration = Duration::from_millis(2);

pub(super) struct NextGeneration {
    pub(super) followed: Followed,
    /// The same generation over connections of normal priority, for when readers are served from it.
    foreground: Arc<Generation>,
    /// The pointer names it already: another node has switched to it, or this one had before it died.
    pub(super) is_current: bool,
    is_near: bool,
    is_indexed: bool,
    is_flushed: bool,
    /// Where this process began to build it, and when.
    begun: (Position, Instant),
    /// Where the serving generation was at the last look, and when that was.
    goal: Option<(Position, Instant)>,
}

impl NextGeneration {
    pub(super) async fn begin(found: Loaded, is_current: bool, storage: &Storage) -> Result<Self, ViewsError> {
        let (foreground, cursor) = found;
        tracing::info!(generation = foreground.number, position = cursor.position.0, "views are being built");
        let begun = (cursor.position, Instant::now());
        let database = storage.database_in_background(foreground.number, &foreground.database).await?;
        let background = Arc::new(Generation { number: foreground.number, database });
        let followed = Followed::new(Follower::new(background, cursor, Priority::Background));
        Ok(Self {
            followed,
            foreground,
            is_current,
            is_near: false,
            is_indexed: false,
            is_flushed: false,
            begun,
            goal: None,
        })
    }

    pub(super) fn number(&self) -> u64 {
        self.followed.follower.generation.number
    }

    pub(super) fn candidate(&self) -> Candidate {
        Candidate { number: self.number(), is_current: self.is_current }
    }

    /// Whether readers may be switched, as far as this generation is concerned.
    pub(super) fn is_ready(&self) -> bool {
        self.is_current || (self.is_near && self.followed.follower.is_owner())
    }

    /// Looks again whether they may, and makes it ready where only that is missing.
    pub(super) async fn gets_ready(&mut self, views: &Views) -> bool {
        self.is_near = self.followed.follower.is_owner() && self.is_near_to(views.position());
        if self.is_near && !self.is_indexed {
            self.index(views).await;
        }
        if self.is_near && !self.is_flushed {
            // Before the switch, while nobody waits for it: from then on a power cut loses little, as at any other time.
            self.is_flushed = self.followed.follower.generation.database.flush().await.is_ok();
        }
        self.is_ready()
    }

    /// Makes the indexes. Meanwhile the serving generation goes ahead, so this one is no longer near afterwards.
    async fn index(&mut self, views: &Views) {
        let generation = self.followed.follower.generation.clone();
        match generation.make_indexes(&views.dependencies.projections).await {
            Ok(()) => self.is_indexed = true,
            Err(error) => {
                let generation = generation.number;
                tracing::warn!(generation, error = &error as &dyn std::error::Error, "indexes not made yet");
            }
        }
        (self.is_near, self.goal) = (false, None);
    }

    fn is_near_to(&mut self, serving: Position) -> bool {
        let position = self.followed.follower.position();
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

    /// Moves the pointer, then the readers, if the rows are as new as those that readers leave.
    pub(super) async fn take_over(&mut self, serving: &Generation, views: &Views) -> Result<bool, ViewsError> {
        let began = Instant::now();
        let left = match serving.hold().await {
            Err(error) if is_deleted(&error) => Held::deleted(views.dependencies.reader().head().await?),
            held => held?,
        };
        if !self.catches_up_with(left.position, views).await? {
            return Ok(false);
        }
        if !self.is_current {
            views.storage.set_current(self.number()).await?;
            self.is_current = true;
        }
        views.serve(self.foreground.clone());
        self.followed.follower.promote(self.foreground.clone(), &views.dependencies);
        drop(left);
        self.log_switch(views, began.elapsed());
        Ok(true)
    }

    /// Whether the rows catch up with the serving generation, which nobody writes meanwhile and which is at this position.
    async fn catches_up_with(&mut self, position: Position, views: &Views) -> Result<bool, SqlError> {
        let began = Instant::now();
        while self.followed.follower.position() < position {
            if began.elapsed() >= STILL {
                return Ok(false);
            }
            if self.followed.follower.is_owner() {
                self.step(views, &Over::new(false)).await;
            } else {
                sleep(LOOK_AGAIN).await;
                let follower = &mut self.followed.follower;
                follower.cursor = Cursor::load(&follower.generation.database).await?;
            }
        }
        Ok(true)
    }

    /// As [`Followed::step`].
    pub(super) async fn step(&mut self, views: &Views, over: &Over) -> bool {
        let number = self.number();
        self.followed.step(views, over, |alarm| views.raise_of_next(number, alarm)).await
    }

    fn log_switch(&self, views: &Views, took: Duration) {
        let (from, since) = self.begun;
        let position = self.followed.follower.position();
        views.switched(took);
        tracing::info!(
            generation = self.number(),
            position = position.0,
            events = (views.dependencies.reader().positions() == Positions::Dense)
                .then(|| position.0.saturating_sub(from.0)),
            seconds = since.elapsed().as_secs_f64(),
            switch_ms = took.as_secs_f64() * 1e3,
            "views switched"
        );
    }
}
