//! A session's state, folded from its events. `evolve` is the same function live and in replay; it never fails.
//!
//! Invariant: the state holds no personal text, so an erasure need not look into caches of states.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    id::{AgentId, ContextId, Incarnation, MailId, MessageId, OfferId, RunId, TransferId, VisitorId},
    language::Language,
    policy::Counts,
    session::{
        event::{
            AssistantReplied, AssistantRunStarted, CustomerMessageSent, Escalated, EscalationReason, Event, Severity,
            TransferTarget,
        },
        notes::Notes,
        notice::Notice,
        priority::PriorityClass,
        rating::Ratings,
        status::Status,
    },
    text::{Skill, Tag},
};

/// The state of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "states that are kept are open ones")]
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
    /// The language of the customer's newest message, or of the page.
    pub language: Option<Language>,
    /// What the rules count.
    pub counts: Counts,
    /// Why a person is needed, while that is not over.
    pub escalation: Option<Escalation>,
    /// Its place in the queue.
    pub class: PriorityClass,
    /// Who should take it.
    pub group: Option<Skill>,
    /// The offer that waits for an answer.
    pub offer: Option<OpenOffer>,
    /// The transfer that waits for an answer.
    pub transfer: Option<OpenTransfer>,
    /// Mails of which it is not known what became of them.
    pub mails: Vec<MailId>,
    /// The opening time that the customer was last told while nobody worked; the inner `None`: there was none to tell.
    pub told_closed_until: Option<Option<Timestamp>>,
    /// Whether the customer was asked for an e-mail address.
    pub was_asked_for_email: bool,
    /// Whether the customer gave one.
    pub has_email: bool,
    /// Its internal notes.
    pub notes: Notes,
    /// Its tags.
    pub tags: BTreeSet<Tag>,
    /// Whether the customer is or was asked for a rating.
    pub ratings: Ratings,
}

/// Why a person is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Escalation {
    /// On the wire.
    pub reason: EscalationReason,
    /// How urgent.
    pub severity: Severity,
}

/// An offer that waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenOffer {
    /// The offer.
    pub offer: OfferId,
    /// To whom it was made.
    pub agent: AgentId,
}

/// A transfer that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTransfer {
    /// The transfer.
    pub transfer: TransferId,
    /// Who was asked.
    pub to: TransferTarget,
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
    /// The assistants of its attempts, the current one last.
    pub asked: Vec<String>,
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
            language: None,
            counts: Counts::default(),
            escalation: None,
            class: PriorityClass::default(),
            group: None,
            offer: None,
            transfer: None,
            mails: Vec::new(),
            told_closed_until: None,
            was_asked_for_email: false,
            has_email: false,
            notes: Notes::default(),
            tags: BTreeSet::new(),
            ratings: Ratings::default(),
        }
    }

    fn take_message(&mut self, sent: &CustomerMessageSent) {
        let CustomerMessageSent { message, episode, language, incarnation, .. } = *sent;
        self.episode = episode;
        self.episode_began = true;
        self.said_in_context = true;
        self.said_on_screen = true;
        self.last_written = Some(message);
        self.is_unanswered = true;
        self.language = Some(language);
        self.counts = self.counts.with_message(&sent.rule_signals);
        if self.assistant_answers() {
            self.waiting.push(WaitingMessage { message, language, incarnation });
        }
    }

    fn begin_run(&mut self, started: &AssistantRunStarted) {
        let messages = self.unanswered().filter(|m| started.messages.contains(&m.message)).copied().collect();
        self.waiting.retain(|waiting| !started.messages.contains(&waiting.message));
        let AssistantRunStarted { run, attempt, incarnation, deadline, .. } = *started;
        let before = self.run.take().filter(|before| before.run == run);
        let mut asked = before.map(|before| before.asked).unwrap_or_default();
        asked.push(started.assistant.clone());
        self.run = Some(Run { run, attempt, asked, incarnation, deadline, messages });
    }

    fn take_reply(&mut self, replied: &AssistantReplied) {
        self.run = None;
        self.waiting.retain(|waiting| !replied.answers.contains(&waiting.message));
        self.said_on_screen = true;
        self.last_written = Some(replied.message);
        self.is_unanswered = !self.waiting.is_empty();
        self.counts = self.counts.with_reply(&replied.rule_signals);
    }

    fn escalate(&mut self, escalated: &Escalated) {
        self.hand_over(Phase::PendingManual);
        self.escalation = Some(Escalation { reason: escalated.reason, severity: escalated.severity });
        self.class = escalated.class;
        self.group.clone_from(&escalated.group);
        self.language.get_or_insert(escalated.language);
    }

    /// What the rules counted was for whoever had the session.
    fn hand_over(&mut self, phase: Phase) {
        self.phase = phase;
        self.run = None;
        self.waiting.clear();
        self.counts = Counts::default();
    }

    /// The assistant has it, or nobody: no person is needed any more.
    fn end_escalation(&mut self) {
        self.escalation = None;
        self.class = PriorityClass::default();
        self.group = None;
        self.counts = Counts::default();
    }

    /// The episode that a message of the customer would be in now.
    pub(super) fn current_episode(&self) -> u32 {
        if self.episode_began { self.episode } else { self.episode.saturating_add(1) }
    }

    fn told(&mut self, notice: Notice) {
        self.said_on_screen = true;
        if let Notice::AfterHours { opens_at, asks_for_email } | Notice::NobodyFree { opens_at, asks_for_email } =
            notice
        {
            self.told_closed_until = Some(opens_at);
            self.was_asked_for_email |= asks_for_email;
        }
    }

    /// Folds one more event into it.
    pub(super) fn apply(&mut self, event: &Event) {
        apply(self, event);
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
            (Self::New, _before_it_is_opened) => Self::New,
        }
    }
}

