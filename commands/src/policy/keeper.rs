//! Finds what a dead node left unanswered and has it answered: at once by the same node's next life, after 10 s without a
//! heartbeat by another, and at a run's deadline by anyone. One node does this for all: the holder of the lease.
//!
//! Invariant: whatever is open in the log stands in the timers before the checkpoint passes it, so no crash forgets it.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    SessionId,
    session::{OpenWork, Session},
};
use event_store::{EventReader, StreamName};
use jiff::{SignedDuration, Timestamp};
use journal::Cursor;
use tokio::{sync::watch, time::sleep};
use uuid::Uuid;

use super::{
    ASSISTANT_RUN,
    runner::Runner,
    store::{PolicyError, PolicyStore, Timer, TimerChange},
};
use crate::error::CommandError;

/// Between looks at log and timers.
const TICK: Duration = Duration::from_millis(500);
/// Between heartbeats and renewals of the lease: often enough for [`super::store::NODE_STALE`], seldom enough for a disk.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// Events per look.
const PAGE: usize = 500;
/// A message that nobody has begun to answer for so long is begun by the keeper, though its node lives.
const START_LIMIT: Duration = Duration::from_secs(30);

/// The keeper of runs.
pub struct Keeper {
    store: PolicyStore,
    runner: Arc<Runner>,
    reader: Arc<dyn EventReader>,
    cursor: Arc<Cursor>,
    held_at: Option<Instant>,
}

/// What keeps the keeper from going on.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// Its store or the log.
    #[error(transparent)]
    Store(#[from] PolicyError),
    /// A session cannot be loaded.
    #[error(transparent)]
    Command(#[from] CommandError),
}

impl Keeper {
    /// A keeper that goes on where the last one stood, and moves this cursor along; announces this node's new life first.
    ///
    /// # Errors
    /// The store is away, or of another log.
    pub async fn start(store: PolicyStore, runner: Arc<Runner>, cursor: Arc<Cursor>) -> Result<Self, PolicyError> {
        store.heartbeat(runner.node()).await?;
        let reader = runner.sessions().log().reader();
        cursor.move_to(store.checkpoint_from_start(ASSISTANT_RUN, &*reader).await?);
        Ok(Self { store, runner, reader, cursor, held_at: None })
    }

    /// Keeps until told to stop; then gives the lease up.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut ailing = false;
        while !*stop.borrow() {
            match self.tick().await {
                Ok(()) => ailing = false,
                Err(error) if !std::mem::replace(&mut ailing, true) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the keeper of runs waits");
                }
                Err(_still) => {}
            }
            tokio::select! {
                () = sleep(TICK) => {}
                _ = stop.changed() => {}
            }
        }
        if let Err(error) = self.store.release_lease(ASSISTANT_RUN, self.runner.node()).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the lease could not be given up; it runs out by itself"
            );
        }
    }

    async fn tick(&mut self) -> Result<(), KeeperError> {
        if !self.holds_the_lease().await? {
            return Ok(());
        }
        while self.follow().await? {
            if !self.holds_the_lease().await? {
                return Ok(());
            }
        }
        self.take_over_the_abandoned().await
    }

    /// Renews heartbeat and lease when it is time to. Whoever gets the lease anew begins where the last holder stood.
    async fn holds_the_lease(&mut self) -> Result<bool, PolicyError> {
        if self.held_at.is_some_and(|at| at.elapsed() < HEARTBEAT) {
            return Ok(true);
        }
        let held_before = self.held_at.take().is_some();
        self.store.heartbeat(self.runner.node()).await?;
        if !self.store.hold_lease(ASSISTANT_RUN, self.runner.node()).await? {
            return Ok(false);
        }
        if !held_before {
            self.cursor.move_to(self.store.checkpoint_from_start(ASSISTANT_RUN, &*self.reader).await?);
        }
        self.held_at = Some(Instant::now());
        Ok(true)
    }

    /// Notes what a page of the log opens and ends; `false` at the head.
    async fn follow(&mut self) -> Result<bool, KeeperError> {
        let page = self.reader.read_all(self.cursor.position(), PAGE).await.map_err(PolicyError::from)?;
        let Some(last) = page.last() else { return Ok(false) };
        let is_session = |stream: &&StreamName| stream.category() == "session";
        let touched: BTreeSet<&StreamName> = page.iter().map(|event| &event.stream).filter(is_session).collect();
        let mut changes = Vec::with_capacity(touched.len());
        for stream in touched {
            changes.push(self.what_is_open(stream).await?);
        }
        self.store.advance(ASSISTANT_RUN, &*self.reader, last.position, &changes).await?;
        self.cursor.move_to(last.position);
        Ok(true)
    }

    async fn what_is_open(&self, stream: &StreamName) -> Result<TimerChange, KeeperError> {
        let clear = || TimerChange::Clear(stream.clone());
        let Some(id) = stream.id() else { return Ok(clear()) };
        let current = self.runner.sessions().current(SessionId(id)).await?;
        let open = current.state.session().and_then(Session::open_work);
        Ok(open.map_or_else(clear, |OpenWork { incarnation, deadline }| {
            let due_in = deadline.map_or(START_LIMIT, until);
            TimerChange::Set { stream: stream.clone(), due_in, incarnation }
        }))
    }

    async fn take_over_the_abandoned(&self) -> Result<(), KeeperError> {
        let timers = self.store.timers(ASSISTANT_RUN).await?;
        if timers.is_empty() {
            return Ok(());
        }
        let living = self.store.living().await?;
        for timer in timers.iter().filter(|timer| timer.due || !living.contains(&timer.incarnation)) {
            self.take_over(timer).await?;
        }
        Ok(())
    }

    async fn take_over(&self, timer: &Timer) -> Result<(), KeeperError> {
        let Some(session) = timer.stream.id().map(SessionId) else { return Ok(()) };
        let current = self.runner.sessions().current(session).await?;
        let Some(open) = current.state.session() else { return Ok(()) };
        match (&open.run, open.open_work()) {
            (_, None) => self.store.change(ASSISTANT_RUN, &TimerChange::Clear(timer.stream.clone())).await?,
            (Some(run), Some(_)) => {
                tracing::info!(session.id = %session, run.id = %run.run, run.attempt = run.attempt, "an abandoned run is retaken");
                self.runner.retake(session, run.run, run.attempt);
            }
            (None, Some(_)) => {
                tracing::info!(session.id = %session, "an abandoned message is taken up");
                let cause = open.waiting.first().map_or_else(Uuid::nil, |waiting| waiting.message.0);
                self.runner.take_up(session, cause);
            }
        }
        Ok(())
    }
}

/// From now to a deadline; at once if it has passed.
fn until(deadline: Timestamp) -> Duration {
    let left: SignedDuration = deadline.duration_since(Timestamp::now());
    Duration::try_from(left).unwrap_or_default()
}
