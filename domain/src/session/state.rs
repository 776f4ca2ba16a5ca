//! What a session's events add up to. `evolve` is the same function live and in replay: it never fails and never judges.
//!
//! Invariant: no personal text is kept here, so a cache of states holds nothing that an erasure would have to find.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::{AgentId, ContextId, Incarnation, MessageId, RunId, VisitorId},
    language::Language,
    session::event::{AssistantRunStarted, CustomerMessageSent, Event},
};

/// A session before and after its first event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing has happened.
    #[default]
    New,
    /// It exists.
    Open(Session),
}

/// An existing session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose it is.
    pub visitor: VisitorId,
    /// Who has it.
    pub phase: Phase,
    /// Episodes so far.
    pub episode: u32,
    /// Whether the current episode has begun: no message yet after creation or a close means no.
    pub episode_began: bool,
    /// What the assistant remembers.
    pub context: ContextId,
    /// Whether anything was said in this context.
    pub said_in_context: bool,
    /// Whether anything was said since the customer last cleared the screen.
    pub said_on_screen: bool,
    /// Messages that no run has taken up.
    pub waiting: Vec<WaitingMessage>,
    /// The answer in the making.
    pub run: Option<Run>,
    /// The last message of anyone since the session came to whoever has it; handing it on starts the wait for one anew.
    pub last_written: Option<MessageId>,
    /// Whether the customer wrote and nobody has answered since, whoever has the session.
    pub is_unanswered: bool,
}

/// Who has the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The assistant.
    BotActive,
    /// Nobody yet; a person is wanted.
    PendingManual,
    /// A person.
    ManualLive {
        /// Who.
        agent: AgentId,
    },
    /// The assistant, until somebody works again.
    AfterHoursEmail,
    /// Nobody.
    Closed,
}

/// [`Phase`] as it stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as in Phase")]
pub enum Status {
    BotActive,
    PendingManual,
    ManualLive,
    AfterHoursEmail,
    Closed,
}

impl Status {
    /// In the original's order.
    pub const ALL: [Self; 5] =
        [Self::BotActive, Self::PendingManual, Self::ManualLive, Self::AfterHoursEmail, Self::Closed];

    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BotActive => "bot_active",
            Self::PendingManual => "pending_manual",
            Self::ManualLive => "manual_live",
            Self::AfterHoursEmail => "after_hours_email",
            Self::Closed => "closed",
        }
    }

    /// From the wire.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A customer message that waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingMessage {
    /// The message.
    pub message: MessageId,
    /// The language to answer in.
    pub language: Language,
    /// The life of the node that is to have it answered.
    pub incarnation: Incarnation,
}

/// An answer in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The run.
    pub run: RunId,
    /// The current attempt; no other may reply.
    pub attempt: u32,
    /// The life of the node that makes it.
    pub incarnation: Incarnation,
    /// After it anyone may retake the run.
    pub deadline: Timestamp,
    /// What it answers.
    pub messages: Vec<WaitingMessage>,
}

/// Something that an assistant still has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenWork {
    /// The life of the node that is at it.
    pub incarnation: Incarnation,
    /// After it anyone may take it over; absent while no run has begun.
    pub deadline: Option<Timestamp>,
}

