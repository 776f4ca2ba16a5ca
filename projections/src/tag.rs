//! The view of tags: one row per tag of a session. A session's own tags stand in its row as well; this one counts and finds.

mod fold;

use event_store::sql::SqlError;

use crate::{error::ViewsError, reading::Reading};
pub use fold::TagsProjection;

/// A tag and how many sessions have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagCount {
    /// The tag.
    pub tag: String,
    /// The sessions.
    pub sessions: u64,
}

const COUNTS: &str = "select tag, count(*) from tag group by tag";

impl Reading {
    /// All tags that any session has, the one of most sessions first, then by name.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn tags(&mut self) -> Result<Vec<TagCount>, ViewsError> {
        let rows = self.rows.fetch(COUNTS, &[]).await?;
        let counts = rows.iter().map(|row| Ok(TagCount { tag: row.text(0)?, sessions: row.count(1)? }));
        let mut counts: Vec<TagCount> = counts.collect::<Result<_, SqlError>>()?;
        // Databases order texts differently.
        counts.sort_by(|one, other| (other.sessions, &one.tag).cmp(&(one.sessions, &other.tag)));
        Ok(counts)
    }
}
