//! What a process manager is: a name, what it does about an event, and what it does when a timer is due.
//!
//! Invariant: nothing here does anything. Actions are data, so that a crash between two of them is survived by doing all again.

use std::time::Duration;

use domain::{AgentId, Incarnation, SessionId, agent, session, settings::event::BudgetReached};
use event_store::StreamName;
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use journal::Decoded;
use serde_json::Value;
use uuid::Uuid;

use super::store::{Forgotten, LostAgent, StoreError};

/// Where one that is new to a log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// At the first event: history is read without acting, then what is still open is acted on.
    FirstEvent,
    /// At the newest event: what happened before is no business of it.
    Head,
}

/// Reads the log and asks for actions.
pub trait ProcessManager: Send + Sync {
    /// The name under which it is stored, acts (`policy:<name>`) and makes ids. Never changed.
    fn name(&self) -> &'static str;

    /// Where it begins in a log that is new to it.
    fn beginning(&self) -> Beginning {
        Beginning::FirstEvent
    }

    /// Whether it remembers something of each stream. Where it does not, `state` is always null.
    fn keeps_state(&self) -> bool {
        false
    }

    /// Whether it remembers something that this event may change; where it does not, nothing is looked up for it.
    fn keeps_state_of(&self, _: &Decoded) -> bool {
        self.keeps_state()
    }

    /// What is to be done about an event. `state` is what was kept of the event's stream; null keeps nothing.
    fn react(&self, state: &mut Value, event: &Decoded) -> Vec<Action>;

    /// What is to be done now that a timer is due, or the life that it is tied to is over. The timer itself is gone unless an
    /// action sets it again.
    fn on_timer(&self, timer: &Timer) -> Vec<Action>;

    /// After how long without a sign of life an agent is lost. Default: it does not ask who is.
    fn agents_lost_after(&self) -> Option<Duration> {
        None
    }

    /// What is to be done about a stream now that an agent is lost: asked about the agent's own, and about each session that the
    /// agent has. The cause is the loss together with the stream.
    fn on_agent_lost(&self, _: &LostAgent, _: &StreamName) -> Vec<Action> {
        Vec::new()
    }

    /// What it knows of all streams at once, where a decision needs several of them; empty, before rows are restored. Default:
    /// it decides stream by stream.
    fn overview(&self) -> Option<Box<dyn Overview>> {
        None
    }
}

/// What a process manager knows of several streams: in memory for as long as this node holds the lease, and in a row of each stream
/// that matters, which is kept as the state of that stream.
pub trait Overview: Send + Sync {
    /// Takes up a row.
    ///
    /// # Errors
    /// It is malformed.
    fn restore(&mut self, stream: &StreamName, row: Value) -> Result<(), StoreError>;

    /// Takes up an event.
    fn take(&mut self, event: &Decoded);

    /// The rows that changed since the last time; null where there is none any more.
    fn changed_rows(&mut self) -> Vec<(StreamName, Value)>;

    /// What is to be done now: asked when there were events or timers, and all of the log is taken up. It counts on what it
    /// asks for before the events are taken up.
    fn decide(&mut self, now: Timestamp) -> Vec<Decision>;
}

/// What is to be done, and the event that it follows from: the same event, the same ids.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The event.
    pub cause: Uuid,
    /// What is to be done.
    pub action: Action,
}

/// Something to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Sends a command to a session. Its events' ids are made from process manager, cause and name.
    Command {
        /// Tells the commands of one cause apart.
        name: &'static str,
        /// The session; it must follow from the cause alone.
        session: SessionId,
        /// What is wanted.
        command: Box<session::Command>,
    },
    /// Sends a command to an account, as above.
    AgentCommand {
        /// Tells the commands of one cause apart.
        name: &'static str,
        /// The account; it must follow from the cause alone.
        agent: AgentId,
        /// What is wanted.
        command: Box<agent::Command>,
    },
    /// Notes that a level of a budget was reached. Its event's id is made from process manager, assistant, day, level and budget.
    NoteBudget(Box<BudgetReached>),
    /// Sets a timer; one of the same stream and key is replaced.
    SetTimer(Timer),
    /// Cancels a timer, if there is one.
    CancelTimer {
        /// Of this stream.
        stream: StreamName,
        /// With this key.
        key: String,
    },
    /// Puts an item into the outbox, once per key.
    Deliver(Item),
    /// Removes signs of life, or a draft.
    Forget(Forgotten),
    /// Sets a stream's timers and state as if all its events had just been read, and does nothing else about them.
    Reread(StreamName),
}

/// Something to be done later.
#[derive(Debug, Clone, PartialEq)]
pub struct Timer {
    /// The stream that it is about.
    pub stream: StreamName,
    /// Which of the stream's timers.
    pub key: String,
    /// When, to the millisecond.
    pub due: Timestamp,
    /// What is needed then: ids, never texts or addresses.
    pub payload: Value,
    /// The life of a node that is at it: once that is over, the timer is due as well.
    pub life: Option<Incarnation>,
}

/// The namespace of timers' causes.
const TIMER: Uuid = Uuid::from_u128(0x6b1e_0a6f_52b4_4f2a_9d0c_3e8f_7a15_c0de);

impl Timer {
    /// What its commands are caused by: the same stream, key and due time give the same cause.
    #[must_use]
    pub fn cause(&self) -> Uuid {
        let name = format!("{} {} {}", self.stream.as_str(), self.due.as_millisecond(), self.key);
        Uuid::new_v5(&TIMER, name.as_bytes())
    }
}

/// The first whole millisecond at or after a time: timers are kept to the millisecond and never due too early.
#[must_use]
pub fn whole_millisecond(time: Timestamp) -> Timestamp {
    time.round(TimestampRound::new().smallest(Unit::Millisecond).mode(RoundMode::Ceil)).unwrap_or(time)
}

/// Something that goes outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Stable: a repeated delivery brings the same.
    pub key: String,
    /// Which [`Delivery`](super::Delivery) sends it.
    pub kind: String,
    /// What is needed to make it: ids, never texts or addresses.
    pub payload: Value,
}
