//! What a session is, as staff is told: each field by its own definition.

use std::collections::BTreeSet;

use event_store::Position;
use jiff::Timestamp;
use serde::Serialize;

use super::{Oracle, Rating, Told, keeping, last_of, status, time};

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
    pub first_waiting_at: Option<Timestamp>,
    pub taken_over_at: Option<Timestamp>,
    pub live_since: Option<Timestamp>,
    pub class: String,
    pub group: Option<String>,
    pub offer: Option<Offer>,
    pub transfer: Option<Transfer>,
    pub mail: Option<Mail>,
    pub has_email: bool,
    pub email: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_manual_end_at: Option<Timestamp>,
    pub ai_fail_count: u64,
    pub position: Position,
    pub cleared_at: Position,
    pub tags: BTreeSet<String>,
    pub notes: u64,
    pub rating: Option<Rating>,
    pub parameters: Option<(serde_json::Value, Position)>,
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

/// An offer without an answer: id, to whom, until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "fields of the event")]
pub struct Offer {
    pub offer: String,
    pub agent: String,
    pub expires_at: Timestamp,
}

/// A transfer without an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "fields of the event")]
pub struct Transfer {
    pub transfer: String,
    pub from: String,
    pub to: serde_json::Value,
    pub expires_at: Timestamp,
    pub reason: Option<String>,
}

/// The last mail that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "fields of the event that says what became of it, or else of the request")]
pub struct Mail {
    pub mail: String,
    pub status: String,
    pub at: Timestamp,
    pub failure: Option<String>,
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
            agent: agent(events),
            waiting_since: waiting_since(events),
            first_waiting_at: first_waiting_at(events),
            taken_over_at: last_given(events).filter(|_| is_live(events)).map(|told| told.at),
            live_since: live_since(events),
            class: class(events),
            group: group(events),
            offer: offer(events),
            transfer: transfer(events),
            mail: mail(events),
            has_email: last_of(events, "profile_changed").is_some(),
            email: last_of(events, "profile_changed").and_then(|told| told.said("email")),
            created_at: opened.at,
            updated_at: updated_at(events),
            last_manual_end_at: last_manual_end_at(events),
            ai_fail_count: ai_fail_count(events),
            position: last.position,
            cleared_at: cleared_at(events),
            tags: keeping::tags(events),
            notes: keeping::count_of_notes(events),
            rating: keeping::rating(events),
            parameters: keeping::parameters(events),
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

/// Who got it last, while it is live.
pub(super) fn agent(events: &[&Told]) -> Option<String> {
    let given = last_given(events).filter(|_| is_live(events))?;
    given.text(if given.what == "transferred" { "to" } else { "agent" })
}

/// The last event that gave it to an agent.
fn last_given<'a>(events: &[&'a Told]) -> Option<&'a Told> {
    events.iter().rev().find(|told| told.brings() == Some("manual_live")).copied()
}

/// What happened since people last had nothing to do with it.
fn since_assistant<'a>(events: &[&'a Told]) -> Vec<&'a Told> {
    let ends = |told: &&Told| matches!(told.brings(), Some("bot_active" | "after_hours_email" | "closed"));
    let mut since: Vec<&Told> = events.iter().rev().take_while(|told| !ends(told)).copied().collect();
    since.reverse();
    since
}

/// When it was first made to wait since then.
fn first_waiting_at(events: &[&Told]) -> Option<Timestamp> {
    since_assistant(events).iter().find(|told| told.brings() == Some("pending_manual")).map(|told| told.at)
}

/// While it waits: when it first did.
pub(super) fn waiting_since(events: &[&Told]) -> Option<Timestamp> {
    first_waiting_at(events).filter(|_| status(events) == Some("pending_manual"))
}

/// While it is live: the first of the last events that kept it live.
pub(super) fn live_since(events: &[&Told]) -> Option<Timestamp> {
    let kept = events.iter().rev().take_while(|told| matches!(told.brings(), None | Some("manual_live")));
    kept.filter(|told| told.brings() == Some("manual_live")).last().map(|told| told.at)
}

