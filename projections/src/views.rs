//! The views of one process as the program uses them: open, run, wait for a position, ask. The questions stand with each
//! view, the loop in `projector`; both meet here.
//!
//! Invariant: the announced position never goes back, and what is announced can be read.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use event_store::{Position, sql::Database};
use journal::{Journal, Tail};
use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

use crate::{
    dependencies::Dependencies,
    error::{Alarm, Behind, ViewsError},
    generation::{Chosen, Generation, choose},
    projection::ProjectionSet,
    storage::{Storage, ViewsLocation},
};

/// The views of one process.
pub struct Views {
    pub(crate) storage: Storage,
    pub(crate) dependencies: Arc<Dependencies>,
    pub(crate) stop: watch::Sender<bool>,
    /// Held while the loop runs.
    pub(crate) running: tokio::sync::Mutex<()>,
    /// The generation to be built beside the one that serves, as found when the views were opened.
    next: Mutex<Option<u64>>,
    serving: RwLock<Arc<Generation>>,
    announced: watch::Sender<Position>,
    alarm: Mutex<Option<Alarm>>,
    alarm_of_next: Mutex<Option<Alarm>>,
    switched_in: Mutex<Option<Duration>>,
}

impl Views {
    /// Opens views of other projections than this program's.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_with(
        location: ViewsLocation,
        journal: Journal,
        tail: Arc<Tail>,
        projections: ProjectionSet,
    ) -> Result<Arc<Self>, ViewsError> {
        Self::open_as(location, journal, tail, projections, false).await
    }

    pub(crate) async fn open_as(
        location: ViewsLocation,
        journal: Journal,
        tail: Arc<Tail>,
        projections: ProjectionSet,
        is_beside_others: bool,
    ) -> Result<Arc<Self>, ViewsError> {
        let storage = Storage::open(location).await?;
        let Chosen { serving, cursor, next } = choose(&storage, &projections, &**journal.reader()).await?;
        let is_shared = is_beside_others || storage.is_shared();
        let owner = Uuid::new_v4().to_string();
        Ok(Arc::new(Self {
            storage,
            dependencies: Arc::new(Dependencies { journal, tail, projections, owner, is_shared }),
            stop: watch::Sender::new(false),
            running: tokio::sync::Mutex::default(),
            next: Mutex::new(next),
            serving: RwLock::new(serving),
            announced: watch::Sender::new(cursor.position),
            alarm: Mutex::default(),
            alarm_of_next: Mutex::default(),
            switched_in: Mutex::default(),
        }))
    }

    /// Ends [`Self::run`], rolling back the transaction it is in, and lets other nodes take over at once.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// The newest position whose rows can be read.
    #[must_use]
    pub fn position(&self) -> Position {
        *self.announced.borrow()
    }

    /// Positions as they are announced.
    #[must_use]
    pub fn positions(&self) -> watch::Receiver<Position> {
        self.announced.subscribe()
    }

    /// Waits until the rows of a position can be read.
    ///
    /// # Errors
    /// They cannot be within `limit`, or the views have stopped before it, which is said at once.
    pub async fn wait_for(&self, wanted: Position, limit: Duration) -> Result<(), Behind> {
        let mut announced = self.announced.subscribe();
        let reaching = async {
            while *announced.borrow_and_update() < wanted {
                if self.alarm().is_some() || announced.changed().await.is_err() {
                    return false;
                }
            }
            true
        };
        if timeout(limit, reaching).await.unwrap_or(false) {
            return Ok(());
        }
        Err(Behind { wanted, position: self.position(), have_stopped: self.alarm().is_some() })
    }

    /// What stopped the loop, if anything.
    #[must_use]
    pub fn alarm(&self) -> Option<Alarm> {
        let alarm = lock(&self.alarm).clone();
        // Another node may have got past it.
        alarm.filter(|alarm| alarm.position > self.position())
    }

    /// What stopped the building of a next generation, if anything; the serving one goes on.
    #[must_use]
    pub fn alarm_of_next(&self) -> Option<Alarm> {
        lock(&self.alarm_of_next).clone()
    }

    /// The number of the view generation that answers.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.serving().number
    }

    /// How long the last change of generation took; during it readers are served from the one before.
    #[must_use]
    pub fn switched_in(&self) -> Option<Duration> {
        *lock(&self.switched_in)
    }

    /// Where queries go.
    pub(crate) fn database(&self) -> Database {
        self.serving().database.clone()
    }

    pub(crate) fn serving(&self) -> Arc<Generation> {
        self.serving.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The generation that was to be built when the views were opened, until a switch.
    pub(crate) fn next(&self) -> Option<u64> {
        *lock(&self.next)
    }

    pub(crate) fn serve(&self, generation: Arc<Generation>) {
        *self.serving.write().unwrap_or_else(PoisonError::into_inner) = generation;
    }

    /// Notes that readers have been switched.
    pub(crate) fn switched(&self, took: Duration) {
        *lock(&self.switched_in) = Some(took);
        *lock(&self.next) = None;
    }

    pub(crate) fn announce(&self, position: Position) {
        self.announced.send_if_modified(|announced| {
            let is_newer = position > *announced;
            *announced = position.max(*announced);
            is_newer
        });
    }

    /// Keeps an alarm of a next generation, and logs it once.
    pub(crate) fn raise_of_next(&self, generation: u64, alarm: Alarm) {
        let mut kept = lock(&self.alarm_of_next);
        if kept.as_ref() != Some(&alarm) {
            tracing::error!(generation, position = alarm.position.0, what = alarm.what, "views cannot be built");
            *kept = Some(alarm);
        }
    }

    /// Keeps the first alarm that nobody has got past, and logs it once.
    pub(crate) fn raise(&self, alarm: Alarm) {
        let position = self.position();
        let mut kept = lock(&self.alarm);
        if kept.as_ref().is_none_or(|kept| kept.position <= position) {
            tracing::error!(position = alarm.position.0, what = alarm.what, "views stopped: history is never skipped");
            *kept = Some(alarm);
        }
        drop(kept);
        // Whoever waits for a position looks again.
        self.announced.send_modify(|_unchanged| {});
    }
}

/// What is kept is whole at any moment, so a panic elsewhere does not matter.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
