//! A session's state, folded from its events. `evolve` is the same function live and in replay; it never fails.
//!
//! Invariant: the state holds no personal text, so an erasure need not look into caches of states.

use jiff::Timestamp;

use crate::{
    id::{AgentId, ContextId, Incarnation, MessageId, RunId, VisitorId},
    language::Language,
    session::{
        event::{AssistantRunStarted, CustomerMessageSent, Event},
        status::Status,
    },
};

/// The state of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum State {
    /// There are no events.
    #[default]
    New,
    /// It has been opened.
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
    /// The current context.
    pub context: ContextId,
    /// Whether anything was said in this context.
    pub said_in_context: bool,
    /// Whether anything was said since the customer last cleared the screen.
    pub said_on_screen: bool,
    /// Messages that no run answers yet.
    pub waiting: Vec<WaitingMessage>,
    /// The current run.
    pub run: Option<Run>,
    /// The last message of anyone since the session came to whoever has it: handing it over starts the wait for one anew.
    pub last_written: Option<MessageId>,
    /// Whether the customer wrote and nobody has answered since, whoever has the session.
    pub is_unanswered: bool,
}

/// Who has the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The assistant.
    BotActive,
    /// Nobody yet: it waits for a person.
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

/// A run of the assistant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The run.
    pub run: RunId,
    /// The current attempt; no other may reply.
    pub attempt: u32,
    /// The life of the node that carries it out.
    pub incarnation: Incarnation,
    /// After it any node may retake the run.
    pub deadline: Timestamp,
    /// The messages it answers.
    pub messages: Vec<WaitingMessage>,
}

impl Session {
    /// The status, as on the wire.
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

    /// All unanswered messages, oldest first: those of the run, then those that wait.
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

    fn take_message(&mut self, sent: &CustomerMessageSent) {
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

    fn hand_over(&mut self, phase: Phase) {
        self.phase = phase;
        self.run = None;
        self.waiting.clear();
    }
}

impl State {
    /// The session, if it has been opened.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match self {
            Self::New => None,
            Self::Open(session) => Some(session),
        }
    }

    /// The state after one more event.
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
        Event::CustomerMessageSent(sent) => session.take_message(sent),
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
        Event::Escalated(_) | Event::ReturnedToQueue(_) => session.hand_over(Phase::PendingManual),
        Event::AgentTookOver(taken) => {
            session.hand_over(Phase::ManualLive { agent: taken.agent });
            session.last_written = None;
        }
        Event::EscalationCancelled(_) | Event::Released(_) | Event::Reopened(_) => {
            session.phase = Phase::BotActive;
            session.last_written = None;
        }
        Event::AfterHoursNoticeGiven(_) => session.phase = Phase::AfterHoursEmail,
        Event::Closed(_) => {
            session.hand_over(Phase::Closed);
            session.episode_began = false;
            session.is_unanswered = false;
        }
        Event::Opened(_)
        | Event::AssistantFailed(_)
        | Event::AssistantReplyWithheld(_)
        | Event::CommandConfirmed(_) => {}
    }
}
