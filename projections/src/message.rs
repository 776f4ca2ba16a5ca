//! The view of messages: one row per thing said, never changed once written.
//!
//! What the customer has cleared is worked out when it is read, from the position of the session's last clear: a message is
//! hidden when it came before, a reply when all that it answers did, however late it came. Invariant: a withheld reply is
//! never a message for a customer.

use std::fmt;

use async_trait::async_trait;
use domain::{AgentId, MessageId, SessionId, session::Event};
use event_store::{
    Position,
    sql::{Row, SqlError, Transaction, Value},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    fact::Fact,
    reading::Reading,
    rows,
    view::View,
    views::{Views, ViewsError},
};

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Sees what was said and not cleared.
    Customer,
    /// Sees everything, withheld replies too.
    Staff,
}

/// Who wrote a message, as on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as on the wire")]
pub enum Role {
    User,
    Assistant,
    Agent,
    System,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::User, Self::Assistant, Self::Agent, Self::System];

    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Agent => "agent",
            Self::System => "system",
        }
    }
}

/// A message.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageView {
    /// Its id; for a withheld reply, which has none, the id of its event.
    pub message: MessageId,
    /// Who wrote it.
    pub role: Role,
    /// What was said; `None` once erased.
    pub content: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Position of its event.
    pub position: Position,
    /// Which agent wrote it.
    pub agent: Option<AgentId>,
    /// Cleared by the customer; only staff sees it.
    pub hidden: bool,
    /// An answer that came too late and was not given; only staff sees it.
    pub withheld: bool,
    /// What the customer had already been shown of a withheld reply.
    pub shown: Option<String>,
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
            hidden: row.int(8)? != 0,
        })
    }
}

/// The view.
#[derive(Debug)]
pub struct MessagesView;

const SCHEMA: &[&str] = &[include_str!("sql/message.sql")];
const INDEXES: &[&str] = &[
    // A session's newest messages.
    "create index if not exists message_by_session on message (session, position)",
    // What a reply answers.
    "create index if not exists message_by_id on message (id)",
];
const PLAIN: &[&str] = &["session", "id", "role", "agent", "answers"];
const INSERT: &str = "insert into message (position, session, id, role, content, at, agent, answers, withheld, shown)";
const KEEP: &str = "on conflict (position) do nothing";

#[async_trait]
impl View for MessagesView {
    fn name(&self) -> &'static str {
        "message"
    }

    fn version(&self) -> u32 {
        1
    }

    fn schema(&self) -> &'static [&'static str] {
        SCHEMA
    }

    fn indexes(&self) -> &'static [&'static str] {
        INDEXES
    }

    fn plain_columns(&self) -> &'static [&'static str] {
        PLAIN
    }

    async fn apply(&self, tx: &mut Transaction, facts: &[Fact]) -> Result<(), SqlError> {
        let said: Vec<Said<'_>> = facts.iter().filter_map(Said::of).collect();
        let values: Vec<_> = said.iter().map(Said::values).collect();
        rows::insert(tx, INSERT, KEEP, &values).await
    }
}

/// A row to be.
struct Said<'a> {
    fact: &'a Fact,
    session: String,
    id: String,
    role: Role,
    content: Option<&'a str>,
    answers: Option<String>,
    withheld: bool,
    shown: Option<&'a str>,
}

impl<'a> Said<'a> {
    fn of(fact: &'a Fact) -> Option<Self> {
        match &fact.event {
            Event::CustomerMessageSent(sent) => {
                Some(Self::new(fact, sent.message, Role::User, sent.words.known().map(|words| words.text.as_str())))
            }
            Event::AssistantReplied(replied) => {
                let content = replied.reply.known().map(|reply| reply.text.as_str());
                // The newest that it answers: as long as that one is visible, so is the reply.
                let answers = replied.answers.last().map(ToString::to_string);
                Some(Self { answers, ..Self::new(fact, replied.message, Role::Assistant, content) })
            }
            Event::AssistantReplyWithheld(kept) => {
                let content = kept.withheld.known().map(|withheld| withheld.text.as_str());
                let shown = kept.withheld.known().map(|withheld| &*withheld.shown);
                let id = MessageId(fact.recorded.event.event_id);
                Some(Self { withheld: true, shown, ..Self::new(fact, id, Role::Assistant, content) })
            }
            Event::Opened(_)
            | Event::ContextStarted(_)
            | Event::AssistantRunStarted(_)
            | Event::AssistantFailed(_)
            | Event::Escalated(_)
            | Event::EscalationCancelled(_)
            | Event::AfterHoursNoticeGiven(_)
            | Event::AgentTookOver(_)
            | Event::Released(_)
            | Event::ReturnedToQueue(_)
            | Event::Closed(_)
            | Event::Reopened(_)
            | Event::CommandConfirmed(_) => None,
        }
    }

    fn new(fact: &'a Fact, id: MessageId, role: Role, content: Option<&'a str>) -> Self {
        let (session, id) = (fact.session.to_string(), id.to_string());
        Self { fact, session, id, role, content, answers: None, withheld: false, shown: None }
    }

    fn values(&self) -> Vec<Value<'_>> {
        vec![
            self.fact.position().0.into(),
            (&*self.session).into(),
            (&*self.id).into(),
            self.role.as_str().into(),
            self.content.into(),
            self.fact.at_us().into(),
            // No event of today has an agent write.
            Value::Text(None),
            self.answers.as_deref().into(),
            self.withheld.into(),
            self.shown.into(),
        ]
    }
}
