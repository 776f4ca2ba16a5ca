//! Has those runs of the assistant retaken whose node died, and messages answered that nobody began to answer: at once by the
//! same node's next life, after 10 s without a heartbeat by another, and at a run's deadline, or 30 s after a message, by anyone.
//!
//! It gives a run to its own node by a command; the [dispatcher](super::dispatcher) there has it made. Invariant: every message
//! that no run has taken up has a timer, and every run; a message's ends with the list of events that ends the message itself
//! (reply, escalation, takeover, close), so that none is forgotten.

use std::{sync::Arc, time::Duration};

use domain::{
    Incarnation, MessageId, RunId, SessionId,
    session::{
        Command, Event,
        command::StartRun,
        event::{AssistantRunStarted, CustomerMessageSent, Recipient},
    },
};
use event_store::{Clock, StreamName};
use jiff::{SignedDuration, Timestamp};
use journal::Decoded;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{assistants::Assistants, rules::Rules};

use super::{
    manager::{Action, ProcessManager, Timer, whole_millisecond},
    runner::{ASSISTANT_RUN, Runner, deadline_after},
};

/// The key of a run's timer; a message's is [`key_of`] it.
const RUN: &str = "run";
/// A message that nobody has begun to answer for so long is begun anew, though its node lives.
const START_LIMIT: SignedDuration = SignedDuration::from_secs(30);

/// What the timer of a run says.
#[derive(Debug, Serialize, Deserialize)]
struct OpenRun {
    run: RunId,
    attempt: u32,
    /// Whom it asked; timers of the program before do not say it.
    #[serde(default)]
    assistant: Option<String>,
}

/// The process manager.
pub struct RunRecovery {
    /// This node's life, to which it gives what it takes from another.
    incarnation: Incarnation,
    assistants: Arc<Assistants>,
    rules: Arc<Rules>,
    limit: Duration,
    clock: Arc<dyn Clock>,
}

impl RunRecovery {
    /// Gives runs to this runner's node.
    #[must_use]
    pub fn new(runner: &Runner) -> Self {
        Self {
            incarnation: runner.node().incarnation,
            assistants: runner.assistants().clone(),
            rules: runner.rules().clone(),
            limit: runner.settings().limit,
            clock: runner.clock().clone(),
        }
    }

    /// A retaken run asks whom it asked: the answer may be ready there.
    fn start(&self, session: SessionId, run: RunId, asked: Option<&str>) -> StartRun {
        let variant = self.rules.variant(session);
        let order = variant.as_ref().map(|variant| variant.assistants.as_slice());
        let before = asked.and_then(|name| self.assistants.named(name));
        StartRun {
            run,
            incarnation: self.incarnation,
            assistant: before.unwrap_or_else(|| self.assistants.first(order)).name().to_owned(),
            variant: variant.as_ref().map(|variant| variant.name.clone()),
            deadline: deadline_after(self.clock.now(), self.limit),
        }
    }

    fn retake(&self, session: SessionId, timer: &Timer) -> Option<Command> {
        let OpenRun { run, attempt, assistant } = OpenRun::deserialize(&timer.payload).ok()?;
        Some(Command::RetakeRun { attempt, start: self.start(session, run, assistant.as_deref()) })
    }

    /// The timer of a message whose run begins now. It is set again in case that a run is on that leaves the message waiting.
    fn again(&self, timer: &Timer) -> Timer {
        let due = self.clock.now().checked_add(START_LIMIT).unwrap_or(Timestamp::MAX);
        Timer { due: whole_millisecond(due), life: Some(self.incarnation), ..timer.clone() }
    }
}

