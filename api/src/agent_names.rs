//! Joins what the server's texts need and no event holds: the agents' shown names and the shop's time zone.

use std::{sync::Arc, time::Duration};

use domain::{
    AgentId, Language,
    session::notice::Notice,
    texts::{self, Names},
};
use jiff::tz::TimeZone;
use moka::future::Cache;
use projections::{AgentNames, Reading, Views, ViewsError};

/// The names of these agents as of the reading's position, for [`domain::texts::notice`].
///
/// # Errors
/// The views' database does not answer.
pub async fn names(
    reading: &mut Reading,
    agents: impl IntoIterator<Item = AgentId>,
    zone: &TimeZone,
) -> Result<Names, ViewsError> {
    Ok(Names::new(zone.clone(), reading.agent_names(agents).await?))
}

/// Names for streams and refusals, which have no reading of their own.
///
/// Invariant: a name is forgotten within seconds, so that a change or an erasure is not undone by what is in memory.
pub struct NameLookup {
    views: Arc<Views>,
    zone: TimeZone,
    known: Cache<AgentId, AgentNames>,
}

/// As long as an opened personal part is kept.
const TIME_TO_LIVE: Duration = Duration::from_secs(2);
/// About 1 MB.
const CACHE_CAPACITY: u64 = 5_000;

impl NameLookup {
    /// Names out of these views; times are shown in this zone.
    #[must_use]
    pub fn new(views: Arc<Views>, zone: TimeZone) -> Self {
        let known = Cache::builder().max_capacity(CACHE_CAPACITY).time_to_live(TIME_TO_LIVE).build();
        Self { views, zone, known }
    }

    /// What an account is called. While the views are away it has no name: nothing that happened is held back for one.
    pub async fn of(&self, agent: AgentId) -> AgentNames {
        let read = async {
            let mut known = self.views.reading().await?.names_of([agent]).await?;
            Ok::<_, ViewsError>(known.remove(&agent).unwrap_or_default())
        };
        let known = self.known.try_get_with(agent, read).await;
        known.unwrap_or_else(|error| {
            tracing::warn!(agent.id = %agent, error = &*error as &dyn std::error::Error, "a name cannot be read");
            AgentNames::default()
        })
    }

    /// A notice as the customer reads it.
    pub async fn text_of(&self, notice: &Notice, language: Language) -> String {
        let mut agents = Vec::new();
        for agent in texts::agents_in(notice) {
            agents.extend(self.of(agent).await.name.map(|name| (agent, name)));
        }
        texts::notice(notice, language, &Names::new(self.zone.clone(), agents))
    }
}
