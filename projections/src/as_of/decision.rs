//! The last decision that a session needs a person: which rule of which policy, and its evidence.

use std::fmt;

use domain::{
    Personal,
    session::{
        Event,
        event::{EscalationReason, Severity},
    },
};
use event_store::Position;
use jiff::Timestamp;
use journal::Decoded;

/// A rule that fired. It stays the last decision when the escalation is over.
#[derive(Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its event's place in the log.
    pub position: Position,
    /// When it was recorded.
    pub at: Timestamp,
    /// On the wire.
    pub reason: EscalationReason,
    /// The policy's rule.
    pub rule: String,
    /// How urgent.
    pub severity: Severity,
    /// The policy that was in force.
    pub policy_version: u32,
    /// What the rule saw, for staff only.
    pub evidence: Personal<String>,
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision").field("position", &self.position).field("rule", &self.rule).finish_non_exhaustive()
    }
}

impl Decision {
    /// The decision that an event is, if it is one.
    pub(super) fn of(decoded: &Decoded) -> Option<Self> {
        let (_, Event::Escalated(escalated)) = decoded.opened_event().session()? else { return None };
        Some(Self {
            position: decoded.position(),
            at: decoded.recorded().recorded_at,
            reason: escalated.reason,
            rule: escalated.rule.clone(),
            severity: escalated.severity,
            policy_version: escalated.policy_version,
            evidence: escalated.evidence.as_ref().map(|evidence| evidence.details.clone()),
        })
    }
}
