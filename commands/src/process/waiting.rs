//! What becomes of a session that waits for a person, by time alone: nobody takes it for too long, or the shop opens.
//!
//! Only working time counts, by the calendar in force when a timer is due: a timer that is due too early is set again. Invariant:
//! danger never goes back to the assistant by a timer; it stays, and the mail is sent again once.

mod wait;

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use domain::{
    MailId, MessageId, SessionId,
    calendar::{Calendars, Hours},
    session::{
        Command,
        event::{CancelReason, MailKind},
        priority::PriorityClass,
    },
    text::Skill,
};
use event_store::StreamName;
use jiff::{SignedDuration, Timestamp};
use journal::Decoded;
use serde::Deserialize as _;
use serde_json::{Value, json};
use uuid::Uuid;

use super::manager::{Action, ProcessManager, Timer, whole_millisecond};
use crate::rules::Rules;
use wait::{Change, Wait};

/// The keys of its timers.
const NOBODY_CAME: &str = "nobody_came";
const OPENING: &str = "opening";
/// Where no calendar says when the shop opens, it is looked at again after so long.
const LOOKS_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// What happens when nobody came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NobodyCame {
    /// The customer gets the notice of after hours, the team a mail, and the session waits in the queue again at the next opening.
    #[default]
    Mail,
    /// The assistant has the session again.
    Assistant,
}

impl NobodyCame {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Mail, Self::Assistant];

    /// As in the settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Assistant => "assistant",
        }
    }
}

impl fmt::Display for NobodyCame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// It is neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither mail nor assistant")]
pub struct NeitherMailNorAssistant;

impl FromStr for NobodyCame {
    type Err = NeitherMailNorAssistant;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or(NeitherMailNorAssistant)
    }
}

/// The process manager.
pub struct Waiting {
    /// Zero: nothing happens when nobody comes.
    after: SignedDuration,
    then: NobodyCame,
    rules: Arc<Rules>,
}

impl Waiting {
    /// Nobody came is after so much working time; never for zero.
    #[must_use]
    pub fn new(after: Duration, then: NobodyCame, rules: Arc<Rules>) -> Self {
        Self { after: SignedDuration::try_from(after).unwrap_or(SignedDuration::MAX), then, rules }
    }

    /// The timer of whoever waits, as what is known of the session says.
    fn nobody_came(&self, stream: StreamName, wait: Option<&Wait>) -> Action {
        let since = wait.and_then(Wait::since).filter(|_| !self.after.is_zero());
        match (wait, since) {
            (Some(wait), Some(since)) => timer(stream, NOBODY_CAME, later(since, self.after), wait),
            (Some(_) | None, _) => Action::CancelTimer { stream, key: NOBODY_CAME.to_owned() },
        }
    }

    /// What is to be done when the wait may have been too long.
    fn on_wait(&self, timer: &Timer, wait: &Wait, now: Timestamp) -> Option<Action> {
        let (calendars, group) = (self.rules.calendars(), wait.group.as_ref());
        let missing = self.after - calendars.working_time(group, wait.since()?, now);
        if self.after.is_zero() {
            return None;
        }
        if missing > SignedDuration::ZERO {
            let from = match calendars.hours(group, now) {
                Hours::Open { .. } => now,
                Hours::Closed { opens_at } => opens_at.unwrap_or(later(now, LOOKS_AGAIN)),
            };
            return Some(self::timer(timer.stream.clone(), NOBODY_CAME, later(from, missing), wait));
        }
        let session = SessionId(timer.stream.id()?);
        let is_open = matches!(calendars.hours(group, now), Hours::Open { .. });
        let next = Next { is_open, opens_at: next_opening(&calendars, group, now) };
        let (name, command) = self.when_nobody_came(timer.cause(), wait, &next);
        Some(Action::Command { name, session, command: Box::new(command) })
    }

