//! A session's row as staff sees it.

use std::{collections::BTreeSet, fmt};

use domain::{
    AgentId, ContextId, Language, SessionId, VisitorId,
    session::{
        Status,
        event::{EscalationReason, Severity},
        priority::PriorityClass,
    },
    text::{Skill, Tag},
};
use event_store::Position;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    hand_off::{MailView, OfferView, TransferView},
    rating::RatingView,
};

/// A session as staff sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionView {
    /// Its id.
    pub session: SessionId,
    /// The visitor that it belongs to.
    pub visitor: VisitorId,
    /// What the client calls it; `None` once erased.
    pub name: Option<String>,
    /// Who answers, or that it waits or is closed.
    pub status: Status,
    /// The assistant's context: `conversation_id` on the wire.
    pub context: ContextId,
    /// The language of the customer's last message.
    pub language: Option<Language>,
    /// Episodes so far.
    pub episode: u32,
    /// Why a person was wanted, until the session is released, cancelled or closed.
    pub escalation: Option<EscalationView>,
    /// Who serves it, while it is live.
    pub agent: Option<AgentId>,
    /// Since when it waits for a person, while it does: a session that comes back to the queue keeps its first time.
    pub waiting_since: Option<Timestamp>,
    /// When it first waited for a person, until the assistant has it again, nobody works any more, or it is closed.
    pub first_waiting_at: Option<Timestamp>,
    /// Since when its agent has it, while one does.
    pub taken_over_at: Option<Timestamp>,
    /// Since when one agent or another has it, without a break.
    pub live_since: Option<Timestamp>,
    /// Its class in the queue as it was set; waiting raises it, see [`domain::session::priority::effective_class`].
    pub class: PriorityClass,
    /// Who should take it.
    pub group: Option<Skill>,
    /// The offer that waits for an answer.
    pub offer: Option<OfferView>,
    /// The transfer that waits for an answer.
    pub transfer: Option<TransferView>,
    /// The newest mail about it.
    pub mail: Option<MailView>,
    /// Whether the customer gave an e-mail address.
    pub has_email: bool,
    /// The address; `None` once erased.
    pub email: Option<String>,
    /// Its tags, in order.
    pub tags: BTreeSet<Tag>,
    /// Internal notes that were not removed.
    pub notes: u64,
    /// The rating that was last asked for.
    pub rating: Option<RatingView>,
    /// What the shop's page last passed along, and position of the message that came with it; `None` for nothing, and once erased.
    pub parameters: Option<(Map<String, Value>, Position)>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When anything last happened in it.
    pub updated_at: Timestamp,
    /// When a person last stopped serving it: a release, or a close while live.
    pub last_manual_end_at: Option<Timestamp>,
    /// Replies since the last good one in which the assistant did not know or was unavailable.
    pub ai_fail_count: u32,
    /// Position of its newest event.
    pub position: Position,
    /// Position of its newest message that was not withheld.
    pub(crate) last_message: Option<Position>,
    /// Messages up to here are hidden from the customer: the last time that the screen was cleared.
    pub cleared_at: Position,
}

/// An escalation that is not over.
#[derive(Clone, PartialEq, Eq)]
pub struct EscalationView {
    /// On the wire.
    pub reason: EscalationReason,
    /// The policy's rule that fired.
    pub rule: String,
    /// How urgent.
    pub severity: Severity,
    /// What the rule saw, for staff only; `None` once erased.
    pub details: Option<String>,
    /// When it was asked for; a repeated request does not change it.
    pub trigger_at: Timestamp,
}

impl fmt::Debug for SessionView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut session = f.debug_struct("SessionView");
        session.field("session", &self.session).field("status", &self.status).field("position", &self.position);
        session.finish_non_exhaustive()
    }
}

impl fmt::Debug for EscalationView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EscalationView").field("reason", &self.reason).field("rule", &self.rule).finish_non_exhaustive()
    }
}
