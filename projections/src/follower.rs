//! One view generation following the log: as its owner, or standing by behind the node that is.
//!
//! Whatever goes wrong, the answer is the same: forget everything, read the cursor again, go on from there. Invariant: rows
//! are written only by the owner of the epoch in the cursor, and only from the cursor on.

pub(crate) mod error;
pub(crate) mod feed;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use event_store::{Position, ReadError, RecordedEvent};
use journal::{Decoded, JournalError};

use crate::{cursor::Cursor, dependencies::Dependencies, generation::Generation};
use error::Error;
use feed::{BATCH, Batch, Feed, Priority};

/// An owner whose beat has not changed for so long counts as dead: three missed beats.
const STALE: Duration = Duration::from_secs(3);
/// Between an owner's signs of life when there is nothing to write.
const BEAT: Duration = Duration::from_secs(1);

/// One generation following the log.
pub(crate) struct Follower {
    pub(crate) generation: Arc<Generation>,
    pub(crate) cursor: Cursor,
    role: Role,
    priority: Priority,
    /// After an alarm it claims no ownership any more.
    is_stopped: bool,
}

enum Role {
    /// It writes; the feed goes on from the cursor.
    Owner { feed: Feed, beaten: Instant },
    /// Another process writes; its last sign of life was seen at this time.
    Standby { seen: Instant },
}

impl Follower {
    pub(crate) fn new(generation: Arc<Generation>, cursor: Cursor, priority: Priority) -> Self {
        Self { generation, cursor, role: Role::Standby { seen: Instant::now() }, priority, is_stopped: false }
    }

    /// From now on readers are served from it, over these connections.
    pub(crate) fn promote(&mut self, generation: Arc<Generation>, dependencies: &Arc<Dependencies>) {
        self.generation = generation;
        self.priority = Priority::Normal;
        if let Role::Owner { feed, .. } = &mut self.role {
            *feed = feed::begin(dependencies, self.cursor.position, self.priority);
        }
    }

    pub(crate) fn position(&self) -> Position {
        self.cursor.position
    }

    pub(crate) fn is_owner(&self) -> bool {
        matches!(self.role, Role::Owner { .. })
    }

    /// The next events to apply; never returns unless it owns its generation. Dropped while it waits, it loses nothing.
    pub(crate) async fn next_batch(&mut self) -> Batch {
        match &mut self.role {
            Role::Owner { feed, .. } => match feed.recv().await {
                Some(batch) => batch,
                None => std::future::pending().await,
            },
            Role::Standby { .. } => std::future::pending().await,
        }
    }

    /// Applies events up to the first that cannot be applied.
    pub(crate) async fn apply(&mut self, dependencies: &Dependencies, batch: Batch) -> Result<(), Error> {
        let mut applied = self.write_batch(dependencies, batch).await;
        if let Err(Error::Alarm(alarm)) = &applied {
            let before = alarm.position;
            applied = self.approach(dependencies, before).await.and(applied);
        }
        applied.inspect_err(|error| self.step_back(error))
    }

    /// Applies what stands before an unreadable event. The log may fail a whole page for one event of it, so the events before
    /// that one are read by themselves. Positions tell how many they are in a dense log only; elsewhere smaller pages are
    /// tried until one ends before it.
    async fn approach(&mut self, dependencies: &Dependencies, before: Position) -> Result<(), Error> {
        let mut at_most = BATCH;
        loop {
            let missing = usize::try_from(before.0.saturating_sub(self.position().0 + 1)).unwrap_or(BATCH);
            if missing == 0 {
                return Ok(());
            }
            match dependencies.reader().read_all(self.position(), missing.min(at_most)).await {
                Ok(page) if page.first().is_some_and(|event| event.position < before) => {
                    let good = decode_while(page, |event| event.position < before);
                    let batch = feed::open(&dependencies.journal, self.position(), good).await;
                    self.write_batch(dependencies, batch).await?;
                }
                Err(ReadError::Damaged { .. }) if missing.min(at_most) > 1 => at_most = missing.min(at_most) / 2,
                Ok(_) | Err(_) => return Ok(()),
            }
        }
    }

