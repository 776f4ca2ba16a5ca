//! Everything that follows the log, as the supervisor runs it. The names are those of the detailed health.
//!
//! Each of these can be run again after a failure: it goes on where it stood, or where its own store or files say.

use std::{pin::pin, sync::Arc};

use commands::{
    SettingsInForce, Workspace,
    ephemeral::Relay,
    process::{self, FollowerStatus, ProcessError, Processes, Runner, StatusHandle, dispatcher, outbox::OUTBOX},
    settings::SettingsError,
};
use event_store::{
    EventReader, Follow, Log, Position,
    checkpoint::{LogProof, Signer},
};
use futures::StreamExt as _;
use journal::{Cursor, Tail};
use projections::Views;

use crate::{
    auth::staff_directory::StaffDirectory,
    error_chain::chain,
    session_owners::SessionOwners,
    supervision::{Alarm, FollowError, Follower, FollowerState, Stopping},
    visitor_revocation::VisitorRevocation,
};

/// Reads the log for the others.
pub const TAIL: &str = "tail";
/// Signs checkpoints.
pub const SIGNER: &str = "signer";
/// Proves the whole log again.
pub const LOG_PROOF: &str = "log_proof";
/// Folds events into views.
pub const VIEWS: &str = "views";
/// Knows who of staff is let in.
pub const STAFF_DIRECTORY: &str = "staff_directory";
/// Ends what is open for visitors who sign out.
pub const VISITOR_REVOCATION: &str = "visitor_revocation";
/// Knows who has which session.
pub const SESSION_OWNERS: &str = "session_owners";
/// Knows which of the shop's settings are in force.
pub const SETTINGS: &str = "settings";
/// Begins runs for messages that this node took.
pub const DISPATCHER: &str = "dispatcher";
/// Tells other nodes that this one lives.
pub const HEARTBEAT: &str = "heartbeat";
/// Tries whether writing works again.
pub const WRITE_PROBE: &str = "write_probe";
/// Removes old drafts and markers.
pub const WORKSPACE: &str = "workspace";
/// Carries ephemeral frames between nodes.
pub const EPHEMERAL_FRAMES: &str = "ephemeral_frames";
/// Finishes runs that others left.
pub const ASSISTANT_RUN: &str = process::ASSISTANT_RUN;

/// The tail of the log.
#[must_use]
pub fn tail(tail: Arc<Tail>) -> Follower {
    let position = position_of(&tail, Tail::position);
    Follower::new(TAIL, position, move |stopping| {
        let tail = tail.clone();
        async move { stopping.or(tail.run()).await }
    })
}

/// The tail's events as the signer takes them; the cursor is where it has read to.
#[must_use]
pub fn follow_with(tail: &Arc<Tail>, cursor: &Arc<Cursor>) -> Follow {
    let (tail, cursor) = (tail.clone(), cursor.clone());
    Arc::new(move |after| {
        cursor.move_to(after);
        let cursor = cursor.clone();
        Box::pin(tail.follow_recorded(after).inspect(move |event| {
            if let Ok(event) = event {
                cursor.move_to(event.position);
            }
        }))
    })
}

/// The signer of checkpoints, reading with [`follow_with`] this cursor.
#[must_use]
pub fn signer(signer: Arc<Signer>, cursor: Arc<Cursor>) -> Follower {
    Follower::new(
        SIGNER,
        move || cursor.position(),
        move |stopping| {
            let signer = signer.clone();
            async move { Ok(signer.run(stopping.channel()).await.map_err(Alarm::from)?) }
        },
    )
}

/// The walk that proves the whole log again; its alarm is the signer's.
#[must_use]
pub fn log_proof(proof: Arc<LogProof>) -> Follower {
    let position = position_of(&proof, LogProof::position);
    Follower::new(LOG_PROOF, position, move |stopping| {
        let proof = proof.clone();
        async move { Ok(proof.run(stopping.channel()).await.map_err(Alarm::from)?) }
    })
}

/// The views. Where they cannot fold an event they stand still and do not end: another node may get past it.
#[must_use]
pub fn views(views: Arc<Views>) -> Follower {
    let (position, alarm) = (position_of(&views, Views::position), views.clone());
    let follower = Follower::new(VIEWS, position, move |stopping| {
        let views = views.clone();
        async move {
            let mut running = pin!(views.clone().run());
            tokio::select! {
                () = &mut running => return Ok(()),
                () = stopping.requested() => views.stop(),
            }
            running.await;
            Ok(())
        }
    });
    follower.with_alarm(move || alarm.alarm().map(Into::into))
}

/// Who of staff is let in.
#[must_use]
pub fn staff_directory(directory: Arc<StaffDirectory>, tail: Arc<Tail>, reader: Arc<dyn EventReader>) -> Follower {
    let position = position_of(&directory, StaffDirectory::position);
    Follower::new(STAFF_DIRECTORY, position, move |stopping| {
        let (directory, tail, reader) = (directory.clone(), tail.clone(), reader.clone());
        async move { stopping.or(directory.follow(&tail, &*reader)).await }
    })
}