impl ProcessManager for RunRecovery {
    fn name(&self) -> &'static str {
        ASSISTANT_RUN
    }

    fn react(&self, _: &mut Value, decoded: &Decoded) -> Vec<Action> {
        let Some((_, event)) = decoded.event().session() else { return Vec::new() };
        let stream = &decoded.recorded().stream;
        match event {
            Event::CustomerMessageSent(sent) if sent.recipient == Recipient::Person => Vec::new(),
            Event::CustomerMessageSent(sent) => vec![message_timer(stream, sent, decoded.recorded().recorded_at)],
            Event::AssistantRunStarted(started) => run_began(stream, started),
            Event::AssistantReplied(replied) => ended(stream, &replied.answers),
            Event::Escalated(escalated) => ended(stream, &escalated.messages),
            Event::AgentTookOver(taken) => ended(stream, &taken.messages),
            Event::Closed(closed) => ended(stream, &closed.messages),
            Event::Opened(_)
            | Event::ContextStarted(_)
            | Event::AssistantAsked(_)
            | Event::AssistantFailed(_)
            | Event::AssistantReplyWithheld(_)
            | Event::EscalationCancelled(_)
            | Event::AfterHoursNoticeGiven(_)
            | Event::AgentMessageSent(_)
            | Event::NoticeGiven(_)
            | Event::TransferRequested(_)
            | Event::TransferAccepted(_)
            | Event::TransferDeclined(_)
            | Event::Transferred(_)
            | Event::OfferMade(_)
            | Event::OfferAccepted(_)
            | Event::OfferExpired(_)
            | Event::MailRequested(_)
            | Event::MailSent(_)
            | Event::MailFailed(_)
            | Event::PriorityChanged(_)
            | Event::ProfileChanged(_)
            | Event::NoteAdded(_)
            | Event::NoteEdited(_)
            | Event::NoteRemoved(_)
            | Event::TagsChanged(_)
            | Event::RatingGiven(_)
            | Event::Released(_)
            | Event::ReturnedToQueue(_)
            | Event::Reopened(_)
            | Event::CommandConfirmed(_) => Vec::new(),
        }
    }

    fn on_timer(&self, timer: &Timer) -> Vec<Action> {
        let Some(session) = timer.stream.id().map(SessionId) else { return Vec::new() };
        let to_session = |name, command| Action::Command { name, session, command: Box::new(command) };
        match timer.key.as_str() {
            // The program before had one timer for each session, which did not say what was open there.
            ASSISTANT_RUN => vec![Action::Reread(timer.stream.clone())],
            RUN => self.retake(session, timer).map(|retake| to_session("retake", retake)).into_iter().collect(),
            _message => {
                let run = RunId(Uuid::new_v5(&timer.cause(), b"run"));
                vec![
                    to_session("take_up", Command::StartRun(self.start(session, run, None))),
                    Action::SetTimer(self.again(timer)),
                ]
            }
        }
    }
}

fn key_of(message: MessageId) -> String {
    format!("message {message}")
}

fn message_timer(stream: &StreamName, sent: &CustomerMessageSent, at: Timestamp) -> Action {
    Action::SetTimer(Timer {
        stream: stream.clone(),
        key: key_of(sent.message),
        due: whole_millisecond(at.checked_add(START_LIMIT).unwrap_or(Timestamp::MAX)),
        payload: json!({}),
        life: Some(sent.incarnation),
    })
}

fn run_began(stream: &StreamName, started: &AssistantRunStarted) -> Vec<Action> {
    let timer = Timer {
        stream: stream.clone(),
        key: RUN.to_owned(),
        due: whole_millisecond(started.deadline),
        payload: json!(OpenRun {
            run: started.run,
            attempt: started.attempt,
            assistant: Some(started.assistant.clone())
        }),
        life: Some(started.incarnation),
    };
    let mut actions = cancelled(stream, &started.messages);
    actions.push(Action::SetTimer(timer));
    actions
}

/// The run is over, and these messages are.
fn ended(stream: &StreamName, messages: &[MessageId]) -> Vec<Action> {
    let mut actions = cancelled(stream, messages);
    actions.push(Action::CancelTimer { stream: stream.clone(), key: RUN.to_owned() });
    actions
}

fn cancelled(stream: &StreamName, messages: &[MessageId]) -> Vec<Action> {
    messages.iter().map(|message| Action::CancelTimer { stream: stream.clone(), key: key_of(*message) }).collect()
}
