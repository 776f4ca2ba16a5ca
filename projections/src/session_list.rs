//! The list of sessions for staff, by default newest first: the rows of the view of sessions, each with its last message.
//!
//! Invariant: page and total are read from one state of the views.

mod filter;
mod find;
mod order;

use std::{collections::BTreeSet, fmt};

use domain::{
    AgentId, SessionId, VisitorId,
    session::{
        Status,
        event::{EscalationReason, Severity},
        priority::PriorityClass,
    },
    text::{Skill, Tag, form::beginning},
};
use event_store::{
    Position,
    sql::{Row, SqlError},
};
use jiff::Timestamp;

use crate::{
    error::ViewsError,
    message::{NoticeView, Role},
    reading::Reading,
    rows,
    session_detail::RatingView,
    views::Views,
};

pub use filter::{AgentFilter, CustomerType, SessionFilter};
pub use find::{COUNTED, FoundSessions, LOOKED_AT, SessionPage};
pub use order::{NoCursor, PageCursor, SessionOrder};

/// Characters of the last message that a row of the list shows, as in the original.
pub const PREVIEW_CHARS: usize = 50;

/// A row of the list.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionSummary {
    /// Its id.
    pub session: SessionId,
    /// The visitor that it belongs to.
    pub visitor: VisitorId,
    /// What the client calls it; `None` once erased.
    pub name: Option<String>,
    /// Who answers, or that it waits or is closed.
    pub status: Status,
    /// When anything last happened in it.
    pub updated_at: Timestamp,
    /// The newest message that was not withheld.
    pub last_message: Option<Preview>,
    /// Why a person was wanted, while that is not over.
    pub escalation: Option<EscalationSummary>,
    /// Since when it waits for a person, while it does.
    pub waiting_since: Option<Timestamp>,
    /// Its class in the queue as it was set.
    pub class: PriorityClass,
    /// Who should take it.
    pub group: Option<Skill>,
    /// Who serves it, while it is live.
    pub agent: Option<AgentId>,
    /// Its tags, in order.
    pub tags: BTreeSet<Tag>,
    /// Internal notes that were not removed.
    pub notes: u64,
    /// The rating that was last asked for.
    pub rating: Option<RatingView>,
    /// Position of its newest event.
    pub position: Position,
}

/// An escalation that is not over, as a row of a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscalationSummary {
    /// On the wire.
    pub reason: EscalationReason,
    /// The policy's rule that fired.
    pub rule: String,
    /// How urgent.
    pub severity: Severity,
    /// When it was asked for.
    pub trigger_at: Timestamp,
}

/// The beginning of a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Preview {
    /// Who wrote it.
    pub role: Role,
    /// Its first 50 characters, with `...` where there are more; `None` once erased, and for a notice.
    pub content: Option<String>,
    /// What the server told the customer; its text is shortened by [`shortened`].
    pub notice: Option<NoticeView>,
    /// When.
    pub at: Timestamp,
}

impl fmt::Debug for SessionSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut summary = f.debug_struct("SessionSummary");
        summary.field("session", &self.session).field("status", &self.status).finish_non_exhaustive()
    }
}

impl fmt::Debug for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preview").field("role", &self.role).field("at", &self.at).finish_non_exhaustive()
    }
}

/// A row of any list.
pub(crate) const SUMMARY: &str = include_str!("sql/session_summary.sql");

impl Reading {
    /// A page of the sessions, of one status or all, newest updated first; and how many there are in all.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn list(
        &mut self,
        status: Option<Status>,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<SessionSummary>, u64), ViewsError> {
        let filter = SessionFilter { status, ..SessionFilter::default() };
        let found = self.find(&SessionPage { filter, limit, offset, ..SessionPage::default() }).await?;
        Ok((found.sessions, found.total))
    }
}

impl Views {
    /// [`Reading::list`] of the newest state.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn list(
        &self,
        status: Option<Status>,
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<SessionSummary>, u64), ViewsError> {
        self.reading().await?.list(status, limit, offset).await
    }
}

impl SessionSummary {
    pub(crate) fn from_row(row: &Row) -> Result<Self, SqlError> {
        Ok(Self {
            session: rows::id(row, 0)?,
            visitor: rows::id(row, 1)?,
            name: row.optional_text(2)?,
            status: rows::coded(row, 3)?,
            updated_at: rows::time(row, 4)?,
            escalation: EscalationSummary::from_row(row)?,
            waiting_since: rows::optional_time(row, 9)?,
            agent: rows::optional_id(row, 10)?,
            class: rows::coded(row, 11)?,
            group: rows::optional_coded(row, 12)?,
            position: rows::position(row, 13)?,
            last_message: Preview::from_row(row)?,
            tags: rows::json(row, 18)?,
            notes: row.count(19)?,
            rating: RatingView::from_row(row, 20)?,
        })
    }
}

impl EscalationSummary {
    fn from_row(row: &Row) -> Result<Option<Self>, SqlError> {
        let Some(reason) = rows::optional_coded(row, 5)? else { return Ok(None) };
        let (rule, severity) = (row.text(6)?, rows::coded(row, 7)?);
        Ok(Some(Self { reason, rule, severity, trigger_at: rows::time(row, 8)? }))
    }
}

impl Preview {
    fn from_row(row: &Row) -> Result<Option<Self>, SqlError> {
        let Some(role) = rows::optional_coded(row, 14)? else { return Ok(None) };
        let content = row.optional_text(15)?.map(|beginning| shortened(&beginning));
        Ok(Some(Self { role, content, notice: NoticeView::from_row(row, 16)?, at: rows::time(row, 17)? }))
    }
}

/// The first 50 characters of a text, with three dots where there are more. No letter loses its mark, and no emoji a part.
#[must_use]
pub fn shortened(text: &str) -> String {
    let beginning = beginning(text, PREVIEW_CHARS);
    if beginning.len() == text.len() { text.to_owned() } else { format!("{beginning}...") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_has_50_characters_and_three_dots() {
        assert_eq!(shortened(&"电".repeat(50)), "电".repeat(50));
        assert_eq!(shortened(&"电".repeat(51)), "电".repeat(50) + "...");
        assert_eq!(shortened(&("x".repeat(49) + "e\u{301} and more")), "x".repeat(49) + "...");
    }
}
