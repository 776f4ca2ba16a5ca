//! Runs the projection loop in this program if no desk runs: it follows the log, builds and switches as desk does.
//!
//! Invariant: it only runs while no desk is alive, and releases everything when stopped.

use std::{sync::Arc, time::Duration};

use journal::{Journal, Tail};
use projections::{Views, ViewsError};
use tokio::task::JoinHandle;

use crate::{failure::Failure, source::Source};

/// A builder, running or stopped.
pub(super) struct Builder {
    running: Option<(Arc<Views>, JoinHandle<()>)>,
    /// The views of the last run.
    last: Option<Arc<Views>>,
}

impl Builder {
    pub(super) fn new() -> Self {
        Self { running: None, last: None }
    }

    pub(super) fn runs(&self) -> bool {
        self.running.is_some()
    }

    /// Starts building; no-op without a master key.
    pub(super) async fn start(&mut self, source: &Source) -> Result<Option<()>, Failure> {
        let Some(vault) = source.vault() else { return Ok(None) };
        let reader = source.shared_reader();
        let tail = Tail::start(reader.clone(), reader.head().await?);
        let opened = Views::open_beside_others(source.views()?, Journal::new(reader, vault), tail).await;
        let views = opened.map_err(Failure::Rebuild)?;
        self.last = Some(views.clone());
        self.running = Some((views.clone(), tokio::spawn(views.run())));
        Ok(Some(()))
    }

    /// Stops and releases everything.
    pub(super) async fn stop(&mut self) {
        if let Some((views, task)) = self.running.take() {
            views.stop();
            // A panic of the task has been logged; its ownership expires after some seconds.
            drop(task.await);
        }
    }

    /// The error that ended it: an event that cannot be folded.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let stopped = self.running.as_ref().and_then(|(views, _)| views.alarm().or_else(|| views.alarm_of_next()));
        stopped.map_or(Ok(()), |alarm| Err(Failure::Rebuild(ViewsError::Stopped(alarm))))
    }

    /// Duration of the switch of readers, if it was done here.
    pub(super) fn switched_in(&self) -> Option<Duration> {
        self.last.as_ref().and_then(|views| views.switched_in())
    }
}
