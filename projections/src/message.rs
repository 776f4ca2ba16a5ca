//! The view of messages: one row per message, never changed once written.
//!
//! What the customer has cleared is worked out when it is read, from the position of the session's last clear: a message is
//! hidden if it came before, a reply if all messages that it answers did, however late the reply came. Invariant: a withheld
//! reply is never a message for a customer.

mod fold;
mod role;
mod unread;

use std::fmt;

use domain::{AgentId, Language, MessageId, SessionId, session::notice::Notice};
use event_store::{
    Position,
    sql::{Row, SqlError},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{error::ViewsError, reading::Reading, rows, views::Views};
pub use fold::MessagesProjection;
pub use role::Role;

/// The reader of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Sees messages that were not cleared.
    Customer,
    /// Sees all messages, withheld replies as well.
    Staff,
}

/// A message.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageView {
    /// Its id; for a withheld reply, which has none, the id of its event.
    pub message: MessageId,
    /// Who wrote it.
    pub role: Role,
    /// What was said; `None` once erased, and for a notice.
    pub content: Option<String>,
    /// What the server told the customer, of which a text is made when it is shown.
    pub notice: Option<NoticeView>,
    /// When.
    pub at: Timestamp,
    /// Position of its event.
    pub position: Position,
    /// The agent who wrote it.
    pub agent: Option<AgentId>,
    /// Cleared by the customer; only staff sees it.
    pub hidden: bool,
    /// An answer that came too late and was not sent; only staff sees it.
    pub withheld: bool,
    /// What the customer had already been shown of a withheld reply.
    pub shown: Option<String>,
    /// What the customer may choose to say next; none once erased.
    pub suggestions: Vec<String>,
}

/// A notice without its text: names are those of when it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeView {
    /// In which language it was given.
    pub language: Language,
    /// What was told.
    pub notice: Notice,
}

impl NoticeView {
    /// From a column that is null for other messages.
    pub(crate) fn from_row(row: &Row, column: usize) -> Result<Option<Self>, SqlError> {
        row.optional_text(column)?.map(|json| serde_json::from_str(&json).map_err(rows::malformed)).transpose()
    }
}

impl fmt::Debug for MessageView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageView").field("message", &self.message).field("role", &self.role).finish_non_exhaustive()
    }
}

const FOR_CUSTOMER: &str = include_str!("sql/message_for_customer.sql");
const FOR_STAFF: &str = include_str!("sql/message_for_staff.sql");

impl Reading {
    /// The newest `limit` messages, all or those before a position, oldest first.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn messages(
        &mut self,
        session: SessionId,
        audience: Audience,
        before: Option<Position>,
        limit: u32,
    ) -> Result<Vec<MessageView>, ViewsError> {
        let sql = match audience {
            Audience::Customer => FOR_CUSTOMER,
            Audience::Staff => FOR_STAFF,
        };
        let session = session.to_string();
        let before = before.map_or(i64::MAX, |position| i64::try_from(position.0).unwrap_or(i64::MAX));
        let values = [(&*session).into(), before.into(), u64::from(limit).into()];
        let rows = self.rows.fetch(sql, &values).await?;
        Ok(rows.iter().rev().map(MessageView::from_row).collect::<Result<_, _>>()?)
    }
}

impl Views {
    /// [`Reading::messages`] of the newest state.
    ///
    /// # Errors
    /// The views' database does not answer.
    pub async fn messages(
        &self,
        session: SessionId,
        audience: Audience,
        before: Option<Position>,
        limit: u32,
    ) -> Result<Vec<MessageView>, ViewsError> {
        self.reading().await?.messages(session, audience, before, limit).await
    }
}

impl MessageView {
    fn from_row(row: &Row) -> Result<Self, SqlError> {
        Ok(Self {
            position: rows::position(row, 0)?,
            message: rows::id(row, 1)?,
            role: rows::coded(row, 2)?,
            content: row.optional_text(3)?,
            at: rows::time(row, 4)?,
            agent: rows::optional_id(row, 5)?,
            withheld: row.int(6)? != 0,
            shown: row.optional_text(7)?,
            notice: NoticeView::from_row(row, 8)?,
            suggestions: match row.optional_text(9)? {
                Some(json) => serde_json::from_str(&json).map_err(rows::malformed)?,
                None => Vec::new(),
            },
            hidden: row.int(10)? != 0,
        })
    }
}
