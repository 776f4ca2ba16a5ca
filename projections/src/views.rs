//! The views as the program uses them: open, run, wait for a position, ask. The questions themselves stand with each view.
//!
//! Invariant: the announced position never goes back, and what is announced can be read.

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use event_store::{
    EventReader, Position, ReadError, Vault,
    sql::{Database, SqlError},
};
use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

use crate::{
    generation::{Generation, choose},
    place::{Place, ViewsLocation},
    projection::Means,
    projector::{self, Projector},
    view::{self, ViewSet},
};

/// What deletes views: they are rebuilt from the log at the next start.
const WAY_OUT: &str =
    "delete the views (files views-*, or schemas views and views_*) and they are rebuilt from the log";

/// Why the views cannot be opened or asked.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
    /// Their database does not answer.
    #[error("the views' database")]
    Database(#[from] SqlError),
    /// Their folder cannot be used.
    #[error("the views' folder")]
    Folder(#[from] std::io::Error),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// They were folded from another log.
    #[error("the views are of log {views}, but this is log {log}: open the log they belong to, or {WAY_OUT}")]
    OtherLog {
        /// The log that they were folded from.
        views: Uuid,
        /// The log that is there.
        log: Uuid,
    },
    /// The log has been restored, or copied to where positions mean other events.
    #[error("the views are of the log's generation {views}, but a restore or a copy has made it {log}: {WAY_OUT}")]
    OtherLogGeneration {
        /// The generation that they were folded from.
        views: u64,
        /// The generation that is there.
        log: u64,
    },
    /// The event that they end with is not the log's at that position.
    #[error(
        "the views end with an event that the log does not have at position {position}: it was restored or changed; verify it, then {WAY_OUT}"
    )]
    NotInLog {
        /// Where they end.
        position: Position,
    },
    /// They are of another version of the program, whose code alone can build and compare them.
    #[error("the views are of another version of the program: they are {views}, this program's are {program}")]
    OtherVersion {
        /// Names and versions of theirs.
        views: String,
        /// Names and versions of this program's.
        program: String,
    },
    /// There are none yet.
    #[error("there are no views here")]
    NoViews,
    /// The role may not make a generation that the program could write.
    #[error("the views belong to role {owner}, and this is role {role}")]
    OtherRole {
        /// Whose they are.
        owner: String,
        /// Who asks.
        role: String,
    },
    /// The generation that was asked for is gone.
    #[error("generation {number} of the views was thrown away by another version of the program")]
    ThrownAway {
        /// The number.
        number: u64,
    },
    /// An event cannot be folded.
    #[error("the event at position {} cannot be folded: {}", .0.position, .0.what)]
    Stopped(Alarm),
    /// Log or vault do not answer.
    #[error("log or vault")]
    Away(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The views were put back to an older state while they were read.
    #[error("the views went back from position {from} to {to} while they were compared")]
    WentBack {
        /// Where they had been.
        from: Position,
        /// Where they were then.
        to: Position,
    },
    /// A desk was started on them while they were read as they lay.
    #[error("the views were opened to be written while they were compared")]
    Disturbed,
    /// Another version of the program made a generation of this number at the same moment.
    #[error("generation {number} of the views was just taken by another version of the program: start again")]
    Taken {
        /// The number.
        number: u64,
    },
}

/// What stopped the loop: it must be looked into, nothing after it is in the views.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The first position that is not in the views.
    pub position: Position,
    /// Why; nothing personal.
    pub what: String,
}

/// The views have not reached a position in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the views are at position {position}, not yet at {wanted}")]
pub struct Behind {
    /// Where they should be.
    pub wanted: Position,
    /// Where they are.
    pub position: Position,
}

/// The views of one process.
pub struct Views {
    pub(crate) place: Place,
    pub(crate) means: Arc<Means>,
    pub(crate) stop: watch::Sender<bool>,
    serving: RwLock<Arc<Generation>>,
    announced: watch::Sender<Position>,
    alarm: Mutex<Option<Alarm>>,
    alarm_of_next: Mutex<Option<Alarm>>,
    switched_in: Mutex<Option<Duration>>,
    projector: tokio::sync::Mutex<Projector>,
}

impl Views {
    /// Opens the views, making them where there are none. They can be asked at once; [`Self::run`] brings them up to date.
    ///
    /// # Errors
    /// They belong to another log, or log or database do not answer.
    pub async fn open(
        location: ViewsLocation,
        reader: Arc<dyn EventReader>,
        vault: Arc<Vault>,
    ) -> Result<Arc<Self>, ViewsError> {
        Self::open_with(location, reader, vault, view::all()).await
    }

