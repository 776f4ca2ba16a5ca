//! The signer's status, for `/readyz` and the operator's log.

use std::{fs, io, path::Path};

use tokio::sync::watch;

use crate::{checkpoint::Checkpoint, event::Position};

/// The log differs from what was signed: nothing is signed until an operator has looked into it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Alarm {
    /// Last position of the part that differs or cannot be read.
    pub position: Position,
    /// What was found, and the command to run.
    pub what: String,
}

impl Alarm {
    /// The alarm of an earlier life, if it is not over; one that cannot be read is one all the same.
    pub(super) fn load(path: &Path) -> io::Result<Option<Self>> {
        match fs::read(path) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text).unwrap_or_else(|_| Self {
                position: Position::START,
                what: format!("there was an alarm, and {} cannot be read", path.display()),
            }))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn store(&self, path: &Path) -> io::Result<()> {
        let draft = path.with_extension("draft");
        fs::write(&draft, serde_json::to_vec(self)?)?;
        fs::File::open(&draft)?.sync_all()?;
        fs::rename(draft, path)
    }
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
    /// An event was recorded at a time that has not come yet.
    pub clock: Option<Alarm>,
}

/// Publishes the status and logs each change once.
#[derive(Clone)]
pub(in crate::checkpoint) struct StatusReporter(pub(in crate::checkpoint) watch::Sender<Status>);

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

    /// Shows the alarm, and keeps it for the next life.
    pub(in crate::checkpoint) fn raise(&self, alarm: Alarm, kept_in: &Path) {
        tracing::error!(position = alarm.position.0, what = alarm.what, "checkpoints stopped");
        if let Err(error) = alarm.store(kept_in) {
            tracing::error!(file = %kept_in.display(), error = &error as &dyn std::error::Error, "the alarm cannot be kept");
        }
        self.0.send_modify(|status| status.alarm = Some(alarm));
    }

    /// Shows the alarm of an earlier life while the log is read again.
    pub(super) fn suspect(&self, alarm: Alarm) {
        tracing::warn!(
            what = alarm.what,
            "there was an alarm: nothing is signed before the whole log has proved itself"
        );
        self.0.send_modify(|status| status.alarm = Some(alarm));
    }

    /// The log has proved itself from its first event on.
    pub(super) fn cleared(&self, kept_in: &Path) {
        match fs::remove_file(kept_in) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::error!(file = %kept_in.display(), error = &error as &dyn std::error::Error, "the alarm is over, and stays kept");
            }
            Ok(()) | Err(_) => tracing::info!("the log has proved itself again; the alarm is over"),
        }
        self.0.send_modify(|status| status.alarm = None);
    }

    /// Shows or ends the alarm about an event's time; logs it once.
    pub(super) fn clock(&self, alarm: Option<Alarm>) {
        let is_news = self.0.borrow().clock.is_some() != alarm.is_some();
        if let Some(alarm) = alarm.as_ref().filter(|_| is_news) {
            tracing::error!(position = alarm.position.0, what = alarm.what, "a clock is wrong");
        }
        if is_news {
            self.0.send_modify(|status| status.clock = alarm);
        }
    }

    /// The alarm, if one was raised.
    pub(super) fn alarm(&self) -> Option<Alarm> {
        self.0.borrow().alarm.clone()
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
