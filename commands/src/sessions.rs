//! The one way to change a session: find what the key did before, load, decide, append; on a conflict load and decide again.
//!
//! Invariants: what is appended was decided at the very version it is appended after; a no, or a "nothing to do", that came
//! from a remembered state is decided again on the stream's end before anyone hears it.

mod load;
mod open;
mod receive_message;
mod start_context;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{
    ContextId, SessionId, VisitorId,
    session::{Class, Command, Event, Rejection, State, command::Opening, decide, encode, event::CommandConfirmed},
    text::SessionName,
};
use event_store::{
    Actor, AppendError, Expected, KeyClass, Log, NewEvent, PersonalPart, Position, RecordedEvent, StreamName,
    StreamVersion, log::LogError,
};
use moka::future::Cache;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{error::CommandError, event_id::CommandId};

pub use load::{Folded, decode_recorded};
pub use open::{OpenSession, Opened};
pub(crate) use receive_message::MESSAGE_SENT;
pub use receive_message::{ReceiveMessage, Received};
pub use start_context::{ContextOutcome, StartContext};

/// Sessions whose state is remembered; about 60 MB when full.
const REMEMBERED: u64 = 100_000;
/// How long conflicts with other nodes are retried.
const CONTENTION: Duration = Duration::from_secs(2);
/// How long a command waits for its session's earlier ones: while the log is away each of them takes its time to fail.
const QUEUED: Duration = Duration::from_secs(4);
/// Commands of one session queue within a node; so many queues there are.
const QUEUES: usize = 1024;

/// The stream of a session.
#[must_use]
pub fn stream_of(session: SessionId) -> StreamName {
    StreamName::of("session", session.0)
}

/// Who wants something, and by which ids it will be known.
#[derive(Debug, Clone)]
pub struct Origin {
    /// From a token or a policy, never from a body.
    pub actor: Actor,
    /// One request, or what it led to.
    pub correlation_id: Uuid,
    /// The event that led to this.
    pub causation_id: Option<Uuid>,
    /// The ids of the events to come.
    pub id: CommandId,
}

/// What a command came to.
#[derive(Debug, Clone)]
pub struct Executed {
    /// The session after it.
    pub state: Arc<Folded>,
    /// What was added; empty when there was nothing to add.
    pub events: Vec<Event>,
    /// Where the log stood when the last of it was written, or when it was found that there was nothing to add.
    pub position: Position,
}

/// What [`Sessions::execute`] answers.
#[derive(Debug)]
pub enum Execution {
    /// The command was decided now.
    Done(Executed),
    /// The same command was recorded before: its first event.
    Repeated(Arc<RecordedEvent>),
}

/// The use cases of sessions.
pub struct Sessions {
    log: Log,
    log_id: Uuid,
    folded: Cache<SessionId, Arc<Folded>>,
    queues: Vec<tokio::sync::Mutex<()>>,
}

impl Sessions {
    /// Use cases over a log with this id.
    #[must_use]
    pub fn new(log: Log, log_id: Uuid) -> Self {
        let queues = (0..QUEUES).map(|_| tokio::sync::Mutex::new(())).collect();
        Self { log, log_id, folded: Cache::new(REMEMBERED), queues }
    }

    /// The log they write to.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Its id.
    #[must_use]
    pub fn log_id(&self) -> Uuid {
        self.log_id
    }

    /// Decides a command and records what comes of it.
    ///
    /// # Errors
    /// A rule said no, or the log did not take it.
    pub async fn execute(
        &self,
        session: SessionId,
        origin: &Origin,
        command: Command,
    ) -> Result<Execution, CommandError> {
        let _turn = timeout(QUEUED, self.queue(session).lock()).await.map_err(|_| queued_in_vain())?;
        let started = Instant::now();
        loop {
            if let Some(recorded) = self.recorded_before(origin).await? {
                return Ok(Execution::Repeated(recorded));
            }
            match self.try_execute(session, origin, &command).await {
                Err(CommandError::Contention | CommandError::KeyReused) if started.elapsed() < CONTENTION => {
                    tokio::time::sleep(Duration::from_millis(rand::random_range(1..20))).await;
                }
                answer => return answer.map(Execution::Done),
            }
        }
    }

