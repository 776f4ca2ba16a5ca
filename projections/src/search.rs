//! What sessions are found by: their names, the beginnings of their newest messages, and their customers.
//!
//! Invariant: texts are in lower case by the rules of Unicode, as the words of a search are, whatever the database can fold.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{
    Personal, SessionId, VisitorId, customer,
    customer::event::Profile,
    session::{self, Event},
    text::MessageText,
};
use event_store::sql::{SqlError, Transaction, Value};
use journal::Decoded;

use crate::{projection::Projection, rows, session_list::PREVIEW_CHARS};

/// Folds what sessions are found by.
#[derive(Debug)]
pub struct SearchProjection;

const SCHEMA: &[&str] = &[include_str!("sql/session_text.sql"), include_str!("sql/customer.sql")];
/// Of the table of sessions, for lists that leave some out. Most are of the class normal and escalated no more.
const INDEXES: &[&str] = &[
    "create index if not exists session_by_class on session (class, updated_at) where class <> 'normal'",
    "create index if not exists session_by_rule on session (escalation_rule, updated_at)
        where escalation_rule is not null",
    "create index if not exists customer_by_vip on customer (visitor) where vip = 1",
];
const PLAIN: &[&str] = &["session", "visitor"];
/// Only an opened session has a name, and it is opened first.
const INSERT: &str = "insert into session_text (session, name, last_text, position)";
const REPLACE: &str = "on conflict (session) do update set last_text = excluded.last_text, position = excluded.position
    where session_text.position < excluded.position";
const INSERT_CUSTOMER: &str = "insert into customer (visitor, name, vip, position)";
const REPLACE_CUSTOMER: &str =
    "on conflict (visitor) do update set name = excluded.name, vip = excluded.vip, position = excluded.position
    where customer.position < excluded.position";

#[async_trait]
impl Projection for SearchProjection {
    fn name(&self) -> &'static str {
        "search"
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

    async fn apply(&self, tx: &mut Transaction, events: &[Decoded]) -> Result<(), SqlError> {
        let (mut sessions, mut customers) = (BTreeMap::new(), BTreeMap::new());
        for decoded in events {
            let (event, position) = (decoded.opened_event(), decoded.position().0);
            if let Some((session, event)) = event.session() {
                note_session(&mut sessions, session, event, position);
            }
            if let Some((visitor, event)) = event.customer() {
                note_customer(&mut customers, visitor, event, position);
            }
        }
        let values: Vec<Vec<Value<'_>>> = sessions.values().map(SessionText::values).collect();
        rows::insert(tx, INSERT, REPLACE, &values).await?;
        let values: Vec<Vec<Value<'_>>> = customers.values().map(CustomerText::values).collect();
        rows::insert(tx, INSERT_CUSTOMER, REPLACE_CUSTOMER, &values).await
    }
}

/// What a batch says of a session.
struct SessionText {
    session: String,
    name: Option<String>,
    last_text: Option<String>,
    position: u64,
}

impl SessionText {
    fn values(&self) -> Vec<Value<'_>> {
        let Self { session, name, last_text, position } = self;
        vec![session.as_str().into(), name.as_deref().into(), last_text.as_deref().into(), (*position).into()]
    }
}

fn note_session(
    texts: &mut BTreeMap<SessionId, SessionText>,
    session: SessionId,
    event: &session::Event,
    position: u64,
) {
    let id = || session.to_string();
    if let Event::Opened(opened) = event {
        let name = opened.name.known().map(|named| named.session_name.as_str().to_lowercase());
        texts.entry(session).or_insert_with(|| SessionText { session: id(), name, last_text: None, position });
        return;
    }
    let Some(said) = said(event) else { return };
    let text =
        texts.entry(session).or_insert_with(|| SessionText { session: id(), name: None, last_text: None, position });
    (text.last_text, text.position) = (said.map(|said| found_by(said.as_str()).to_lowercase()), position);
}

/// As much of a text as is searched.
fn found_by(text: &str) -> String {
    match text.char_indices().nth(PREVIEW_CHARS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

/// The text of a newest message: none of its own for a notice, and once erased; `None` where nothing was said.
fn said(event: &Event) -> Option<Option<&MessageText>> {
    match event {
        Event::CustomerMessageSent(sent) => Some(sent.words.known().map(|words| &words.text)),
        Event::AssistantReplied(replied) => Some(replied.reply.known().map(|reply| &reply.text)),
        Event::AgentMessageSent(sent) => Some(sent.words.known().map(|words| &words.text)),
        Event::NoticeGiven(_) => Some(None),
        _nothing_said => None,
    }
}

/// What a batch says of a customer.
struct CustomerText {
    visitor: String,
    name: Option<String>,
    vip: bool,
    position: u64,
}

impl CustomerText {
    fn values(&self) -> Vec<Value<'_>> {
        let Self { visitor, name, vip, position } = self;
        vec![visitor.as_str().into(), name.as_deref().into(), (*vip).into(), (*position).into()]
    }
}

fn note_customer(
    texts: &mut BTreeMap<VisitorId, CustomerText>,
    visitor: VisitorId,
    event: &customer::Event,
    position: u64,
) {
    use customer::Event;
    let (profile, vip) = match event {
        Event::Identified(identified) => (&identified.profile, identified.vip),
        Event::ProfileChanged(changed) => (&changed.profile, changed.vip),
        Event::SignedOut(_) | Event::CommandConfirmed(_) | Event::DataErased(_) => return,
    };
    let name = name_of(profile).map(str::to_lowercase);
    texts.insert(visitor, CustomerText { visitor: visitor.to_string(), name, vip, position });
}

fn name_of(profile: &Personal<Profile>) -> Option<&str> {
    Some(profile.known()?.name.as_ref()?.as_str())
}
