//! Sessions as streams, and their use cases.

mod command;
mod escalate;
mod hand_off;
mod heard;
mod lifecycle;
mod notes;
mod open;
mod receive_message;
mod repeated;
mod request_mail;
mod start_context;
mod transfers;

use domain::{
    ContextId, DomainEvent, Encoded, SessionId, VisitorId,
    session::{Command, Event, Rejection, State, command::Opening, decide, encode, event::CommandConfirmed},
    text::SessionName,
};
use event_store::{Actor, StreamName};
use uuid::Uuid;

use crate::{
    error::CommandError,
    event_id::CommandId,
    executor::{CommandMetadata, Decider, Executor},
};

pub use command::{Author, Commanded, Request, StaffRequest};
pub use escalate::{AskForPerson, AskedForPerson};
pub(crate) use heard::Heard;
pub use notes::NoteContent;
pub use open::{OpenSession, Opened};
pub use receive_message::{ReceiveMessage, Received};
pub use request_mail::{RequestMail, RequestedMail};
pub use start_context::{ContextOutcome, StartContext};
pub use transfers::TransferOrder;

/// The use cases of sessions.
pub type Sessions = Executor<SessionDecider>;
/// A session's state and where in its stream that is.
pub type LoadedState = crate::executor::LoadedState<State>;
/// What a command to a session came to.
pub type Execution = crate::executor::Execution<State, Event>;

/// The stored name of a customer's message.
pub(crate) const MESSAGE_SENT: &str = "session.customer_message_sent";

/// The stream of a session.
#[must_use]
pub fn stream_of(session: SessionId) -> StreamName {
    StreamName::of(SessionDecider::CATEGORY, session.0)
}

/// The rules of sessions.
#[derive(Debug)]
pub struct SessionDecider;

impl Decider for SessionDecider {
    type Id = SessionId;
    type State = State;
    type Event = Event;
    type Command = Command;

    const CATEGORY: &'static str = "session";
    // No personal text is needed to decide, so that a remembered state holds nothing that an erasure would have to find.
    const NEEDS_PERSONAL: bool = false;
    // About 60 MB when full.
    const CACHE_CAPACITY: u64 = 100_000;

    fn decide(state: &State, command: Command) -> Result<Vec<Event>, CommandError> {
        Ok(decide(state, command)?)
    }

    fn evolve(state: State, event: &Event) -> State {
        state.evolve(event)
    }

    fn encode(event: &Event) -> Encoded {
        encode(event)
    }

    fn event_of(event: &DomainEvent) -> Option<&Event> {
        event.session().map(|(_, event)| event)
    }

    /// Everything personal in a session is its visitor's.
    fn subject(_: SessionId, state: &State, events: &[Event]) -> Result<Uuid, CommandError> {
        match (state, events.first()) {
            (State::Open(session), _) => Ok(session.visitor.0),
            (State::New, Some(Event::Opened(opened))) => Ok(opened.visitor.0),
            (State::New, _) => Err(Rejection::NoSession.into()),
        }
    }

    fn confirmation(metadata: &CommandMetadata, command: &Command) -> Option<Event> {
        let by_a_person = matches!(metadata.actor.kind(), "customer" | "agent");
        by_a_person.then(|| Event::CommandConfirmed(CommandConfirmed { command: name_of(command).to_owned() }))
    }
}

fn name_of(command: &Command) -> &'static str {
    match command {
        Command::Open(_) => "open",
        Command::SendMessage(_) => "send_message",
        Command::StartContext { clear: false, .. } => "start_context",
        Command::StartContext { clear: true, .. } => "clear",
        Command::StartRun(_) => "start_run",
        Command::RetakeRun { .. } => "retake_run",
        Command::NoteAsked { .. } => "note_asked",
        Command::Reply(_) => "reply",
        Command::Fail(_) => "fail",
        Command::Escalate(_) => "escalate",
        Command::EnterQueue { .. } => "enter_queue",
        Command::CancelEscalation { .. } => "cancel_escalation",
        Command::GiveAfterHoursNotice { .. } => "give_after_hours_notice",
        Command::TakeOver { .. } => "take_over",
        Command::Steal { .. } => "steal",
        Command::SendAgentMessage(_) => "send_agent_message",
        Command::Transfer(_) => "transfer",
        Command::RequestTransfer { .. } => "request_transfer",
        Command::AnswerTransfer { .. } => "answer_transfer",
        Command::EndTransfer { .. } => "end_transfer",
        Command::MakeOffer { .. } => "make_offer",
        Command::EndOffer { .. } => "end_offer",
        Command::RequestMail { .. } => "request_mail",
        Command::RecordMail { .. } => "record_mail",
        Command::Release { .. } => "release",
        Command::ReturnToQueue { .. } => "return_to_queue",
        Command::Close { .. } => "close",
        Command::CloseIdle { .. } => "close_idle",
        Command::Reopen => "reopen",
        Command::AddNote(_) => "add_note",
        Command::EditNote(_) => "edit_note",
        Command::RemoveNote { .. } => "remove_note",
        Command::ChangeTags { .. } => "change_tags",
        Command::SetPriority { .. } => "set_priority",
        Command::Rate { .. } => "rate",
    }
}

/// What a visitor's command needs to bring the session into being.
fn opening(visitor: VisitorId, name: &SessionName, id: &CommandId) -> Opening {
    Opening { visitor, name: name.clone(), context: ContextId(id.derive_id("context")) }
}

/// The metadata of a customer's command: the key makes it repeatable.
fn customer_metadata(
    log_id: Uuid,
    visitor: VisitorId,
    session: SessionId,
    route: &str,
    key: Option<&crate::IdempotencyKey>,
    correlation_id: Uuid,
) -> CommandMetadata {
    let actor = Actor::new("customer", &visitor.to_string());
    command::metadata(log_id, actor, session, route, key, correlation_id)
}
