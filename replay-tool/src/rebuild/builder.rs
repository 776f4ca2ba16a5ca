//! The views' own loop, run by this program for want of a desk: it follows the log, builds and goes over as desk does.
//!
//! Invariant: it goes only where nobody else is alive, and lets go of everything when it is stopped.

use std::{sync::Arc, time::Duration};

use projections::{Views, ViewsError};
use tokio::task::JoinHandle;

use crate::{failure::Failure, source::Source};

/// Builds, or could.
pub(super) struct Builder {
    running: Option<(Arc<Views>, JoinHandle<()>)>,
    /// The views that ran last.
    last: Option<Arc<Views>>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self { running: None, last: None }
    }

    pub(super) fn runs(&self) -> bool {
        self.running.is_some()
    }

    /// Begins; nothing without a master key.
    pub(super) async fn start(&mut self, source: &Source) -> Result<Option<()>, Failure> {
        let Some(vault) = source.vault() else { return Ok(None) };
        let opened = Views::open_beside_others(source.views()?, source.shared_reader(), vault).await;
        let views = opened.map_err(Failure::Rebuild)?;
        self.last = Some(views.clone());
        self.running = Some((views.clone(), tokio::spawn(views.run())));
        Ok(Some(()))
    }

    /// Ends and lets go.
    pub(super) async fn stop(&mut self) {
        if let Some((views, task)) = self.running.take() {
            views.stop();
            // A task that panicked has said so; what it owned counts as left after some seconds.
            drop(task.await);
        }
    }

    /// An event that cannot be folded ends it.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let stopped = self.running.as_ref().and_then(|(views, _)| views.alarm().or_else(|| views.alarm_of_next()));
        stopped.map_or(Ok(()), |alarm| Err(Failure::Rebuild(ViewsError::Stopped(alarm))))
    }

    /// How long the readers' change took, where it was made here.
    pub(super) fn switched_in(&self) -> Option<Duration> {
        self.last.as_ref().and_then(|views| views.switched_in())
    }
}
