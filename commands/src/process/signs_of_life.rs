//! What a node writes down of staff's signs of life, as seldom as it can: at most one row for each sign-in in a sixth of the time
//! after which an agent is lost (10 s of 60 s).
//!
//! Invariant: only a sign-in that has sent a heartbeat is watched; whoever merely calls routes with a token cannot be lost.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use domain::{AgentId, SignInId};
use jiff::Timestamp;

use super::store::{ProcessStore, StoreError};

/// The longest pause between two rows of a sign-in.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// So many sign-ins are remembered before those whose pause is over are forgotten.
const REMEMBERED: usize = 1024;

/// Writes down who is heard of.
pub struct SignsOfLife {
    store: ProcessStore,
    pause: Duration,
    written: Mutex<HashMap<SignInId, Written>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Written {
    at: Instant,
    is_heartbeat: bool,
}

impl SignsOfLife {
    /// Signs of life of agents who are lost after so long without one.
    #[must_use]
    pub fn new(store: ProcessStore, lost_after: Duration) -> Arc<Self> {
        let pause = (lost_after / 6).min(LONGEST_PAUSE);
        Arc::new(Self { store, pause, written: Mutex::default() })
    }

    /// A heartbeat: from now on the sign-in is watched, and its agent can be lost. Opening the
    /// workbench's stream is one as well; that it stays open is none, for nobody need be reading it.
    ///
    /// # Errors
    /// The store is away.
    pub async fn watches(&self, agent: AgentId, sign_in: SignInId) -> Result<(), StoreError> {
        if self.begin(sign_in, true).is_none() {
            return Ok(());
        }
        let written = self.store.watch_sign_in(agent, sign_in).await;
        if written.is_err() {
            self.lock().remove(&sign_in);
        }
        written
    }

    /// Any other request: it counts where the sign-in is watched. Written in the background, a little later, unless it turns out
    /// to be a heartbeat.
    pub fn note(self: &Arc<Self>, sign_in: SignInId) {
        let Some(noted) = self.begin(sign_in, false) else { return };
        let this = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(this.pause / 10).await;
            if this.lock().get(&sign_in) != Some(&noted) {
                return;
            }
            if let Err(error) = this.store.touch_sign_in(sign_in).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "a sign of life was not written down");
            }
        });
    }

    /// When each agent who is watched was last heard of.
    ///
    /// # Errors
    /// The store is away.
    pub async fn last_seen(&self) -> Result<HashMap<AgentId, Timestamp>, StoreError> {
        self.store.last_seen().await
    }

    /// What is to be written now; `None` where the last of the kind is not old enough. A heartbeat counts as any kind.
    fn begin(&self, sign_in: SignInId, is_heartbeat: bool) -> Option<Written> {
        let mut written = self.lock();
        let is_enough = |last: &Written| last.at.elapsed() < self.pause && (last.is_heartbeat || !is_heartbeat);
        if written.get(&sign_in).is_some_and(is_enough) {
            return None;
        }
        if written.len() >= REMEMBERED {
            written.retain(|_, last| last.at.elapsed() < self.pause);
        }
        let now = Written { at: Instant::now(), is_heartbeat };
        written.insert(sign_in, now);
        Some(now)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SignInId, Written>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
