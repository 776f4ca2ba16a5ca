//! How the signer does, for `/readyz` and for the operator's log.

use tokio::sync::watch;

use crate::{checkpoint::Checkpoint, event::Position};

/// The log is not the one that was signed: nothing newer is signed until somebody has looked into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Up to here the log is not what it was, or cannot be read.
    pub position: Position,
    /// What was found, and what to do.
    pub what: String,
}

/// How the signer does.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// The newest note.
    pub newest: Option<Checkpoint>,
    /// Why notes cannot be written at present.
    pub trouble: Option<String>,
    /// Why nothing is signed any more.
    pub alarm: Option<Alarm>,
}

/// Says how it goes, each thing once.
pub(super) struct StatusReporter(pub(super) watch::Sender<Status>);

impl StatusReporter {
    pub(super) fn trouble(&self, error: &dyn std::error::Error) {
        let what = chain(error);
        if self.change_trouble(Some(what.clone())).is_none() {
            tracing::error!(what, "checkpoints cannot be written; it is tried again, and everything else goes on");
        }
    }

    pub(super) fn works_again(&self) {
        if self.change_trouble(None).is_some() {
            tracing::info!("checkpoints can be written again");
        }
    }

    /// Gives what it was before.
    fn change_trouble(&self, trouble: Option<String>) -> Option<String> {
        let mut before = None;
        self.0.send_modify(|status| before = std::mem::replace(&mut status.trouble, trouble));
        before
    }

    pub(super) fn raise(&self, alarm: Alarm) {
        tracing::error!(position = alarm.position.0, what = alarm.what, "checkpoints stopped");
        self.0.send_modify(|status| status.alarm = Some(alarm));
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
