//! What was said in a session, for the customer and for staff.

use event_store::Position;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::Told;

/// One thing said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Of its event.
    pub position: Position,
    /// The message's id; of a withheld reply, its event's.
    pub id: String,
    /// `user`, `assistant`, `agent`, or `system` for a notice.
    pub role: String,
    /// Nothing once erased, and for a notice.
    pub content: Option<String>,
    /// Of a notice: language, code and parameters.
    pub notice: Option<Value>,
    /// When.
    pub at: Timestamp,
    /// Which agent wrote it.
    pub agent: Option<String>,
    /// Cleared by the customer.
    pub hidden: bool,
    /// Not given.
    pub withheld: bool,
    /// What the customer had seen of a withheld reply.
    pub shown: Option<String>,
    /// What the customer may choose to say next.
    pub suggestions: Vec<String>,
}

impl Said {
    /// Everything, as staff sees it, oldest first.
    #[must_use]
    pub fn for_staff(events: &[&Told]) -> Vec<Self> {
        events.iter().filter_map(|told| said(told, events)).collect()
    }

    /// Of some messages the newest `limit`, all or those before a position, oldest first.
    #[must_use]
    pub fn page(mut all: Vec<Self>, before: Option<Position>, limit: usize) -> Vec<Self> {
        all.retain(|said| before.is_none_or(|before| said.position < before));
        all.split_off(all.len().saturating_sub(limit))
    }

    /// What the customer sees: nothing withheld, nothing cleared.
    #[must_use]
    pub fn for_customer(events: &[&Told]) -> Vec<Self> {
        Self::for_staff(events).into_iter().filter(|said| !said.hidden && !said.withheld).collect()
    }
}

fn said(told: &Told, events: &[&Told]) -> Option<Said> {
    let (role, id) = match &*told.what {
        "customer_message_sent" => ("user", told.text("message")?),
        "assistant_replied" => ("assistant", told.text("message")?),
        "assistant_reply_withheld" => ("assistant", told.event_id.clone()),
        "agent_message_sent" => ("agent", told.text("message")?),
        "notice_given" => ("system", told.text("message")?),
        _ => return None,
    };
    Some(Said {
        position: told.position,
        id,
        role: role.to_owned(),
        content: told.said("text"),
        notice: notice(told),
        at: told.at,
        agent: told.text("agent"),
        hidden: is_hidden(told, events),
        withheld: told.what == "assistant_reply_withheld",
        shown: told.said("shown"),
        suggestions: suggestions(told),
    })
}

fn suggestions(told: &Told) -> Vec<String> {
    let all = told.personal["suggestions"].as_array();
    all.into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

/// The customer has cleared the screen since it was said; of a reply, since the newest message that it answers was.
fn is_hidden(told: &Told, events: &[&Told]) -> bool {
    let cleared = events.iter().rev().find(|other| other.what == "context_started" && other.data["cleared"] == true);
    let Some(cleared) = cleared else { return false };
    let answered = told.data["answers"].as_array().and_then(|answers| answers.last()).and_then(|id| id.as_str());
    let asked = answered.and_then(|id| {
        events.iter().find(|other| other.what == "customer_message_sent" && other.data["message"] == id)
    });
    asked.map_or(told.position, |asked| asked.position) <= cleared.position
}

fn notice(told: &Told) -> Option<Value> {
    let is_one = told.what == "notice_given";
    is_one.then(|| json!({ "language": told.data["language"], "notice": told.data["notice"] }))
}

/// The newest message that was given, as staff's list shows it, cleared or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "as in `Said`, but of the text 50 characters and three dots where there are more")]
pub struct Newest {
    pub role: String,
    pub content: Option<String>,
    pub notice: Option<Value>,
    pub at: Timestamp,
}

/// The newest message that was given.
#[must_use]
pub fn preview(events: &[&Told]) -> Option<Newest> {
    let newest = Said::for_staff(events).into_iter().rev().find(|said| !said.withheld)?;
    let content = newest.content.map(|text| {
        let beginning: String = text.chars().take(50).collect();
        if text.chars().count() > 50 { beginning + "..." } else { beginning }
    });
    Some(Newest { role: newest.role, content, notice: newest.notice, at: newest.at })
}