/// What the last escalation or change of priority said, unless the assistant has had it since, or it was closed.
pub(super) fn class(events: &[&Told]) -> String {
    let said = since_ended(events).into_iter().rev().find_map(|told| match &*told.what {
        // Escalations of old knew no classes.
        "escalated" | "priority_changed" => Some(told.text("class").unwrap_or("normal".to_owned())),
        _ => None,
    });
    said.unwrap_or("normal".to_owned())
}

/// Whom the last event that made it wait named, likewise.
pub(super) fn group(events: &[&Told]) -> Option<String> {
    let since = since_ended(events);
    since.into_iter().rev().find(|told| told.brings() == Some("pending_manual"))?.text("group")
}

fn since_ended<'a>(events: &[&'a Told]) -> Vec<&'a Told> {
    let ends = |told: &&Told| matches!(told.brings(), Some("bot_active" | "closed"));
    let mut since: Vec<&Told> = events.iter().rev().take_while(|told| !ends(told)).copied().collect();
    since.reverse();
    since
}

/// The last one made, unless one was answered or expired since.
fn offer(events: &[&Told]) -> Option<Offer> {
    let last = events.iter().rev().find(|told| told.what.starts_with("offer_"))?;
    (last.what == "offer_made").then_some(())?;
    Some(Offer { offer: last.text("offer")?, agent: last.text("agent")?, expires_at: time(last, "expires_at") })
}

/// The last one asked for, unless one was answered, taken back or expired since.
fn transfer(events: &[&Told]) -> Option<Transfer> {
    let last = events.iter().rev().find(|told| told.what.starts_with("transfer_"))?;
    (last.what == "transfer_requested").then_some(())?;
    Some(Transfer {
        transfer: last.text("transfer")?,
        from: last.text("from")?,
        to: last.data["to"].clone(),
        expires_at: time(last, "expires_at"),
        reason: last.said("reason"),
    })
}

/// The last one asked for, and the last that was said of that very one.
fn mail(events: &[&Told]) -> Option<Mail> {
    let id = last_of(events, "mail_requested")?.text("mail")?;
    let of_it = events.iter().rev().find(|told| told.what.starts_with("mail_") && told.data["mail"] == *id)?;
    Some(Mail {
        mail: id,
        status: of_it.what.trim_start_matches("mail_").to_owned(),
        at: of_it.at,
        failure: of_it.text("code"),
    })
}

/// All offers without an answer, the first to expire first, each with its session.
#[must_use]
pub fn open_offers(oracle: &Oracle) -> Vec<(String, Offer)> {
    let all = oracle.by_session();
    let mut open: Vec<(String, Offer)> =
        all.iter().filter_map(|(stream, events)| Some(((*stream).to_owned(), offer(events)?))).collect();
    open.sort_by(|(one, a), (other, b)| (a.expires_at, one).cmp(&(b.expires_at, other)));
    open
}

/// All transfers without an answer, likewise.
#[must_use]
pub fn open_transfers(oracle: &Oracle) -> Vec<(String, Transfer)> {
    let all = oracle.by_session();
    let mut open: Vec<(String, Transfer)> =
        all.iter().filter_map(|(stream, events)| Some(((*stream).to_owned(), transfer(events)?))).collect();
    open.sort_by(|(one, a), (other, b)| (a.expires_at, one).cmp(&(b.expires_at, other)));
    open
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

/// Failures after the last good reply.
fn ai_fail_count(events: &[&Told]) -> u64 {
    let is_one_of = |told: &&&Told, outcomes: &[&str]| outcomes.iter().any(|outcome| told.data["outcome"] == **outcome);
    let replies = events.iter().rev().filter(|told| told.what == "assistant_replied");
    let since = replies.take_while(|told| !is_one_of(told, &["answered", "offered"]));
    since.filter(|told| is_one_of(told, &["does_not_know", "cut_off", "unavailable"])).count() as u64
}