    fn when_nobody_came(&self, cause: Uuid, wait: &Wait, next: &Next) -> (&'static str, Command) {
        let Next { is_open, opens_at } = *next;
        let mail = MailId(Uuid::new_v5(&cause, b"mail"));
        match (wait.class, self.then) {
            (PriorityClass::Danger, _) => ("remind", Command::RequestMail { mail, kind: MailKind::Escalation }),
            (PriorityClass::Vip | PriorityClass::Urgent | PriorityClass::Normal, NobodyCame::Mail) => {
                ("nobody_came", Command::GiveAfterHoursNotice { opens_at, is_open, mail })
            }
            (PriorityClass::Vip | PriorityClass::Urgent | PriorityClass::Normal, NobodyCame::Assistant) => {
                let notice = MessageId(Uuid::new_v5(&cause, b"notice"));
                ("nobody_came", Command::CancelEscalation { reason: CancelReason::NobodyCame, notice })
            }
        }
    }

    /// What is to be done when the shop may have opened.
    fn on_opening(&self, timer: &Timer, wait: &Wait, now: Timestamp) -> Option<Action> {
        match self.rules.calendars().hours(wait.group.as_ref(), now) {
            Hours::Open { .. } => {
                let command = Box::new(Command::EnterQueue { policy_version: self.rules.policy().version() });
                Some(Action::Command { name: "enter_queue", session: SessionId(timer.stream.id()?), command })
            }
            Hours::Closed { opens_at } => Some(opening(timer.stream.clone(), opens_at, now, wait)),
        }
    }
}

impl ProcessManager for Waiting {
    fn name(&self) -> &'static str {
        "waiting"
    }

    fn keeps_state_of(&self, decoded: &Decoded) -> bool {
        decoded.event().session().is_some_and(|(_, event)| Change::of(event).is_some())
    }

    fn react(&self, state: &mut Value, decoded: &Decoded) -> Vec<Action> {
        let change = decoded.event().session().and_then(|(_, event)| Change::of(event));
        let Some(change) = change else { return Vec::new() };
        let opens_at = change.opens_at();
        let (stream, at) = (decoded.recorded().stream.clone(), decoded.recorded().recorded_at);
        let before = Option::<Wait>::deserialize(&*state).unwrap_or_default();
        let wait = change.apply(before, at);
        *state = json!(wait);
        let opening = match (&wait, opens_at) {
            (Some(wait), Some(opens_at)) => opening(stream.clone(), opens_at, at, wait),
            (Some(_) | None, _) => Action::CancelTimer { stream: stream.clone(), key: OPENING.to_owned() },
        };
        vec![self.nobody_came(stream, wait.as_ref()), opening]
    }

    fn on_timer(&self, timer: &Timer) -> Vec<Action> {
        let Ok(wait) = Wait::deserialize(&timer.payload) else { return Vec::new() };
        let now = self.rules.clock().now();
        let action = match timer.key.as_str() {
            NOBODY_CAME => self.on_wait(timer, &wait, now),
            OPENING => self.on_opening(timer, &wait, now),
            _unknown => None,
        };
        action.into_iter().collect()
    }
}

/// Whether somebody works, and when somebody begins to.
struct Next {
    is_open: bool,
    opens_at: Option<Timestamp>,
}

/// When somebody of the group works again who does not work on until then.
fn next_opening(calendars: &Calendars, group: Option<&Skill>, now: Timestamp) -> Option<Timestamp> {
    match calendars.hours(group, now) {
        Hours::Closed { opens_at } => opens_at,
        Hours::Open { closes_at } => calendars.hours(group, closes_at?).opens_at(),
    }
}

fn opening(stream: StreamName, opens_at: Option<Timestamp>, now: Timestamp, wait: &Wait) -> Action {
    timer(stream, OPENING, opens_at.unwrap_or(later(now, LOOKS_AGAIN)), wait)
}

fn timer(stream: StreamName, key: &str, due: Timestamp, wait: &Wait) -> Action {
    let (key, due) = (key.to_owned(), whole_millisecond(due));
    Action::SetTimer(Timer { stream, key, due, payload: json!(wait), life: None })
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}
