//! What a session is, as staff is told: each field by its own definition.

use event_store::Position;
use jiff::Timestamp;
use serde::Serialize;

use super::{Told, last_of, status};

/// A session's fields, in the words of the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "as in `projections::SessionView`, each defined at the function that finds it")]
pub struct Shown {
    pub stream: String,
    pub visitor: String,
    pub name: Option<String>,
    pub status: String,
    pub context: String,
    pub language: Option<String>,
    pub episode: u64,
    pub escalation: Option<Escalation>,
    pub agent: Option<String>,
    pub waiting_since: Option<Timestamp>,
    pub taken_over_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_manual_end_at: Option<Timestamp>,
    pub ai_fail_count: u64,
    pub position: Position,
    pub cleared_at: Position,
}

/// Why a person is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "fields of the event")]
pub struct Escalation {
    pub reason: String,
    pub rule: String,
    pub severity: String,
    pub details: Option<String>,
    pub trigger_at: Timestamp,
}

impl Shown {
    /// What a session's events add up to.
    ///
    /// # Panics
    /// The events are no session's.
    #[must_use]
    pub fn of(events: &[&Told]) -> Self {
        let opened = events.iter().find(|told| told.what == "opened").expect("a session is opened first");
        let last = events.last().expect("a session has events");
        let message = last_of(events, "customer_message_sent");
        Self {
            stream: opened.stream.clone(),
            visitor: opened.text("visitor").expect("a session has a visitor"),
            name: opened.said("session_name"),
            status: status(events).expect("an opened session has one").to_owned(),
            context: last_of(events, "context_started").unwrap_or(opened).text("context").expect("a context has an id"),
            language: message.and_then(|told| told.text("language")),
            episode: message.and_then(|told| told.data["episode"].as_u64()).unwrap_or(0),
            escalation: escalation(events),
            agent: last_of(events, "agent_took_over").filter(|_| is_live(events)).and_then(|told| told.text("agent")),
            waiting_since: waiting_since(events),
            taken_over_at: taken_over_at(events),
            created_at: opened.at,
            updated_at: updated_at(events),
            last_manual_end_at: last_manual_end_at(events),
            ai_fail_count: ai_fail_count(events),
            position: last.position,
            cleared_at: cleared_at(events),
        }
    }
}

fn is_live(events: &[&Told]) -> bool {
    status(events) == Some("manual_live")
}

/// The last `escalated`, unless the assistant has had the session since, or it was closed.
pub(super) fn escalation(events: &[&Told]) -> Option<Escalation> {
    let escalated = last_of(events, "escalated")?;
    let is_over = events
        .iter()
        .filter(|told| told.position > escalated.position)
        .any(|told| matches!(told.brings(), Some("bot_active" | "closed")));
    if is_over {
        return None;
    }
    Some(Escalation {
        reason: escalated.text("reason")?,
        rule: escalated.text("rule")?,
        severity: escalated.text("severity")?,
        details: escalated.said("details"),
        trigger_at: escalated.at,
    })
}

/// While it waits: the time of the last event that made it wait.
pub(super) fn waiting_since(events: &[&Told]) -> Option<Timestamp> {
    let made_it_wait = events.iter().rev().find(|told| told.brings() == Some("pending_manual"))?;
    (status(events) == Some("pending_manual")).then_some(made_it_wait.at)
}

/// While it is live: the time of the last takeover.
pub(super) fn taken_over_at(events: &[&Told]) -> Option<Timestamp> {
    last_of(events, "agent_took_over").filter(|_| is_live(events)).map(|told| told.at)
}

/// The last thing that happened; a command that was only confirmed is none.
pub(super) fn updated_at(events: &[&Told]) -> Timestamp {
    let happened = events.iter().rev().find(|told| told.what != "command_confirmed");
    happened.expect("a session is opened first").at
}

/// The last event that found a person serving and left the session with the assistant, or closed.
fn last_manual_end_at(events: &[&Told]) -> Option<Timestamp> {
    let ends = (1..events.len()).rev().find(|place| {
        let (before, event) = (&events[..*place], events[*place]);
        is_live(before) && matches!(event.brings(), Some("bot_active" | "closed"))
    })?;
    Some(events[ends].at)
}

/// The last time that the customer cleared the screen; 0 for never.
fn cleared_at(events: &[&Told]) -> Position {
    let cleared = events.iter().rev().find(|told| told.what == "context_started" && told.data["cleared"] == true);
    cleared.map_or(Position::START, |told| told.position)
}

/// Replies after the last good one.
fn ai_fail_count(events: &[&Told]) -> u64 {
    let replies = events.iter().rev().filter(|told| told.what == "assistant_replied");
    replies.take_while(|told| told.data["outcome"] != "answered").count() as u64
}
