//! What a chat's stream says when a person is to answer, or answers: the original's frames.

use commands::await_reply::notices;
use domain::session::{Event, Status};
use event_store::Position;
use journal::Decoded;
use serde_json::{Value, json};

use super::Step;
use crate::{agent_names::NameLookup, routes::chat::notices_text, wire::seconds};

/// A rule, or somebody, asks for a person instead of an answer: what the customer is told is the answer.
pub(super) async fn to_queue(names: &NameLookup, step: Step, together: &[Decoded]) -> Step {
    let text = notices_text(names, &notices(together)).await;
    let step = step.say(&json!({"type": "message", "content": text}));
    done(step.say(&status_change(names, together).await), together, &[])
}

/// A person has the session: nothing more is answered here.
pub(super) async fn to_agent(names: &NameLookup, step: Step, together: &[Decoded]) -> Step {
    let step = step.say(&status_change(names, together).await);
    system_messages(names, step, together).await.last()
}

/// The reply is on disk, and in the same append a rule may have asked for a person, or offered one.
pub(super) async fn after_reply(
    names: &NameLookup,
    mut step: Step,
    together: &[Decoded],
    suggestions: &[String],
) -> Step {
    if events(together).any(|(_, event)| matches!(event, Event::Escalated(_))) {
        step = step.say(&status_change(names, together).await);
    }
    done(system_messages(names, step, together).await, together, suggestions)
}

fn done(step: Step, together: &[Decoded], suggestions: &[String]) -> Step {
    let position = together.last().map_or(Position::START, Decoded::position);
    let mut frame = json!({"type": "done", "content": "", "position": position});
    if !suggestions.is_empty() {
        frame["suggestions"] = json!(suggestions);
    }
    step.say(&frame).last()
}

/// The session's status after these events, with what the customer may know of why.
pub(super) async fn status_change(names: &NameLookup, together: &[Decoded]) -> Value {
    let status = events(together).try_fold(Status::BotActive, |status, (_, event)| event.status_after(Some(status)));
    let mut frame = json!({"type": "status_change", "status": status});
    for (decoded, event) in events(together) {
        match event {
            Event::Escalated(escalated) => frame["reason"] = json!(escalated.reason),
            Event::AgentTookOver(taken) => {
                let name = names.of(taken.agent).await.name;
                frame["agent_info"] = json!({"agent_id": taken.agent, "agent_name": name});
            }
            _other => {}
        }
        frame["timestamp"] = decoded.recorded().recorded_at.as_second().into();
    }
    frame
}

/// What the customer was told by these events, as the original's messages of the system.
async fn system_messages(names: &NameLookup, mut step: Step, together: &[Decoded]) -> Step {
    for (decoded, event) in events(together) {
        if let Event::NoticeGiven(given) = event {
            let content = names.text_of(&given.notice, given.language).await;
            let timestamp = seconds(decoded.recorded().recorded_at);
            let frame = json!({"type": "manual_message", "role": "system", "content": content, "timestamp": timestamp});
            step = step.say(&frame);
        }
    }
    step
}

fn events(together: &[Decoded]) -> impl Iterator<Item = (&Decoded, &Event)> {
    together.iter().filter_map(|decoded| Some((decoded, decoded.event().session()?.1)))
}