fn apply(session: &mut Session, event: &Event) {
    let episode = session.current_episode();
    session.ratings.apply(event, episode);
    match event {
        Event::CustomerMessageSent(sent) => session.take_message(sent),
        Event::ContextStarted(started) => {
            session.context = started.context;
            session.said_in_context = false;
            session.said_on_screen &= !started.cleared;
        }
        Event::AssistantRunStarted(started) => session.begin_run(started),
        Event::AssistantReplied(replied) => session.take_reply(replied),
        Event::Escalated(escalated) => session.escalate(escalated),
        Event::ReturnedToQueue(returned) => {
            session.hand_over(Phase::PendingManual);
            session.group.clone_from(&returned.group);
        }
        Event::AgentTookOver(taken) => {
            session.hand_over(Phase::ManualLive { agent: taken.agent });
            session.last_written = None;
        }
        Event::Transferred(transferred) => {
            session.phase = Phase::ManualLive { agent: transferred.to };
            session.last_written = None;
        }
        Event::AgentMessageSent(sent) => {
            session.said_on_screen = true;
            session.said_in_context = true;
            session.last_written = Some(sent.message);
            session.is_unanswered = false;
        }
        Event::NoticeGiven(given) => session.told(given.notice),
        Event::TransferRequested(requested) => {
            session.transfer = Some(OpenTransfer { transfer: requested.transfer, to: requested.to.clone() });
        }
        Event::TransferAccepted(_) | Event::TransferDeclined(_) => session.transfer = None,
        Event::OfferMade(made) => session.offer = Some(OpenOffer { offer: made.offer, agent: made.agent }),
        Event::OfferAccepted(_) | Event::OfferExpired(_) => session.offer = None,
        Event::MailRequested(requested) => session.mails.push(requested.mail),
        Event::MailSent(sent) => session.mails.retain(|mail| *mail != sent.mail),
        Event::MailFailed(failed) => session.mails.retain(|mail| *mail != failed.mail),
        Event::PriorityChanged(changed) => session.class = changed.class,
        Event::ProfileChanged(_) => session.has_email = true,
        Event::NoteAdded(_) | Event::NoteEdited(_) | Event::NoteRemoved(_) => session.notes.apply(event),
        Event::TagsChanged(changed) => {
            session.tags.extend(changed.added.iter().cloned());
            session.tags.retain(|tag| !changed.removed.contains(tag));
        }
        Event::EscalationCancelled(_) | Event::Released(_) | Event::Reopened(_) => {
            session.phase = Phase::BotActive;
            session.last_written = None;
            session.end_escalation();
        }
        Event::AfterHoursNoticeGiven(_) => session.phase = Phase::AfterHoursEmail,
        Event::Closed(_) => {
            session.hand_over(Phase::Closed);
            session.end_escalation();
            session.episode_began = false;
            session.is_unanswered = false;
        }
        Event::Opened(_)
        | Event::AssistantAsked(_)
        | Event::AssistantFailed(_)
        | Event::AssistantReplyWithheld(_)
        | Event::RatingGiven(_)
        | Event::CommandConfirmed(_) => {}
    }
}
