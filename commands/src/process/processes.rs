//! All that a node does in the background about what happened: its heartbeat, its process managers, its outbox.

use std::{sync::Arc, time::Duration};

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

    /// The kinds of items that the outbox delivers.
    #[must_use]
    pub fn deliveries(&self) -> Vec<String> {
        self.deliveries.iter().map(|delivery| delivery.kind().to_owned()).collect()
    }

    /// Runs the one of this name until told to stop.
    ///
    /// # Errors
    /// It stopped; [`ProcessError::is_passing`] says whether to run it again.
    pub async fn run(&self, name: &str, stop: watch::Receiver<bool>) -> Result<(), ProcessError> {
        match self.managers.iter().find(|(manager, _)| manager.name() == name) {
            Some((manager, status)) => follower::run(&self.context, &**manager, status, stop).await,
            None => outbox::run(&self.context, &self.deliveries, &self.outbox, stop).await,
        }
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
