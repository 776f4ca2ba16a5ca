//! Runs one process manager on the node that holds its lease: reads the log, reacts event by event, sends the commands, and
//! then commits cursor, timers, state and outbox at once.
//!
//! Invariants: what was sent and not committed is sent again under the same ids, which changes nothing; when the lease is lost,
//! or the store cannot be reached, everything in memory is forgotten and the work begins again from the store; an event that
//! cannot be read stops it with an alarm that names the position.

mod observation;
mod pending;
#[cfg(test)]
mod tests;
mod worker;

use std::{future::Future, sync::Arc, time::Duration};

use event_store::{Clock, Position, ReadError};
use journal::{JournalError, Tail};
use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout},
};

use super::{
    manager::ProcessManager,
    status::{Retry, StatusHandle},
    store::{LEASE, Lease, ProcessStore, StoreError},
};
use crate::{accounts::Accounts, error::CommandError, node::Node, sessions::Sessions};
use worker::Worker;

/// Between renewals of a lease.
const RENEW: Duration = Duration::from_secs(5);
/// Between looks whether the lease has become free.
const STANDBY: Duration = Duration::from_secs(1);
/// After an outage; doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause before the work is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What process managers and the outbox work with.
#[derive(Clone)]
pub struct Context {
    /// What they keep.
    pub store: ProcessStore,
    /// To send commands.
    pub sessions: Arc<Sessions>,
    /// As above, to accounts.
    pub accounts: Arc<Accounts>,
    /// To read the log.
    pub tail: Arc<Tail>,
    /// By which timers are due.
    pub clock: Arc<dyn Clock>,
    /// This node.
    pub node: Node,
}

/// What keeps a process manager from going on.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// Its store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log, or an event in it.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A command could not be decided: the history of its stream is unreadable.
    #[error("a command caused at position {position} cannot be decided")]
    Command {
        /// Where the process manager stood.
        position: Position,
        /// Why not.
        #[source]
        source: CommandError,
    },
    /// The lease was lost.
    #[error("the lease {0} was lost")]
    LeaseLost(String),
    /// The log ended.
    #[error("the tail of the log has ended")]
    TailEnded,
}

impl ProcessError {
    /// Whether the same work may well succeed a little later, on this node or on another.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Store(StoreError::Database(_) | StoreError::Fenced { .. }) | Self::LeaseLost(_) | Self::TailEnded => {
                true
            }
            Self::Store(StoreError::Log(error)) => matches!(error, ReadError::Unavailable(_)),
            Self::Journal(error) => error.is_unavailable(),
            Self::Store(StoreError::OtherLog { .. } | StoreError::Malformed { .. }) | Self::Command { .. } => false,
        }
    }

    /// Where in the log it stopped, where that is known.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Journal(error) => error.position(),
            Self::Command { position, .. } => Some(*position),
            Self::Store(_) | Self::LeaseLost(_) | Self::TailEnded => None,
        }
    }
}

/// Runs a process manager until told to stop.
///
/// # Errors
/// One that does not pass by itself: the store is of another log, or something in the log is unreadable.
pub async fn run(
    context: &Context,
    manager: &dyn ProcessManager,
    status: &StatusHandle,
    stop: watch::Receiver<bool>,
) -> Result<(), ProcessError> {
    while_leased(context, manager.name(), status, stop, &Following { context, manager, status }).await
}

struct Following<'a> {
    context: &'a Context,
    manager: &'a dyn ProcessManager,
    status: &'a StatusHandle,
}

impl LeasedWork for Following<'_> {
    async fn work(&self, lease: Lease) -> Result<(), ProcessError> {
        Worker::begin(self.context, self.manager, lease).await?.work(self.status).await
    }
}

/// What only one node does at a time. It is dropped at whatever point it is when the lease is lost or it is time to stop: it
/// must survive that as it must survive a crash.
pub(super) trait LeasedWork: Sync {
    /// Works for as long as nothing goes wrong.
    fn work(&self, lease: Lease) -> impl Future<Output = Result<(), ProcessError>> + Send;
}

/// Does some work whenever this node holds the lease, until told to stop.
pub(super) async fn while_leased(
    context: &Context,
    name: &'static str,
    status: &StatusHandle,
    mut stop: watch::Receiver<bool>,
    work: &impl LeasedWork,
) -> Result<(), ProcessError> {
    let (mut pause, mut attempt) = (FIRST_PAUSE, 0);
    while !*stop.borrow() {
        let began = Instant::now();
        let Err(error) = once_leased(context, name, status, &mut stop, work).await else { continue };
        if !error.is_passing() {
            status.alarm(&error, None);
            tracing::error!(name, error = &error as &dyn std::error::Error, "stopped");
            return Err(error);
        }
        tracing::warn!(name, error = &error as &dyn std::error::Error, "begins again from its store");
        if began.elapsed() > LONGEST_PAUSE {
            (pause, attempt) = (FIRST_PAUSE, 0);
        }
        attempt += 1;
        status.alarm(&error, Some(Retry { attempt, next: (Instant::now() + pause).into_std() }));
        tokio::select! {
            () = sleep(pause) => {}
            () = stopped(&mut stop) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    Ok(())
}

/// Waits for the lease, works while it is held, and gives it up.
async fn once_leased(
    context: &Context,
    name: &'static str,
    status: &StatusHandle,
    stop: &mut watch::Receiver<bool>,
    work: &impl LeasedWork,
) -> Result<(), ProcessError> {
    let lease = tokio::select! {
        biased;
        () = stopped(stop) => return Ok(()),
        lease = acquired(context, name, status) => lease?,
    };
    let worked = tokio::select! {
        biased;
        () = stopped(stop) => Ok(()),
        lost = lost(&context.store, &lease) => Err(lost),
        worked = work.work(lease.clone()) => worked,
    };
    if let Err(error) = context.store.release(&lease).await {
        tracing::warn!(
            name,
            error = &error as &dyn std::error::Error,
            "the lease was not given up; it runs out by itself"
        );
    }
    worked
}

/// The lease, as soon as it is free.
async fn acquired(context: &Context, name: &str, status: &StatusHandle) -> Result<Lease, StoreError> {
    loop {
        if let Some(lease) = context.store.acquire(name, &context.node).await? {
            return Ok(lease);
        }
        status.stands_by();
        sleep(STANDBY).await;
    }
}

/// Renews the lease until it is lost: somebody took it, or it could not be renewed in time.
async fn lost(store: &ProcessStore, lease: &Lease) -> ProcessError {
    let mut renewed = Instant::now();
    while renewed.elapsed() < LEASE {
        sleep(RENEW).await;
        match timeout(RENEW, store.renew(lease)).await {
            Ok(Ok(true)) => renewed = Instant::now(),
            Ok(Ok(false)) => break,
            Ok(Err(_)) | Err(_) => {}
        }
    }
    ProcessError::LeaseLost(lease.name().to_owned())
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Without a sender nobody can say so any more: that is an end as well.
    drop(stop.wait_for(|stop| *stop).await);
}