    /// Opens them where another process may have them open as well, even in a folder: what that one owns is left to it as
    /// long as it lives.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_beside_others(
        location: ViewsLocation,
        reader: Arc<dyn EventReader>,
        vault: Arc<Vault>,
    ) -> Result<Arc<Self>, ViewsError> {
        Self::open_as(location, reader, vault, view::all(), true).await
    }

    /// Opens them with other than this program's views.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_with(
        location: ViewsLocation,
        reader: Arc<dyn EventReader>,
        vault: Arc<Vault>,
        views: ViewSet,
    ) -> Result<Arc<Self>, ViewsError> {
        Self::open_as(location, reader, vault, views, false).await
    }

    async fn open_as(
        location: ViewsLocation,
        reader: Arc<dyn EventReader>,
        vault: Arc<Vault>,
        views: ViewSet,
        is_guest: bool,
    ) -> Result<Arc<Self>, ViewsError> {
        let place = Place::open(location).await?;
        let chosen = choose(&place, &views, &*reader).await?;
        let is_shared = is_guest || place.is_shared();
        let means = Arc::new(Means { reader, vault, views, owner: Uuid::new_v4().to_string(), is_shared });
        let serving = chosen.serving.0.clone();
        let announced = chosen.serving.1.position;
        let projector = Projector::new(chosen, &place).await?;
        Ok(Arc::new(Self {
            place,
            means,
            stop: watch::Sender::new(false),
            serving: RwLock::new(serving),
            announced: watch::Sender::new(announced),
            alarm: Mutex::default(),
            alarm_of_next: Mutex::default(),
            switched_in: Mutex::default(),
            projector: tokio::sync::Mutex::new(projector),
        }))
    }

    /// Follows the log until [`Self::stop`]; one call at a time runs. It may be dropped, or panic, at any point: the next
    /// call or the next start goes on where the last transaction ended.
    pub async fn run(self: Arc<Self>) {
        let mut projector = self.projector.lock().await;
        projector::run(&mut projector, &self).await;
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

    /// Positions as they are announced, for whoever pushes on news.
    #[must_use]
    pub fn positions(&self) -> watch::Receiver<Position> {
        self.announced.subscribe()
    }

    /// Waits until the rows of a position can be read.
    ///
    /// # Errors
    /// They cannot be within `limit`.
    pub async fn wait_for(&self, wanted: Position, limit: Duration) -> Result<(), Behind> {
        let mut announced = self.announced.subscribe();
        let reached = timeout(limit, announced.wait_for(|position| *position >= wanted)).await;
        match reached {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Behind { wanted, position: self.position() }),
        }
    }

    /// What stopped the loop, if anything.
    #[must_use]
    pub fn alarm(&self) -> Option<Alarm> {
        let alarm = self.alarm.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Another node may have got past it.
        alarm.filter(|alarm| alarm.position > self.position())
    }

    /// What stopped the building of a next generation, if anything; the serving one is not touched by it.
    #[must_use]
    pub fn alarm_of_next(&self) -> Option<Alarm> {
        self.alarm_of_next.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The generation that answers, for those who print it.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.serving().number
    }

    /// How long the last change of generation took; during it readers are served from the one before.
    #[must_use]
    pub fn switched_in(&self) -> Option<Duration> {
        *self.switched_in.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note_switch(&self, took: Duration) {
        *self.switched_in.lock().unwrap_or_else(PoisonError::into_inner) = Some(took);
    }

    /// Where queries go.
    pub(crate) fn database(&self) -> Database {
        self.serving().database.clone()
    }

    pub(crate) fn serving(&self) -> Arc<Generation> {
        self.serving.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn serve(&self, generation: Arc<Generation>) {
        *self.serving.write().unwrap_or_else(PoisonError::into_inner) = generation;
    }

    pub(crate) fn announce(&self, position: Position) {
        self.announced.send_if_modified(|announced| {
            let is_news = position > *announced;
            *announced = position.max(*announced);
            is_news
        });
    }

    /// Keeps an alarm of a next generation, and says it once.
    pub(crate) fn raise_of_next(&self, generation: u64, alarm: Alarm) {
        let mut kept = self.alarm_of_next.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref() != Some(&alarm) {
            tracing::error!(generation, position = alarm.position.0, what = alarm.what, "views cannot be built");
            *kept = Some(alarm);
        }
    }

    /// Keeps the first alarm that nobody has got past, and says it once.
    pub(crate) fn raise(&self, alarm: Alarm) {
        let position = self.position();
        let mut kept = self.alarm.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|kept| kept.position <= position) {
            tracing::error!(position = alarm.position.0, what = alarm.what, "views stopped: history is never skipped");
            *kept = Some(alarm);
        }
    }
}
