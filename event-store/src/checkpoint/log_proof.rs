//! Proves the whole log again, from its first event, beside everything else: what was changed behind the fast start is found
//! within the time of one pass.
//!
//! Invariant: it reads at a given rate and waits for nobody; what it finds is the signer's alarm, so nothing is signed after it.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

use super::{
    chain_check::ChainCheck,
    folder::FolderNote,
    frontier::Frontier,
    signer::{Alarm, Dependencies, StartError, StatusReporter, held_by, notes_to_fit},
};
use crate::{
    event::{Position, RecordedEvent},
    flaw::Flaw,
    port::ReadError,
    restore::restores,
};

/// Events read at a time.
const CHUNK: usize = 100;
/// Events per second of a small log, whose pass then ends early.
const LEAST_RATE: f64 = 200.0;
/// After a log or folder that did not answer.
const RETRY: Duration = Duration::from_secs(5);

/// The walk; it runs while [`Self::run`] runs.
pub struct LogProof {
    deps: Dependencies,
    reporter: StatusReporter,
    /// One pass takes at most this long, and begins this long after the one before it.
    period: Duration,
    position: AtomicU64,
}

impl LogProof {
    pub(super) fn new(deps: Dependencies, reporter: StatusReporter, period: Duration) -> Self {
        Self { deps, reporter, period, position: AtomicU64::new(0) }
    }

    /// How far the present pass is.
    #[must_use]
    pub fn position(&self) -> Position {
        Position(self.position.load(Ordering::Relaxed))
    }

    /// Walks until stopped, or until the log does not prove itself.
    ///
    /// # Errors
    /// The log does not prove itself: the signer signs nothing more.
    pub async fn run(&self, mut stopping: watch::Receiver<bool>) -> Result<(), Alarm> {
        let stopped = async { drop(stopping.wait_for(|stopping| *stopping).await) };
        tokio::select! {
            alarm = self.walk_for_ever() => {
                self.reporter.raise(alarm.clone(), &self.deps.places.alarm);
                Err(alarm)
            }
            () = stopped => Ok(()),
        }
    }

    async fn walk_for_ever(&self) -> Alarm {
        loop {
            let began = Instant::now();
            match self.pass().await {
                Ok(()) => sleep_until(began + self.period).await,
                Err(StartError::Alarm(alarm)) => return alarm,
                Err(StartError::Passing { .. }) => sleep(RETRY).await,
            }
        }
    }

    /// From the first event to the head of now.
    async fn pass(&self) -> Result<(), StartError> {
        let head = self.deps.reader.head().await.map_err(|error| self.unreadable(error))?;
        let restores = restores(&*self.deps.reader).await.map_err(|error| self.unreadable(error))?;
        let mut notes = held_by(&restores, notes_to_fit(&self.deps).await?);
        let (mut frontier, mut chain) = (Frontier::start(self.deps.log), ChainCheck::new(self.deps.reader.clone()));
        let pause = self.pause(head);
        while frontier.position < head {
            let page = self.deps.reader.read_all(frontier.position, CHUNK).await;
            for event in page.map_err(|error| self.unreadable(error))? {
                self.prove(&event, &mut chain, &mut frontier, &mut notes).await?;
            }
            self.position.store(frontier.position.0, Ordering::Relaxed);
            sleep(pause).await;
        }
        Ok(())
    }

    async fn prove(
        &self,
        event: &Arc<RecordedEvent>,
        chain: &mut ChainCheck,
        frontier: &mut Frontier,
        notes: &mut VecDeque<FolderNote>,
    ) -> Result<(), StartError> {
        if let Some(flaw) = chain.flaw_of(event).await.map_err(|error| self.unreadable(error))? {
            return Err(StartError::Alarm(self.deps.alarm_of_event(event.position, &flaw)));
        }
        frontier.append(event);
        while let Some(note) = notes.front().filter(|note| note.checkpoint.size <= frontier.size()) {
            if !frontier.fits(&note.checkpoint) {
                return Err(StartError::Alarm(self.deps.alarm_of_change(note)));
            }
            notes.pop_front();
        }
        Ok(())
    }

    /// Between two chunks, so that a pass ends in time.
    #[expect(clippy::cast_precision_loss, reason = "positions are far below 2^52")]
    fn pause(&self, head: Position) -> Duration {
        let rate = (head.0 as f64 / self.period.as_secs_f64().max(0.001)).max(LEAST_RATE);
        Duration::from_secs_f64(CHUNK as f64 / rate)
    }

    fn unreadable(&self, error: ReadError) -> StartError {
        match error {
            ReadError::Gap { expected, .. } => StartError::Alarm(self.deps.alarm_of_event(expected, &Flaw::Missing)),
            ReadError::Damaged { position, what } => {
                StartError::Alarm(self.deps.alarm_of_event(position, &Flaw::Damaged { what }))
            }
            passing @ ReadError::Unavailable(_) => passing.into(),
        }
    }
}