    /// The session as it is now, read to the stream's end.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn current(&self, session: SessionId) -> Result<Arc<Folded>, CommandError> {
        let remembered = self.folded.get(&session).await.unwrap_or_default();
        self.refresh(session, remembered).await
    }

    fn queue(&self, session: SessionId) -> &tokio::sync::Mutex<()> {
        let spread = usize::from(session.0.as_bytes()[14]) << 8 | usize::from(session.0.as_bytes()[15]);
        &self.queues[spread % QUEUES]
    }

    async fn recorded_before(&self, origin: &Origin) -> Result<Option<Arc<RecordedEvent>>, CommandError> {
        if !origin.id.is_keyed() {
            return Ok(None);
        }
        Ok(self.log.reader().find(origin.id.event(0)).await?)
    }

    async fn try_execute(
        &self,
        session: SessionId,
        origin: &Origin,
        command: &Command,
    ) -> Result<Executed, CommandError> {
        let (folded, events) = self.decide(session, command).await?;
        let events = confirm_if_keyed(origin, events, command);
        if events.is_empty() {
            return Ok(Executed { position: folded.position, state: folded, events });
        }
        match self.append(session, origin, &folded, &events).await {
            Ok(state) => Ok(Executed { position: state.position, state, events }),
            Err(error) => {
                self.folded.invalidate(&session).await;
                Err(error)
            }
        }
    }

    async fn decide(&self, session: SessionId, command: &Command) -> Result<(Arc<Folded>, Vec<Event>), CommandError> {
        if let Some(remembered) = self.folded.get(&session).await
            && let Some(events) = decide(&remembered.state, command.clone()).ok().filter(|events| !events.is_empty())
        {
            return Ok((remembered, events));
        }
        let current = self.current(session).await?;
        let events = decide(&current.state, command.clone())?;
        Ok((current, events))
    }

    async fn append(
        &self,
        session: SessionId,
        origin: &Origin,
        folded: &Arc<Folded>,
        events: &[Event],
    ) -> Result<Arc<Folded>, CommandError> {
        let subject = subject_of(&folded.state, events)?;
        let new: Vec<NewEvent> =
            events.iter().enumerate().map(|(place, event)| new_event(origin, subject, place, event)).collect();
        let expected = match folded.version {
            StreamVersion::NONE => Expected::NoStream,
            version => Expected::Exact(version),
        };
        let appended = match self.log.append(&stream_of(session), expected, &new).await {
            Err(LogError::Append(AppendError::WrongExpectedVersion { .. })) => return Err(CommandError::Contention),
            answer => answer?,
        };
        let state = events.iter().fold(folded.state.clone(), State::evolve);
        let after = Arc::new(Folded { version: appended.last_version, position: appended.last_position, state });
        self.folded.insert(session, after.clone()).await;
        Ok(after)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the session's earlier commands are not done after {QUEUED:?}")]
struct QueuedInVain;

fn queued_in_vain() -> CommandError {
    CommandError::Unavailable(Arc::new(QueuedInVain))
}

/// A keyed command that changes nothing still leaves a trace, so that its repeat is recognised.
#[must_use]
pub fn confirm_if_keyed(origin: &Origin, events: Vec<Event>, command: &Command) -> Vec<Event> {
    let by_a_person = matches!(origin.actor.kind(), "customer" | "agent");
    if !events.is_empty() || !origin.id.is_keyed() || !by_a_person {
        return events;
    }
    vec![Event::CommandConfirmed(CommandConfirmed { command: name_of(command).to_owned() })]
}

fn name_of(command: &Command) -> &'static str {
    match command {
        Command::Open(_) => "open",
        Command::SendMessage(_) => "send_message",
        Command::StartContext { clear: false, .. } => "start_context",
        Command::StartContext { clear: true, .. } => "clear",
        Command::StartRun(_) => "start_run",
        Command::RetakeRun { .. } => "retake_run",
        Command::Reply(_) => "reply",
        Command::Fail(_) => "fail",
        Command::Escalate(_) => "escalate",
        Command::CancelEscalation { .. } => "cancel_escalation",
        Command::GiveAfterHoursNotice { .. } => "give_after_hours_notice",
        Command::TakeOver { .. } => "take_over",
        Command::Release { .. } => "release",
        Command::ReturnToQueue { .. } => "return_to_queue",
        Command::Close { .. } => "close",
    }
}

/// Everything personal in a session is its visitor's.
fn subject_of(state: &State, events: &[Event]) -> Result<VisitorId, CommandError> {
    match (state, events.first()) {
        (State::Open(session), _) => Ok(session.visitor),
        (State::New, Some(Event::Opened(opened))) => Ok(opened.visitor),
        (State::New, _) => Err(Rejection::NoSession.into()),
    }
}

/// The event at this place of a command's, as the log takes it.
#[must_use]
pub fn new_event(origin: &Origin, subject: VisitorId, place: usize, event: &Event) -> NewEvent {
    let encoded = encode(event);
    let personal =
        encoded.personal.map(|(class, json)| PersonalPart { subject: subject.0, class: key_class(class), json });
    NewEvent {
        event_id: origin.id.event(place),
        event_type: encoded.event_type,
        schema: encoded.schema,
        actor: origin.actor.clone(),
        correlation_id: origin.correlation_id,
        causation_id: origin.causation_id,
        data: encoded.data,
        personal,
    }
}

fn key_class(class: Class) -> KeyClass {
    match class {
        Class::Message => KeyClass::Message,
        Class::Contact => KeyClass::Contact,
    }
}

/// What a visitor's command needs to bring the session into being.
fn opening(visitor: VisitorId, name: &SessionName, id: &CommandId) -> Opening {
    Opening { visitor, name: name.clone(), context: ContextId(id.thing("context")) }
}

/// A customer's origin: the key makes it repeatable.
fn customer_origin(
    log_id: Uuid,
    visitor: VisitorId,
    session: SessionId,
    route: &str,
    key: Option<&crate::IdempotencyKey>,
    correlation_id: Uuid,
) -> Origin {
    let actor = Actor::new("customer", &visitor.to_string());
    let id = match key {
        Some(key) => CommandId::keyed(log_id, &actor, route, session.0, key),
        None => CommandId::random(log_id),
    };
    Origin { actor, correlation_id, causation_id: None, id }
}
