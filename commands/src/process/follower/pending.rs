//! What has been asked for since the last commit.

use std::collections::VecDeque;

use domain::{AgentId, Incarnation, SessionId, agent, session, settings::event::BudgetReached};
use event_store::{Position, StreamName};
use jiff::Timestamp;
use journal::Decoded;
use serde_json::Value;
use uuid::Uuid;

use crate::{accounts, sessions, settings::budget::budget_stream};

use super::super::{
    manager::{Action, Item, Timer},
    store::{Commit, Forgotten, LostAgent},
};

/// The namespace of notes' causes.
const NOTE: Uuid = Uuid::from_u128(0x2f64_8c1e_9a07_4b55_8d31_70c6_e5b2_419d);

/// Why something is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cause {
    /// What the ids of the commands are made from.
    pub(super) id: Uuid,
    /// The event, unless it is a timer.
    pub(super) event: Option<Uuid>,
    /// One request, or what it led to.
    pub(super) correlation: Uuid,
}

impl Cause {
    pub(super) fn of_event(decoded: &Decoded) -> Self {
        let stored = &decoded.recorded().event;
        Self { id: stored.event_id, event: Some(stored.event_id), correlation: stored.correlation_id }
    }

    pub(super) fn of_timer(timer: &Timer) -> Self {
        let id = timer.cause();
        Self { id, event: None, correlation: id }
    }

    /// Of a decision that follows from an event of which only the id is known.
    pub(super) fn of_decision(event: Uuid) -> Self {
        Self { id: event, event: Some(event), correlation: event }
    }

    /// Of what was noted: the same level of the same budget has the same id, whichever event reached it.
    fn of_note(self, reached: &BudgetReached) -> Self {
        let BudgetReached { assistant, day, level, spent: _, budget } = reached;
        let name = serde_json::to_vec(&(assistant, day, level, budget)).expect("it is JSON");
        Self { id: Uuid::new_v5(&NOTE, &name), ..self }
    }

    pub(super) fn of_loss(lost: &LostAgent, stream: &StreamName) -> Self {
        let id = lost.cause(stream);
        Self { id, event: None, correlation: id }
    }
}

/// A command that is to be sent.
#[derive(Debug, Clone)]
pub(super) struct PendingCommand {
    pub(super) cause: Cause,
    pub(super) name: &'static str,
    pub(super) command: Command,
}

/// A command with whom it is for.
#[derive(Debug, Clone)]
pub(super) enum Command {
    Session(SessionId, Box<session::Command>),
    Agent(AgentId, Box<agent::Command>),
    Budget(BudgetReached),
}

impl Command {
    /// Whose stream it may change.
    pub(super) fn stream(&self) -> StreamName {
        match self {
            Self::Session(session, _) => sessions::stream_of(*session),
            Self::Agent(agent, _) => accounts::stream_of(*agent),
            Self::Budget(_) => budget_stream(),
        }
    }
}

/// Whether commands and items of the outbox are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acting {
    Yes,
    /// History is only read.
    No,
}

/// Everything since the last commit.
#[derive(Default)]
pub(super) struct Pending {
    /// Events since then.
    pub(super) events: usize,
    /// In the order of their causes.
    pub(super) commands: VecDeque<PendingCommand>,
    /// Streams whose timers and state are to be made anew.
    pub(super) rereads: Vec<StreamName>,
    /// What moves together once all commands are sent.
    pub(super) commit: Commit,
}

impl Pending {
    /// Whether there is anything to do or to write.
    pub(super) fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.rereads.is_empty() && self.commit.is_empty()
    }

    /// Whether somebody waits for it: it is not only written down.
    pub(super) fn is_urgent(&self) -> bool {
        !self.commands.is_empty() || !self.commit.items.is_empty()
    }

    /// This event is dealt with.
    pub(super) fn passed(&mut self, decoded: &Decoded) {
        self.events += 1;
        self.commit.cursor = Some((decoded.position(), decoded.recorded().hash));
    }

    pub(super) fn position(&self) -> Option<Position> {
        self.commit.cursor.map(|(position, _)| position)
    }

    /// When the first of the timers set here is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.commit.timers.values().flatten().map(|timer| timer.due).min()
    }

    /// Whether a timer set here is tied to a life.
    pub(super) fn lives(&self) -> impl Iterator<Item = Incarnation> {
        self.commit.timers.values().flatten().filter_map(|timer| timer.life)
    }

    pub(super) fn add(&mut self, cause: Cause, actions: Vec<Action>, acting: Acting) {
        for action in actions {
            match action {
                Action::Command { name, session, command } => {
                    self.send(PendingCommand { cause, name, command: Command::Session(session, command) }, acting);
                }
                Action::AgentCommand { name, agent, command } => {
                    self.send(PendingCommand { cause, name, command: Command::Agent(agent, command) }, acting);
                }
                Action::NoteBudget(reached) => {
                    let cause = cause.of_note(&reached);
                    self.send(PendingCommand { cause, name: "note", command: Command::Budget(*reached) }, acting);
                }
                Action::Deliver(item) => self.deliver(item, acting),
                Action::Forget(forgotten) => self.forget(forgotten, acting),
                Action::SetTimer(timer) => {
                    drop(self.commit.timers.insert((timer.stream.clone(), timer.key.clone()), Some(timer)));
                }
                Action::CancelTimer { stream, key } => self.cancel(stream, key),
                Action::Reread(stream) => self.rereads.push(stream),
            }
        }
    }

    pub(super) fn cancel(&mut self, stream: StreamName, key: String) {
        self.commit.timers.insert((stream, key), None);
    }

    pub(super) fn keep_state(&mut self, stream: StreamName, state: Value) {
        self.commit.states.insert(stream, state);
    }

    fn send(&mut self, command: PendingCommand, acting: Acting) {
        if acting == Acting::Yes {
            self.commands.push_back(command);
        }
    }

    /// A store that is new to a log has none.
    pub(super) fn forget(&mut self, forgotten: Forgotten, acting: Acting) {
        if acting == Acting::Yes {
            self.commit.forgotten.push(forgotten);
        }
    }

    fn deliver(&mut self, item: Item, acting: Acting) {
        if acting == Acting::Yes {
            self.commit.items.push(item);
        }
    }
}
