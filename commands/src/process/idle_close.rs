//! Closes sessions in which nobody wrote for long.
//!
//! The wait begins with a message of anyone, and anew when the session comes to somebody else. Whether the session may be closed
//! when it is over is the domain's decision ([`Command::CloseIdle`]): the timer says which message was the last, and a message
//! that came in between wins.

use std::{sync::Arc, time::Duration};

use domain::{
    MessageId, SessionId,
    session::{Command, Event},
};
use event_store::{Clock, StreamName};
use jiff::{SignedDuration, Timestamp};
use journal::Decoded;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::manager::{Action, ProcessManager, Timer, whole_millisecond};

/// The key of its timers.
const IDLE: &str = "idle";

/// Closes idle sessions.
#[derive(Debug)]
pub struct IdleClose {
    after: SignedDuration,
    clock: Arc<dyn Clock>,
}

/// What a timer says.
#[derive(Debug, Serialize, Deserialize)]
struct Waiting {
    /// In microseconds since 1970.
    since_us: i64,
    /// The last message then; none where nobody has written to whoever has the session.
    last_written: Option<MessageId>,
}

impl IdleClose {
    /// Closes after so long. `None` for zero: never.
    #[must_use]
    pub fn new(after: Duration, clock: Arc<dyn Clock>) -> Option<Self> {
        let after = SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX);
        (!after.is_zero()).then_some(Self { after, clock })
    }

    fn wait(&self, event: &Decoded, last_written: Option<MessageId>) -> Action {
        let waiting = Waiting { since_us: event.at_us(), last_written };
        Action::SetTimer(self.timer(event.recorded().stream.clone(), &waiting))
    }

    fn timer(&self, stream: StreamName, waiting: &Waiting) -> Timer {
        let since = Timestamp::from_microsecond(waiting.since_us).unwrap_or(Timestamp::MAX);
        let due = whole_millisecond(since.checked_add(self.after).unwrap_or(Timestamp::MAX));
        Timer { stream, key: IDLE.to_owned(), due, payload: json!(waiting), life: None }
    }
}

impl ProcessManager for IdleClose {
    fn name(&self) -> &'static str {
        "idle_close"
    }

    fn react(&self, _: &mut Value, decoded: &Decoded) -> Vec<Action> {
        let Some((_, event)) = decoded.event().session() else { return Vec::new() };
        let action = match event {
            Event::CustomerMessageSent(sent) => self.wait(decoded, Some(sent.message)),
            Event::AssistantReplied(replied) => self.wait(decoded, Some(replied.message)),
            Event::AgentMessageSent(sent) => self.wait(decoded, Some(sent.message)),
            Event::Opened(_)
            | Event::Reopened(_)
            | Event::AgentTookOver(_)
            | Event::Transferred(_)
            | Event::Released(_)
            | Event::EscalationCancelled(_) => self.wait(decoded, None),
            // A person is awaited, or it is over: the wait begins anew with what comes after that.
            Event::Escalated(_) | Event::ReturnedToQueue(_) | Event::AfterHoursNoticeGiven(_) | Event::Closed(_) => {
                Action::CancelTimer { stream: decoded.recorded().stream.clone(), key: IDLE.to_owned() }
            }
            Event::ContextStarted(_)
            | Event::AssistantRunStarted(_)
            | Event::AssistantAsked(_)
            | Event::AssistantFailed(_)
            | Event::AssistantReplyWithheld(_)
            | Event::NoticeGiven(_)
            | Event::TransferRequested(_)
            | Event::TransferAccepted(_)
            | Event::TransferDeclined(_)
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
            | Event::CommandConfirmed(_) => return Vec::new(),
        };
        vec![action]
    }

    fn on_timer(&self, timer: &Timer) -> Vec<Action> {
        let waiting = Waiting::deserialize(&timer.payload);
        let (Ok(waiting), Some(session)) = (waiting, timer.stream.id()) else { return Vec::new() };
        let as_set_now = self.timer(timer.stream.clone(), &waiting);
        if as_set_now.due > self.clock.now() {
            // The setting is longer than it was.
            return vec![Action::SetTimer(as_set_now)];
        }
        let notice = MessageId(timer.cause());
        let (last_written, at) = (waiting.last_written, self.clock.now());
        let command = Box::new(Command::CloseIdle { last_written, notice, at });
        vec![Action::Command { name: "close", session: SessionId(session), command }]
    }
}
