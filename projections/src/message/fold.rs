//! The rows of messages, from what customers, assistants and agents say in sessions, and what the server tells customers.

use async_trait::async_trait;
use domain::{MessageId, SessionId, session::Event};
use event_store::sql::{SqlError, Transaction, Value};
use journal::Decoded;

use super::{NoticeView, role::Role};
use crate::{projection::Projection, rows};

/// Folds the messages of sessions.
#[derive(Debug)]
pub struct MessagesProjection;

const SCHEMA: &[&str] = &[include_str!("../sql/message.sql")];
const INDEXES: &[&str] = &[
    // A session's newest messages.
    "create index if not exists message_by_session on message (session, position)",
    // What a reply answers.
    "create index if not exists message_by_id on message (id)",
];
const PLAIN: &[&str] = &["session", "id", "role", "agent", "answers", "notice"];
const INSERT: &str =
    "insert into message (position, session, id, role, content, at, agent, answers, withheld, shown, notice,
    suggestions)";
const KEEP: &str = "on conflict (position) do nothing";

#[async_trait]
impl Projection for MessagesProjection {
    fn name(&self) -> &'static str {
        "message"
    }

    fn version(&self) -> u32 {
        3
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

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        let messages: Vec<MessageRow<'_>> = events.iter().filter_map(MessageRow::of).collect();
        let values: Vec<_> = messages.iter().map(MessageRow::values).collect();
        rows::insert(tx, INSERT, KEEP, &values).await
    }
}

/// A row to be inserted.
struct MessageRow<'a> {
    event: &'a Decoded,
    session: String,
    id: String,
    role: Role,
    content: Option<&'a str>,
    answers: Option<String>,
    withheld: bool,
    shown: Option<&'a str>,
    agent: Option<String>,
    notice: Option<String>,
    suggestions: Option<String>,
}

impl<'a> MessageRow<'a> {
    fn of(decoded: &'a Decoded) -> Option<Self> {
        let (session, event) = decoded.opened_event().session()?;
        let row = |id, role, content| Self::new(decoded, session, id, role, content);
        match event {
            Event::CustomerMessageSent(sent) => {
                Some(row(sent.message, Role::User, sent.words.known().map(|words| words.text.as_str())))
            }
            Event::AssistantReplied(replied) => {
                let content = replied.reply.known().map(|reply| reply.text.as_str());
                // The newest that it answers: as long as that one is visible, so is the reply.
                let answers = replied.answers.last().map(ToString::to_string);
                let suggestions = replied.reply.known().map(|reply| &reply.suggestions).filter(|all| !all.is_empty());
                let suggestions = suggestions.map(rows::to_json);
                Some(Self { answers, suggestions, ..row(replied.message, Role::Assistant, content) })
            }
            Event::AssistantReplyWithheld(held) => {
                let content = held.withheld.known().map(|withheld| withheld.text.as_str());
                let shown = held.withheld.known().map(|withheld| &*withheld.shown);
                let id = MessageId(decoded.recorded().event.event_id);
                Some(Self { withheld: true, shown, ..row(id, Role::Assistant, content) })
            }
            Event::AgentMessageSent(sent) => {
                let content = sent.words.known().map(|words| words.text.as_str());
                Some(Self { agent: Some(sent.agent.to_string()), ..row(sent.message, Role::Agent, content) })
            }
            Event::NoticeGiven(given) => {
                let notice = NoticeView { language: given.language, notice: given.notice };
                Some(Self { notice: Some(rows::to_json(&notice)), ..row(given.message, Role::System, None) })
            }
            Event::Opened(_)
            | Event::ContextStarted(_)
            | Event::AssistantRunStarted(_)
            | Event::AssistantAsked(_)
            | Event::AssistantFailed(_)
            | Event::Escalated(_)
            | Event::EscalationCancelled(_)
            | Event::AfterHoursNoticeGiven(_)
            | Event::AgentTookOver(_)
            | Event::TransferRequested(_)
            | Event::TransferAccepted(_)
            | Event::TransferDeclined(_)
            | Event::Transferred(_)
            | Event::OfferMade(_)
            | Event::OfferAccepted(_)
            | Event::OfferExpired(_)
            | Event::MailRequested(_)
            | Event::MailSent(_)
            | Event::MailFailed(_)
            | Event::PriorityChanged(_)
            | Event::ProfileChanged(_)
            | Event::NoteAdded(_)
            | Event::NoteEdited(_)
            | Event::NoteRemoved(_)
            | Event::TagsChanged(_)
            | Event::RatingGiven(_)
            | Event::Released(_)
            | Event::ReturnedToQueue(_)
            | Event::Closed(_)
            | Event::Reopened(_)
            | Event::CommandConfirmed(_) => None,
        }
    }

    fn new(event: &'a Decoded, session: SessionId, id: MessageId, role: Role, content: Option<&'a str>) -> Self {
        let (session, id) = (session.to_string(), id.to_string());
        let (answers, agent, notice, suggestions) = (None, None, None, None);
        Self { event, session, id, role, content, answers, withheld: false, shown: None, agent, notice, suggestions }
    }

    fn values(&self) -> Vec<Value<'_>> {
        vec![
            self.event.position().0.into(),
            (&*self.session).into(),
            (&*self.id).into(),
            self.role.as_str().into(),
            self.content.into(),
            self.event.at_us().into(),
            self.agent.as_deref().into(),
            self.answers.as_deref().into(),
            self.withheld.into(),
            self.shown.into(),
            self.notice.as_deref().into(),
            self.suggestions.as_deref().into(),
        ]
    }
}
