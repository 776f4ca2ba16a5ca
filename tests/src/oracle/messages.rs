//! What was said in a session, for the customer and for staff.

use event_store::Position;
use jiff::Timestamp;
use serde::Serialize;

use super::{Told, last_of};

/// One thing said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Of its event.
    pub position: Position,
    /// The message's id; of a withheld reply, its event's.
    pub id: String,
    /// `user` or `assistant`.
    pub role: String,
    /// Nothing once erased.
    pub content: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Which agent wrote it; of no event of today an agent is the author.
    pub agent: Option<String>,
    /// Cleared by the customer.
    pub hidden: bool,
    /// Not given.
    pub withheld: bool,
    /// What the customer had seen of a withheld reply.
    pub shown: Option<String>,
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
        _ => return None,
    };
    Some(Said {
        position: told.position,
        id,
        role: role.to_owned(),
        content: told.said("text"),
        at: told.at,
        agent: None,
        hidden: is_hidden(told, events),
        withheld: told.what == "assistant_reply_withheld",
        shown: told.said("shown"),
    })
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

/// The beginning of the newest message that was given, as staff's list shows it, cleared or not: role, 50 characters and
/// three dots where there are more, time.
#[must_use]
pub fn preview(events: &[&Told]) -> Option<(String, Option<String>, Timestamp)> {
    let (sent, replied) = (last_of(events, "customer_message_sent"), last_of(events, "assistant_replied"));
    let newest = [sent, replied].into_iter().flatten().max_by_key(|told| told.position)?;
    let role = if newest.what == "assistant_replied" { "assistant" } else { "user" };
    let content = newest.said("text").map(|text| {
        let beginning: String = text.chars().take(50).collect();
        if text.chars().count() > 50 { beginning + "..." } else { beginning }
    });
    Some((role.to_owned(), content, newest.at))
}
