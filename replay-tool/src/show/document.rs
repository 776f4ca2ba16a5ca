//! A session as one JSON document.

use domain::{
    AgentId, ContextId, Personal, VisitorId,
    session::{Phase, Session, Status, WaitingMessage},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::View;
use crate::{history::Told, render::Envelope};

impl View {
    /// Log, session, moment, state and events.
    pub(super) fn document(&self) -> Value {
        let (first, last) = (self.first(), self.last());
        let (name, name_state) = match self.name() {
            Personal::Known(name) => (Some(name), "known"),
            Personal::Erased => (None, "erased"),
            Personal::Sealed => (None, "sealed"),
        };
        json!({
            "log": { "log_id": self.identity.log_id, "generation": self.identity.generation, "head": self.head },
            "session_id": last.recorded.stream.id(),
            "stream": last.recorded.stream,
            "name": name,
            "name_state": name_state,
            "at": { "position": last.recorded.position, "version": last.recorded.version,
                    "recorded_at": last.recorded.recorded_at_text() },
            "first_recorded_at": first.recorded.recorded_at_text(),
            "events_now": self.events_now,
            "state": self.session().map(StateNow::of),
            "events": self.told.iter().map(told_document).collect::<Vec<_>>(),
        })
    }
}

fn told_document(told: &Told) -> Value {
    let envelope = serde_json::to_value(Envelope::of(&told.recorded, &told.personal));
    let mut document = envelope.unwrap_or_default();
    document["status_after"] = json!(told.after.session().map(Session::status));
    document
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
            agent: match session.phase {
                Phase::ManualLive { agent } => Some(agent),
                Phase::BotActive | Phase::PendingManual | Phase::AfterHoursEmail | Phase::Closed => None,
            },
            episode: session.episode,
            episode_began: session.episode_began,
            context: session.context,
            said_in_context: session.said_in_context,
            said_on_screen: session.said_on_screen,
            waiting: session.waiting.iter().map(message).collect(),
            run,
        }
    }
}
