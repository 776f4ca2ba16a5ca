//! The last decision that a session wants a person.

use event_store::Position;
use jiff::Timestamp;
use serde::Serialize;

use super::{Told, last_of};

/// A rule that fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "as in `projections::as_of::Decision`, each a field of the event")]
pub struct Decided {
    pub position: Position,
    pub at: Timestamp,
    pub reason: String,
    pub rule: String,
    pub severity: String,
    pub policy_version: u64,
    pub evidence: Option<String>,
}

impl Decided {
    /// The last `escalated` of a session, over or not.
    #[must_use]
    pub fn last(events: &[&Told]) -> Option<Self> {
        let escalated = last_of(events, "escalated")?;
        Some(Self {
            position: escalated.position,
            at: escalated.at,
            reason: escalated.text("reason")?,
            rule: escalated.text("rule")?,
            severity: escalated.text("severity")?,
            policy_version: escalated.data["policy_version"].as_u64()?,
            evidence: escalated.said("details"),
        })
    }
}
