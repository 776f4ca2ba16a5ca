//! The list of sessions for staff, newest first: the rows of the view of sessions, each with its last message.
//!
//! Invariant: page and total are read from one state of the views.

use std::fmt;

use domain::{
    AgentId, SessionId, VisitorId,
    session::{Status, event::EscalationReason},
};
use event_store::{
    Position,
    sql::{Row, SqlError, Value},
};
use jiff::Timestamp;

use crate::{error::ViewsError, message::Role, reading::Reading, rows, views::Views};

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
    /// Why a person was wanted and when it was asked for, while that is not over.
    pub escalation: Option<(EscalationReason, Timestamp)>,
    /// Since when it waits for a person, while it does.
    pub waiting_since: Option<Timestamp>,
    /// Who serves it, while it is live.
    pub agent: Option<AgentId>,
    /// Position of its newest event.
    pub position: Position,
}

/// The beginning of a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Preview {
    /// Who wrote it.
    pub role: Role,
    /// Its first 50 characters, with `...` where there are more; `None` once erased.
    pub content: Option<String>,
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

const PAGE: &str = include_str!("sql/session_list.sql");
const PAGE_OF_STATUS: &str = include_str!("sql/session_list_of_status.sql");
const TOTAL: &str = "select count(*) from session";
const TOTAL_OF_STATUS: &str = "select count(*) from session where status = $1";

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
        let filter: Vec<Value<'_>> = status.iter().map(|status| status.as_str().into()).collect();
        let (page, total) = if status.is_some() { (PAGE_OF_STATUS, TOTAL_OF_STATUS) } else { (PAGE, TOTAL) };
        let mut values = vec![u64::from(limit).into(), offset.min(i64::MAX.unsigned_abs()).into()];
        values.extend(&filter);
        let page = self.rows.fetch(page, &values).await?;
        let total = self.rows.fetch(total, &filter).await?;
        let page = page.iter().map(SessionSummary::from_row).collect::<Result<_, _>>()?;
        Ok((page, total.first().map_or(Ok(0), |row| row.count(0))?))
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
    fn from_row(row: &Row) -> Result<Self, SqlError> {
        let reason: Option<EscalationReason> = rows::optional_coded(row, 5)?;
        Ok(Self {
            session: rows::id(row, 0)?,
            visitor: rows::id(row, 1)?,
            name: row.optional_text(2)?,
            status: rows::coded(row, 3)?,
            updated_at: rows::time(row, 4)?,
            escalation: reason.zip(rows::optional_time(row, 6)?),
            waiting_since: rows::optional_time(row, 7)?,
            agent: rows::optional_id(row, 8)?,
            position: rows::position(row, 9)?,
            last_message: Preview::from_row(row)?,
        })
    }
}

impl Preview {
    fn from_row(row: &Row) -> Result<Option<Self>, SqlError> {
        let Some(role) = rows::optional_coded(row, 10)? else { return Ok(None) };
        let content = row.optional_text(11)?.map(|beginning| shortened(&beginning));
        Ok(Some(Self { role, content, at: rows::time(row, 12)? }))
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(PREVIEW_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preview_has_50_characters_and_three_dots() {
        assert_eq!(shortened(&"电".repeat(50)), "电".repeat(50));
        assert_eq!(shortened(&"电".repeat(51)), "电".repeat(50) + "...");
    }
}
