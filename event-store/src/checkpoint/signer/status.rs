//! The signer's status, for `/readyz` and the operator's log.

use tokio::sync::watch;

use crate::{checkpoint::Checkpoint, event::Position};

/// The log differs from what was signed: nothing is signed until an operator has looked into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Last position of the part that differs or cannot be read.
    pub position: Position,
    /// What was found, and the command to run.
    pub what: String,
}

/// The signer's status.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// The newest checkpoint.
    pub newest: Option<Checkpoint>,
    /// Why checkpoints cannot be written at present.
    pub trouble: Option<String>,
    /// Why signing has stopped.
    pub alarm: Option<Alarm>,
}

/// Publishes the status and logs each change once.
pub(super) struct StatusReporter(pub(super) watch::Sender<Status>);

impl StatusReporter {
    pub(super) fn trouble(&self, error: &dyn std::error::Error) {
        let what = chain(error);
        if self.change_trouble(Some(what.clone())).is_none() {
            tracing::error!(what, "checkpoints cannot be written; this is retried, and nothing else is affected");
        }
    }

    pub(super) fn recovered(&self) {
        if self.change_trouble(None).is_some() {
            tracing::info!("checkpoints can be written again");
        }
    }

    /// Returns the previous value.
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
