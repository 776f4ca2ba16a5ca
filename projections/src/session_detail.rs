//! The view of sessions: one row per session with everything the original's `SessionState` has, except the messages.
//!
//! Invariants: the row's status is the one that the domain's fold gives (a property test); an escalation is gone as soon as
//! the session is released, cancelled or closed, and a wait is counted only while the session waits.

mod fold;
mod row;
mod view;

use domain::SessionId;

use crate::{error::ViewsError, reading::Reading, rows, views::Views};
pub use fold::SessionsProjection;
pub use view::{EscalationView, SessionView};

const BY_ID: &str = include_str!("sql/session_by_id.sql");
const BY_NAME: &str = "select id from session where name = $1 order by created_at, id";

impl Reading {
    /// A session by id.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn session(&mut self, session: SessionId) -> Result<Option<SessionView>, ViewsError> {
        let rows = self.rows.fetch(BY_ID, &[(&*session.to_string()).into()]).await?;
        Ok(rows.first().map(SessionView::from_row).transpose()?)
    }
}

impl Views {
    /// [`Reading::session`] of the newest state.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn session(&self, session: SessionId) -> Result<Option<SessionView>, ViewsError> {
        self.reading().await?.session(session).await
    }

    /// The sessions with exactly this name, oldest first: names are unique per visitor only.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn find_by_name(&self, name: &str) -> Result<Vec<SessionId>, ViewsError> {
        let rows = self.database().fetch(BY_NAME, &[name.into()]).await?;
        Ok(rows.iter().map(|row| rows::id(row, 0)).collect::<Result<_, _>>()?)
    }
}
