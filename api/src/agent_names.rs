//! Joins what the server's texts need and no event holds: the agents' shown names and the shop's time zone.

use domain::{AgentId, texts::Names};
use jiff::tz::TimeZone;
use projections::{Reading, ViewsError};

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
