//! What became of mails since the process began, for whoever asks how it does.

use domain::MailId;
use jiff::Timestamp;
use tokio::sync::watch;

/// Counts, and the last mail that was given up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MailOutcomes {
    /// Mails that were sent.
    pub sent: u64,
    /// Mails that were given up.
    pub failed: u64,
    /// The last that was given up.
    pub last_failure: Option<LastFailure>,
}

/// A mail that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastFailure {
    /// Which.
    pub mail: MailId,
    /// Why.
    pub code: String,
    /// When.
    pub at: Timestamp,
}

/// The end that counts.
#[derive(Debug, Clone, Default)]
pub struct OutcomesHandle(watch::Sender<MailOutcomes>);

impl OutcomesHandle {
    /// Watches it.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<MailOutcomes> {
        self.0.subscribe()
    }

    pub(super) fn sent(&self) {
        self.0.send_modify(|outcomes| outcomes.sent += 1);
    }

    pub(super) fn failed(&self, failure: LastFailure) {
        self.0.send_modify(|outcomes| {
            outcomes.failed += 1;
            outcomes.last_failure = Some(failure);
        });
    }
}