impl Session {
    /// Who has it, as on the wire.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.phase {
            Phase::BotActive => Status::BotActive,
            Phase::PendingManual => Status::PendingManual,
            Phase::ManualLive { .. } => Status::ManualLive,
            Phase::AfterHoursEmail => Status::AfterHoursEmail,
            Phase::Closed => Status::Closed,
        }
    }

    /// Whether the assistant may speak.
    #[must_use]
    pub fn assistant_answers(&self) -> bool {
        matches!(self.phase, Phase::BotActive | Phase::AfterHoursEmail)
    }

    /// All messages without an answer: of the run and of those behind it, oldest first.
    pub fn unanswered(&self) -> impl Iterator<Item = &WaitingMessage> {
        self.run.iter().flat_map(|run| &run.messages).chain(&self.waiting)
    }

    /// Whether it may be closed because nobody wrote for long. Never while the customer waits: for a person in the queue and
    /// after hours, for the person who has the session, or for the assistant. What went to a person who gave the session
    /// back without an answer waits no more.
    #[must_use]
    pub fn may_close_idle(&self) -> bool {
        match self.phase {
            Phase::BotActive => self.unanswered().next().is_none(),
            Phase::ManualLive { .. } => !self.is_unanswered,
            Phase::PendingManual | Phase::AfterHoursEmail | Phase::Closed => false,
        }
    }

    /// What an assistant still has to do here, and who is at it.
    #[must_use]
    pub fn open_work(&self) -> Option<OpenWork> {
        match (&self.run, self.waiting.first()) {
            (Some(run), _) => Some(OpenWork { incarnation: run.incarnation, deadline: Some(run.deadline) }),
            (None, Some(waiting)) if self.assistant_answers() => {
                Some(OpenWork { incarnation: waiting.incarnation, deadline: None })
            }
            (None, Some(_) | None) => None,
        }
    }

    fn opened(visitor: VisitorId, context: ContextId) -> Self {
        Self {
            visitor,
            phase: Phase::BotActive,
            episode: 0,
            episode_began: false,
            context,
            said_in_context: false,
            said_on_screen: false,
            waiting: Vec::new(),
            run: None,
            last_written: None,
            is_unanswered: false,
        }
    }

    fn hear(&mut self, sent: &CustomerMessageSent) {
        let CustomerMessageSent { message, episode, language, incarnation, words: _ } = *sent;
        self.episode = episode;
        self.episode_began = true;
        self.said_in_context = true;
        self.said_on_screen = true;
        self.last_written = Some(message);
        self.is_unanswered = true;
        if self.assistant_answers() {
            self.waiting.push(WaitingMessage { message, language, incarnation });
        }
    }

    fn begin_run(&mut self, started: &AssistantRunStarted) {
        let messages = self.unanswered().filter(|m| started.messages.contains(&m.message)).copied().collect();
        self.waiting.retain(|waiting| !started.messages.contains(&waiting.message));
        let AssistantRunStarted { run, attempt, incarnation, deadline, .. } = *started;
        self.run = Some(Run { run, attempt, incarnation, deadline, messages });
    }

    fn hand_on(&mut self, phase: Phase) {
        self.phase = phase;
        self.run = None;
        self.waiting.clear();
    }
}

impl State {
    /// The existing session.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match self {
            Self::New => None,
            Self::Open(session) => Some(session),
        }
    }

    /// What the session is after this event.
    #[must_use]
    pub fn evolve(self, event: &Event) -> Self {
        match (self, event) {
            (Self::New, Event::Opened(opened)) => Self::Open(Session::opened(opened.visitor, opened.context)),
            (Self::Open(mut session), event) => {
                apply(&mut session, event);
                Self::Open(session)
            }
            (Self::New, _) => Self::New,
        }
    }
}

fn apply(session: &mut Session, event: &Event) {
    match event {
        Event::CustomerMessageSent(sent) => session.hear(sent),
        Event::ContextStarted(started) => {
            session.context = started.context;
            session.said_in_context = false;
            session.said_on_screen &= !started.cleared;
        }
        Event::AssistantRunStarted(started) => session.begin_run(started),
        Event::AssistantReplied(replied) => {
            session.run = None;
            session.waiting.retain(|waiting| !replied.answers.contains(&waiting.message));
            session.said_on_screen = true;
            session.last_written = Some(replied.message);
            session.is_unanswered = !session.waiting.is_empty();
        }
        Event::Escalated(_) | Event::ReturnedToQueue(_) => session.hand_on(Phase::PendingManual),
        Event::AgentTookOver(taken) => {
            session.hand_on(Phase::ManualLive { agent: taken.agent });
            session.last_written = None;
        }
        Event::EscalationCancelled(_) | Event::Released(_) | Event::Reopened(_) => {
            session.phase = Phase::BotActive;
            session.last_written = None;
        }
        Event::AfterHoursNoticeGiven(_) => session.phase = Phase::AfterHoursEmail,
        Event::Closed(_) => {
            session.hand_on(Phase::Closed);
            session.episode_began = false;
            session.is_unanswered = false;
        }
        Event::Opened(_)
        | Event::AssistantFailed(_)
        | Event::AssistantReplyWithheld(_)
        | Event::CommandConfirmed(_) => {}
    }
}