/// Visitors who sign out.
#[must_use]
pub fn visitor_revocation(revocation: Arc<VisitorRevocation>, tail: Arc<Tail>) -> Follower {
    let position = position_of(&revocation, VisitorRevocation::position);
    Follower::new(VISITOR_REVOCATION, position, move |stopping| {
        let (revocation, tail) = (revocation.clone(), tail.clone());
        async move { stopping.or(revocation.follow(&tail)).await }
    })
}

/// Who has which session.
#[must_use]
pub fn session_owners(owners: Arc<SessionOwners>, tail: Arc<Tail>) -> Follower {
    let position = position_of(&owners, SessionOwners::position);
    Follower::new(SESSION_OWNERS, position, move |stopping| {
        let (owners, tail) = (owners.clone(), tail.clone());
        async move { stopping.or(owners.follow(&tail)).await }
    })
}

/// Which policy and which calendars are in force.
#[must_use]
pub fn settings(settings: Arc<SettingsInForce>, tail: Arc<Tail>) -> Follower {
    let position = position_of(&settings, SettingsInForce::position);
    Follower::new(SETTINGS, position, move |stopping| {
        let (settings, tail) = (settings.clone(), tail.clone());
        async move { stopping.or(settings.follow(&tail)).await }
    })
}

/// Begins runs for the messages that this node takes from here on.
#[must_use]
pub fn dispatcher(runner: Arc<Runner>, tail: Arc<Tail>, after: Position) -> Follower {
    let status = Arc::new(StatusHandle::default());
    status.follows(after, false);
    let position = position_of(&status, StatusHandle::position);
    Follower::new(DISPATCHER, position, move |stopping| {
        let (runner, tail, status) = (runner.clone(), tail.clone(), status.clone());
        async move { Ok(dispatcher::run(&runner, &tail, status.position(), &status, stopping.channel()).await?) }
    })
}

/// The process managers and the outbox. Their own store says where each goes on.
pub fn process_managers(processes: &Arc<Processes>) -> impl Iterator<Item = Follower> {
    processes.statuses().into_iter().map(|(name, status)| {
        let processes = processes.clone();
        let run = move |stopping: Stopping| {
            let processes = processes.clone();
            async move { Ok(processes.run(name, stopping.channel()).await?) }
        };
        let own_state = {
            let status = status.clone();
            move || retrying(&status.borrow())
        };
        let follower = match name {
            OUTBOX => Follower::beside_the_log(name, run),
            _manager => Follower::new(name, move || status.borrow().position, run),
        };
        follower.with_own_state(own_state)
    })
}

/// While store or log are away, or the lease is lost, it begins again by itself.
fn retrying(status: &FollowerStatus) -> Option<FollowerState> {
    let (error, retry) = status.alarm.clone().zip(status.retry)?;
    Some(FollowerState::Restarting { error, attempt: retry.attempt, next: retry.next })
}

/// This node's heartbeat, without which others take its runs over.
#[must_use]
pub fn heartbeat(processes: &Arc<Processes>) -> Follower {
    let processes = processes.clone();
    Follower::beside_the_log(HEARTBEAT, move |stopping| {
        let processes = processes.clone();
        async move { stopping.or(async { Ok::<_, FollowError>(processes.beat().await) }).await }
    })
}

/// What learns that writing works again after an append has failed, while nobody writes.
#[must_use]
pub fn write_probe(log: Log) -> Follower {
    Follower::beside_the_log(WRITE_PROBE, move |stopping| {
        let log = log.clone();
        async move { stopping.or(async { Ok::<_, FollowError>(log.probe_writes().await) }).await }
    })
}

/// What removes drafts and markers that are too old, or were erased.
#[must_use]
pub fn workspace(workspace: Arc<Workspace>) -> Follower {
    Follower::beside_the_log(WORKSPACE, move |stopping| {
        let workspace = workspace.clone();
        async move { stopping.or(async { workspace.tidy().await.map_err(FollowError::failed) }).await }
    })
}

/// What carries ephemeral frames between the nodes on one PostgreSQL.
#[must_use]
pub fn ephemeral_frames(relay: Arc<Relay>) -> Follower {
    Follower::beside_the_log(EPHEMERAL_FRAMES, move |stopping| {
        let relay = relay.clone();
        async move { stopping.or(async { relay.run().await.map_err(FollowError::failed) }).await }
    })
}

impl From<ProcessError> for FollowError {
    fn from(error: ProcessError) -> Self {
        if error.is_passing() {
            return Self::failed(error);
        }
        Self::Alarm(Alarm { position: error.position(), what: chain(&error) })
    }
}

/// A document that cannot be read now cannot be read later.
impl From<SettingsError> for FollowError {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Log(error) => error.into(),
            SettingsError::Document { position, .. } => {
                Self::Alarm(Alarm { position: Some(position), what: chain(&error) })
            }
        }
    }
}

fn position_of<T: Send + Sync + 'static>(
    follower: &Arc<T>,
    position: impl Fn(&T) -> Position + Send + Sync + 'static,
) -> impl Fn() -> Position + Send + Sync + 'static {
    let follower = follower.clone();
    move || position(&follower)
}
