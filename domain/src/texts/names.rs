//! What a text needs that no event holds: the agents' shown names, and the time zone of the shop.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::AgentId;

/// Shown names of agents, and the time zone that times are shown in.
///
/// An agent whose name is not here (it was erased, or the caller does not know it) is spoken of without a name.
#[derive(Debug, Clone)]
pub struct Names {
    agents: BTreeMap<AgentId, String>,
    zone: TimeZone,
}

impl Names {
    /// These names, in this time zone.
    #[must_use]
    pub fn new(zone: TimeZone, agents: impl IntoIterator<Item = (AgentId, String)>) -> Self {
        Self { agents: agents.into_iter().collect(), zone }
    }

    /// What an agent is called, if it is known.
    #[must_use]
    pub fn agent(&self, agent: AgentId) -> Option<&str> {
        self.agents.get(&agent).map(String::as_str)
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }
}
