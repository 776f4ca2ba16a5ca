//! A session as one JSON document.

use std::collections::BTreeSet;

use domain::{
    AgentId, ContextId, VisitorId,
    session::{Session, Status, WaitingMessage, notes::Note, rating::AskedRating},
    text::Tag,
};
use event_store::event::time_text;
use projections::{MessageView, as_of::Decision};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    history::HistoryEvent,
    render::Envelope,
    session_history::{SessionHistory, owner},
};

/// The JSON document: log, session, moment, state, events, what was seen, and the last decision.
pub(super) fn of(history: &SessionHistory) -> Value {
    let (first, last) = (history.first(), history.last());
    json!({
        "log": { "log_id": history.identity.log_id, "generation": history.identity.generation, "head": history.head },
        "session_id": last.stream.id(),
        "stream": last.stream,
        "name": history.name().known(),
        "name_state": history.state_at(first.position, &history.name()),
        "at": { "position": last.position, "version": last.version, "recorded_at": last.recorded_at_text() },
        "first_recorded_at": first.recorded_at_text(),
        "events_now": history.events_now,
        "state": history.session().map(StateNow::of),
        "events": history.events.iter().map(event_document).collect::<Vec<_>>(),
        "customer_saw": history.seen.by_customer.iter().map(|message| message_document(history, message)).collect::<Vec<_>>(),
        "staff_saw": history.seen.by_staff.iter().map(|message| message_document(history, message)).collect::<Vec<_>>(),
        "last_decision": history.seen.decision.as_ref().map(|decision| decision_document(history, decision)),
    })
}

/// An event and the status after it.
#[must_use]
pub fn event_document(entry: &HistoryEvent) -> Value {
    let envelope = serde_json::to_value(Envelope::of(&entry.recorded, &entry.personal).without_record(entry.is_lost));
    let mut document = envelope.unwrap_or_default();
    document["status_after"] = json!(entry.after.session().map(Session::status));
    document
}

fn message_document(history: &SessionHistory, message: &MessageView) -> Value {
    let text = history.text(message);
    json!({
        "message": message.message,
        "role": message.role,
        "position": message.position,
        "recorded_at": time_text(message.at),
        "text": text.known(),
        "text_state": history.state_at(message.position, &text),
        "agent": message.agent,
        "hidden": message.hidden,
        "withheld": message.withheld,
        "shown": message.shown,
        "suggestions": message.suggestions,
    })
}

fn decision_document(history: &SessionHistory, decision: &Decision) -> Value {
    json!({
        "position": decision.position,
        "recorded_at": time_text(decision.at),
        "reason": decision.reason,
        "rule": decision.rule,
        "severity": decision.severity,
        "policy_version": decision.policy_version,
        "evidence": decision.evidence.known(),
        "evidence_state": history.state_at(decision.position, &decision.evidence),
    })
}

/// The folded state, for programs.
#[derive(Serialize)]
struct StateNow {
    visitor: VisitorId,
    status: Status,
    agent: Option<AgentId>,
    episode: u32,
    episode_began: bool,
    context: ContextId,
    said_in_context: bool,
    said_on_screen: bool,
    waiting: Vec<Value>,
    run: Option<Value>,
    tags: BTreeSet<Tag>,
    notes: Vec<Value>,
    rating_asked: Option<Value>,
}

fn note(note: &Note) -> Value {
    json!({ "note": note.note, "author": note.author, "version": note.version, "removed": note.is_removed })
}

fn rating(asked: &AskedRating) -> Value {
    json!({ "episode": asked.episode, "agent": asked.agent, "open_until": asked.open_until })
}

impl StateNow {
    fn of(session: &Session) -> Self {
        let message = |waiting: &WaitingMessage| json!({ "message": waiting.message, "language": waiting.language, "incarnation": waiting.incarnation });
        let run = session.run.as_ref().map(|run| {
            json!({ "run": run.run, "attempt": run.attempt, "incarnation": run.incarnation, "deadline": run.deadline,
                    "messages": run.messages.iter().map(message).collect::<Vec<_>>() })
        });
        Self {
            visitor: session.visitor,
            status: session.status(),
            agent: owner(session),
            episode: session.episode,
            episode_began: session.episode_began,
            context: session.context,
            said_in_context: session.said_in_context,
            said_on_screen: session.said_on_screen,
            waiting: session.waiting.iter().map(message).collect(),
            run,
            tags: session.tags.clone(),
            notes: session.notes.iter().map(note).collect(),
            rating_asked: session.ratings.asked().map(rating),
        }
    }
}
