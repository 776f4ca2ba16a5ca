//! The names of agents, for texts, streams and sessions, whose events hold ids only.

use std::collections::{BTreeMap, BTreeSet};

use domain::AgentId;
use event_store::sql::SqlError;

use crate::{error::ViewsError, reading::Reading, rows};

/// What an account is called.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct AgentNames {
    /// What it signs in with, for staff alone; `None` once erased.
    pub username: Option<String>,
    /// What customers and colleagues see; `None` once erased.
    pub name: Option<String>,
}

impl std::fmt::Debug for AgentNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentNames").finish_non_exhaustive()
    }
}

const NAMES: &str = "select id, username, name from agent";

impl Reading {
    /// What these accounts are called; one that there is not is left out.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn names_of(
        &mut self,
        agents: impl IntoIterator<Item = AgentId>,
    ) -> Result<BTreeMap<AgentId, AgentNames>, ViewsError> {
        let wanted: BTreeSet<String> = agents.into_iter().map(|agent| agent.to_string()).collect();
        let wanted: Vec<String> = wanted.into_iter().collect();
        let found = rows::with_ids(&mut self.rows, NAMES, "id", &wanted).await?;
        let names = found.iter().map(|row| {
            Ok((rows::id(row, 0)?, AgentNames { username: row.optional_text(1)?, name: row.optional_text(2)? }))
        });
        Ok(names.collect::<Result<_, SqlError>>()?)
    }

    /// The shown names of these accounts; one that was erased, or that there is not, has none.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn agent_names(
        &mut self,
        agents: impl IntoIterator<Item = AgentId>,
    ) -> Result<BTreeMap<AgentId, String>, ViewsError> {
        let found = self.names_of(agents).await?;
        Ok(found.into_iter().filter_map(|(agent, names)| Some((agent, names.name?))).collect())
    }
}
