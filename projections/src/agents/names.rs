//! The shown names of agents, for texts and streams whose events hold ids only.

use std::collections::{BTreeMap, BTreeSet};

use domain::AgentId;

use crate::{error::ViewsError, reading::Reading, rows};

impl Reading {
    /// The shown names of these accounts; one that was erased, or that there is not, has none.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn agent_names(
        &mut self,
        agents: impl IntoIterator<Item = AgentId>,
    ) -> Result<BTreeMap<AgentId, String>, ViewsError> {
        let wanted: BTreeSet<String> = agents.into_iter().map(|agent| agent.to_string()).collect();
        if wanted.is_empty() {
            return Ok(BTreeMap::new());
        }
        let places: Vec<String> = (1..=wanted.len()).map(|number| format!("${number}")).collect();
        let sql = format!("select id, name from agent where name is not null and id in ({})", places.join(", "));
        let values: Vec<_> = wanted.iter().map(|agent| agent.as_str().into()).collect();
        let rows = self.rows.fetch(&sql, &values).await?;
        Ok(rows
            .iter()
            .map(|row| Ok((rows::id(row, 0)?, row.text(1)?)))
            .collect::<Result<_, event_store::sql::SqlError>>()?)
    }
}
