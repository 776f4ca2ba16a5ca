//! Removes a draft once what was drafted is sent: an agent's reply, an agent's note.
//!
//! Invariant: what the agent has begun to write after sending stays.

use domain::{AgentId, session::Event};
use journal::Decoded;
use serde_json::Value;

use super::{
    manager::{Action, Beginning, ProcessManager, Timer},
    store::{Forgotten, WorkspaceKind, WorkspacePlace},
};

/// The process manager.
#[derive(Debug, Clone, Copy)]
pub struct SentDrafts;

impl ProcessManager for SentDrafts {
    fn name(&self) -> &'static str {
        "sent_drafts"
    }

    /// A store that is new to the log has no drafts of what was sent before.
    fn beginning(&self) -> Beginning {
        Beginning::Head
    }

    fn react(&self, _: &mut Value, decoded: &Decoded) -> Vec<Action> {
        let Some((session, event)) = decoded.event().session() else { return Vec::new() };
        let Some((agent, kind)) = sent(event) else { return Vec::new() };
        let place = WorkspacePlace { session, agent, kind };
        vec![Action::Forget(Forgotten::Draft { place, sent_at: decoded.recorded().recorded_at })]
    }

    fn on_timer(&self, _: &Timer) -> Vec<Action> {
        Vec::new()
    }
}

/// Who sent what an agent drafts.
fn sent(event: &Event) -> Option<(AgentId, WorkspaceKind)> {
    match event {
        Event::AgentMessageSent(sent) => Some((sent.agent, WorkspaceKind::Reply)),
        Event::NoteAdded(added) => Some((added.author, WorkspaceKind::Note)),
        _no_draft => None,
    }
}
