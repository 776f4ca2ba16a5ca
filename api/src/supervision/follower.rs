//! What is supervised: something that follows the log, how far it is, and how it ends.

use std::{convert::Infallible, fmt};

use event_store::{Position, ReadError};
use futures::future::BoxFuture;
use journal::JournalError;
use tokio::sync::watch;

use super::status::FollowerState;
use crate::error_chain::chain;

type AnyError = Box<dyn std::error::Error + Send + Sync>;

pub(super) type Run = Box<dyn Fn(Stopping) -> BoxFuture<'static, Result<(), FollowError>> + Send + Sync>;
pub(super) type PositionOf = Box<dyn Fn() -> Option<Position> + Send + Sync>;
pub(super) type OwnState = Box<dyn Fn() -> Option<FollowerState> + Send + Sync>;

/// Something that follows the log.
pub struct Follower {
    pub(super) name: &'static str,
    pub(super) position: PositionOf,
    pub(super) own_state: OwnState,
    pub(super) run: Run,
}

impl Follower {
    /// A follower with a name, how far it has read, and what runs it: called again after each failure, each time it goes on
    /// where it stands.
    pub fn new<F>(
        name: &'static str,
        position: impl Fn() -> Position + Send + Sync + 'static,
        run: impl Fn(Stopping) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), FollowError>> + Send + 'static,
    {
        Self { position: Box::new(move || Some(position())), ..Self::beside_the_log(name, run) }
    }

    /// Something that is supervised alike and reads no log.
    pub fn beside_the_log<F>(name: &'static str, run: impl Fn(Stopping) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), FollowError>> + Send + 'static,
    {
        let run: Run = Box::new(move |stopping| Box::pin(run(stopping)));
        Self { name, position: Box::new(|| None), own_state: Box::new(|| None), run }
    }

    /// For a follower that stands still at an alarm without ending: another node may get past it.
    #[must_use]
    pub fn with_alarm(self, alarm: impl Fn() -> Option<Alarm> + Send + Sync + 'static) -> Self {
        self.with_own_state(move || alarm().map(|alarm| FollowerState::Stopped { alarm: Some(alarm) }))
    }

    /// For a follower that begins again by itself: what it does while it runs, if that is not following the log.
    #[must_use]
    pub fn with_own_state(self, own: impl Fn() -> Option<FollowerState> + Send + Sync + 'static) -> Self {
        Self { own_state: Box::new(own), ..self }
    }
}

/// Something that an operator has to look at; no restart helps with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Where in the log, where that is known.
    pub position: Option<Position>,
    /// What was found; nothing personal.
    pub what: String,
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl From<projections::Alarm> for Alarm {
    fn from(raised: projections::Alarm) -> Self {
        Self { position: Some(raised.position), what: raised.what }
    }
}

impl From<event_store::checkpoint::Alarm> for Alarm {
    fn from(raised: event_store::checkpoint::Alarm) -> Self {
        Self { position: Some(raised.position), what: raised.what }
    }
}

/// Why a follower has ended.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// It is started again.
    #[error(transparent)]
    Failed(AnyError),
    /// It is not.
    #[error("{0}")]
    Alarm(Alarm),
}

impl FollowError {
    /// An error that a restart may help with.
    pub fn failed(error: impl Into<AnyError>) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Alarm> for FollowError {
    fn from(alarm: Alarm) -> Self {
        Self::Alarm(alarm)
    }
}

impl From<ReadError> for FollowError {
    fn from(error: ReadError) -> Self {
        JournalError::from(error).into()
    }
}

/// What cannot be read now cannot be read later, unless log or vault are only away.
impl From<JournalError> for FollowError {
    fn from(error: JournalError) -> Self {
        if error.is_unavailable() {
            return Self::failed(error);
        }
        Self::Alarm(Alarm { position: error.position(), what: chain(&error) })
    }
}

/// Tells whoever follows the log that the process is about to end.
#[derive(Clone)]
pub struct Stopping(pub(super) watch::Receiver<bool>);

impl From<watch::Receiver<bool>> for Stopping {
    fn from(told: watch::Receiver<bool>) -> Self {
        Self(told)
    }
}

impl Stopping {
    /// Whether it has been told.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once it has been told.
    pub async fn requested(&self) {
        let mut stopping = self.0.clone();
        // Whoever could tell is gone: that is as good as told.
        drop(stopping.wait_for(|told| *told).await);
    }

    /// The channel itself, for a follower of another crate.
    #[must_use]
    pub fn channel(&self) -> watch::Receiver<bool> {
        self.0.clone()
    }

    /// Runs what has nothing to finish: it is dropped when it is told to stop.
    ///
    /// # Errors
    /// Why it ended before.
    pub async fn or<E: Into<FollowError>>(
        &self,
        follow: impl Future<Output = Result<Infallible, E>>,
    ) -> Result<(), FollowError> {
        tokio::select! {
            () = self.requested() => Ok(()),
            Err(error) = follow => Err(error.into()),
        }
    }
}