    async fn write_batch(&mut self, dependencies: &Dependencies, Batch { events, error }: Batch) -> Result<(), Error> {
        let written = match (events.first(), events.last()) {
            (Some(first), Some(last)) => self.write(dependencies, &events, first.position(), last.recorded()).await,
            (None, _) | (_, None) => Ok(()),
        };
        written.and(error.map_or(Ok(()), Err))
    }

    /// As owner, shows that it is alive; otherwise reads how far the owner is and takes over from a dead one.
    pub(crate) async fn tend(&mut self, dependencies: &Arc<Dependencies>) -> Result<(), Error> {
        let tended = match &self.role {
            Role::Owner { beaten, .. } if dependencies.is_shared && beaten.elapsed() >= BEAT => self.beat().await,
            Role::Owner { .. } => Ok(()),
            Role::Standby { seen } => {
                let seen = *seen;
                self.watch_owner(dependencies, seen).await
            }
        };
        tended.inspect_err(|error| self.step_back(error))
    }

    /// Lets another node take over at once.
    pub(crate) async fn release(&mut self) {
        if self.is_owner() && self.cursor.release(&self.generation.database).await.is_err() {
            tracing::debug!(
                generation = self.generation.number,
                "views not released; they will be taken over as stale"
            );
        }
        self.stand_by();
    }

    async fn write(
        &mut self,
        dependencies: &Dependencies,
        events: &[Decoded],
        first: Position,
        last: &RecordedEvent,
    ) -> Result<(), Error> {
        let to = (last.position, hex::encode(last.hash));
        match self.cursor.advance(&self.generation.database, &dependencies.projections, events, to).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::Fenced),
            Err(error) if error::is_passing(&error) => Err(error.into()),
            Err(error) => Err(Error::alarm(first, &error)),
        }
    }

    async fn beat(&mut self) -> Result<(), Error> {
        if !self.cursor.beat(&self.generation.database).await? {
            return Err(Error::Fenced);
        }
        if let Role::Owner { beaten, .. } = &mut self.role {
            *beaten = Instant::now();
        }
        Ok(())
    }

    async fn watch_owner(&mut self, dependencies: &Arc<Dependencies>, seen: Instant) -> Result<(), Error> {
        let now = Cursor::load(&self.generation.database).await?;
        let has_moved = (now.epoch, now.beat) != (self.cursor.epoch, self.cursor.beat);
        self.cursor = now;
        if has_moved {
            self.stand_by();
        }
        if self.is_stopped {
            return Ok(());
        }
        let owner = self.cursor.owner.as_deref();
        let is_mine = owner == Some(&dependencies.owner);
        let is_free = owner.is_none() || !dependencies.is_shared || (!has_moved && seen.elapsed() >= STALE);
        if is_mine || (is_free && self.cursor.claim(&self.generation.database, &dependencies.owner).await?) {
            let feed = feed::begin(dependencies, self.position(), self.priority);
            self.role = Role::Owner { feed, beaten: Instant::now() };
        }
        Ok(())
    }

    fn step_back(&mut self, error: &Error) {
        self.is_stopped |= matches!(error, Error::Alarm(_));
        self.stand_by();
    }

    fn stand_by(&mut self) {
        self.role = Role::Standby { seen: Instant::now() };
    }
}

/// Decodes the events of a page up to the first that fails a condition.
pub(crate) fn decode_while(
    page: Vec<Arc<RecordedEvent>>,
    condition: impl Fn(&RecordedEvent) -> bool,
) -> Vec<Result<Decoded, JournalError>> {
    let wanted = page.into_iter().take_while(|recorded| condition(recorded));
    wanted.map(|recorded| Ok(Decoded::decode(recorded)?)).collect()
}
