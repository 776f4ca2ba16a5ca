//! All that a node does in the background about what happened: its heartbeat, its process managers, its outbox.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use tokio::{sync::watch, time::sleep};

use super::{
    follower::{self, Context, ProcessError},
    manager::ProcessManager,
    outbox::{self, Delivery, OUTBOX},
    status::{FollowerStatus, StatusHandle},
    store::StoreError,
};

/// Between heartbeats: often enough for [`super::store::NODE_STALE`], seldom enough for a disk.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// The process managers and the outbox of a node.
pub struct Processes {
    context: Context,
    managers: Vec<(Arc<dyn ProcessManager>, StatusHandle)>,
    deliveries: Vec<Arc<dyn Delivery>>,
    outbox: StatusHandle,
}

impl Processes {
    /// Announces this node's new life, with which an earlier one is over, and refuses a store of another log.
    ///
    /// # Errors
    /// Store or log are away, or the store is of another log.
    pub async fn start(
        context: Context,
        managers: Vec<Arc<dyn ProcessManager>>,
        deliveries: Vec<Arc<dyn Delivery>>,
    ) -> Result<Self, StoreError> {
        context.store.heartbeat(&context.node).await?;
        context.store.check_log(&*context.sessions.log().reader()).await?;
        let managers = managers.into_iter().map(|manager| (manager, StatusHandle::default())).collect();
        Ok(Self { context, managers, deliveries, outbox: StatusHandle::default() })
    }

    /// Where each of them stands, by name.
    #[must_use]
    pub fn statuses(&self) -> Vec<(&'static str, watch::Receiver<FollowerStatus>)> {
        let managers = self.managers.iter().map(|(manager, status)| (manager.name(), status.watch()));
        let outbox = (!self.deliveries.is_empty()).then(|| (OUTBOX, self.outbox.watch()));
        managers.chain(outbox).collect()
    }

    /// Runs all of it until told to stop. One that stops with an alarm stops alone.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        let managers = (0..self.managers.len()).map(|which| self.run_manager(which, stop.clone()));
        let outbox = self.run_outbox(stop.clone());
        let all = async { tokio::join!(join_all(managers), outbox) };
        tokio::select! {
            (managers, outbox) = all => drop((managers, outbox)),
            never = self.beat() => match never {},
        }
    }

    /// Runs one of the process managers, in the order in which they were given.
    ///
    /// # Errors
    /// It stopped with an alarm.
    pub async fn run_manager(&self, which: usize, stop: watch::Receiver<bool>) -> Result<(), ProcessError> {
        let (manager, status) = &self.managers[which];
        follower::run(&self.context, &**manager, status, stop).await
    }

    /// Runs the outbox; there is nothing to run where nothing can be delivered.
    ///
    /// # Errors
    /// It stopped with an alarm.
    pub async fn run_outbox(&self, stop: watch::Receiver<bool>) -> Result<(), ProcessError> {
        if self.deliveries.is_empty() {
            return Ok(());
        }
        outbox::run(&self.context, &self.deliveries, &self.outbox, stop).await
    }

    /// Says for ever that this node is alive.
    pub async fn beat(&self) -> std::convert::Infallible {
        let mut fails = false;
        loop {
            sleep(HEARTBEAT).await;
            match self.context.store.heartbeat(&self.context.node).await {
                Ok(()) => fails = false,
                Err(error) if !std::mem::replace(&mut fails, true) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "no heartbeat: others may take over");
                }
                Err(_still) => {}
            }
        }
    }
}
