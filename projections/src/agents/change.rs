//! What every row that an account's event changes gets from that event.

use domain::AgentId;
use event_store::sql::Value;
use journal::Decoded;

/// An event of an account, as the statements take it.
pub(super) struct Change<'a> {
    agent: String,
    event: &'a Decoded,
}

impl<'a> Change<'a> {
    pub(super) fn of(agent: AgentId, event: &'a Decoded) -> Self {
        Self { agent: agent.to_string(), event }
    }

    /// The account's id.
    pub(super) fn agent(&self) -> Value<'_> {
        (&*self.agent).into()
    }

    /// When the event was recorded.
    pub(super) fn at(&self) -> Value<'_> {
        self.event.at_us().into()
    }

    /// Where the event stands in the log.
    pub(super) fn position(&self) -> Value<'_> {
        self.event.position().0.into()
    }

    /// Who did it.
    pub(super) fn actor(&self) -> Value<'_> {
        self.event.recorded().event.actor.as_str().into()
    }
}
