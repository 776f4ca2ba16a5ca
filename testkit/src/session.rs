//! One customer's session, driven by commands through the domain's own rules: what they decide is collected, and written into a
//! log when told to.
//!
//! Invariant: nothing is written that the rules did not decide. A command that they refuse is a mistake of the test, unless it
//! says that refusals are part of it: then such a command leaves nothing.

use std::sync::{Arc, LazyLock};

use domain::{
    AgentId, ContextId, Incarnation, Language, MailId, MessageId, RunId, SessionId, VisitorId,
    calendar::Calendars,
    policy::{Firing, Policy, Rule},
    session::{
        Command, State, Status,
        command::{Answer, Circumstances, Escalate, Failure, Opening, SendMessage, Staff, StartRun},
        decide, encode,
        event::{
            CancelReason, CloseReason, EscalationReason, FailureCode, FailureDetail, Outcome, Recipient, ReturnReason,
            Severity, Words,
        },
        priority::PriorityClass,
    },
    text::{MessageText, ReasonCode, SessionName},
};
use event_store::{Actor, Expected, Log, NewEvent, Position, StreamName};
use jiff::Timestamp;
use uuid::Uuid;

use crate::new_event;

/// How much of a reply a customer has seen when it is withheld, in characters.
const SHOWN: usize = 3;
/// A deadline that no test reaches.
const FAR_AWAY: i64 = 4_000_000_000;

/// A session, and the log that it is written into. What happens returns the driver itself, so that `write` can follow:
/// `session.says("hello").write().await`.
pub struct SessionDriver {
    visitor: VisitorId,
    name: SessionName,
    agent: AgentId,
    state: State,
    attempt: (RunId, u32),
    takes_refusals: bool,
    unwritten: Vec<NewEvent>,
    log: Log,
}

impl SessionDriver {
    /// A session of a visitor of its own. It begins with its first message.
    ///
    /// # Panics
    /// The name is not one that a session can have.
    #[must_use]
    pub fn new(log: &Log, name: &str) -> Self {
        Self {
            visitor: VisitorId(Uuid::new_v4()),
            name: SessionName::parse(name.to_owned()).expect("the name is valid"),
            agent: AgentId(Uuid::new_v4()),
            state: State::New,
            attempt: (RunId(Uuid::nil()), 0),
            takes_refusals: false,
            unwritten: Vec::new(),
            log: log.clone(),
        }
    }

    /// The same with this agent instead of one of its own.
    #[must_use]
    pub fn with_agent(self, agent: AgentId) -> Self {
        Self { agent, ..self }
    }

    /// The same where a refused command leaves nothing.
    #[must_use]
    pub fn taking_refusals(self) -> Self {
        Self { takes_refusals: true, ..self }
    }

    /// Whose session it is.
    #[must_use]
    pub fn visitor(&self) -> VisitorId {
        self.visitor
    }

    /// The agent who takes it over.
    #[must_use]
    pub fn agent(&self) -> AgentId {
        self.agent
    }

    /// What its customer calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Its id.
    #[must_use]
    pub fn session(&self) -> SessionId {
        SessionId::of(self.visitor, self.name.as_str())
    }

    /// Its state after all that was decided, written or not.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Its status; `None` before its first event.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.state.session().map(domain::session::Session::status)
    }

    /// What opens it.
    #[must_use]
    pub fn opening(&self) -> Opening {
        Opening { visitor: self.visitor, name: self.name.clone(), context: ContextId(Uuid::new_v4()) }
    }

    /// Writes what was decided since the last time, in one append; answers the position of the last event, if there is one.
    ///
    /// # Panics
    /// The log does not take it.
    pub async fn write(&mut self) -> Option<Position> {
        let events = std::mem::take(&mut self.unwritten);
        if events.is_empty() {
            return None;
        }
        let stream = StreamName::of("session", self.session().0);
        Some(self.log.append(&stream, Expected::Any, &events).await.expect("the log takes events").last_position)
    }

    /// Collects what the rules make of a command.
    ///
    /// # Panics
    /// They refuse it, and refusals are not part of the test.
    pub fn tell(&mut self, command: Command) -> &mut Self {
        let decided = decide(&self.state, command);
        assert!(self.takes_refusals || decided.is_ok(), "refused: {decided:?}");
        for event in decided.unwrap_or_default() {
            let actor = Actor::new("customer", &self.visitor.to_string());
            self.unwritten.push(new_event(encode(&event), self.visitor.0, actor));
            self.state = std::mem::take(&mut self.state).evolve(&event);
        }
        self
    }

    /// The customer writes.
    ///
    /// # Panics
    /// The text is not one that a message can have.
    pub fn says(&mut self, text: &str) -> &mut Self {
        let text = MessageText::parse(text.to_owned()).expect("the text is valid");
        let send = SendMessage {
            opening: self.opening(),
            message: MessageId(Uuid::new_v4()),
            words: Words { text, parameters: serde_json::Map::new() },
            language: Language::Zh,
            incarnation: Incarnation(Uuid::nil()),
            recipient: Recipient::Assistant,
            signals: Vec::new(),
            urgency: None,
            email: None,
            circumstances: circumstances(),
        };
        self.tell(Command::SendMessage(send))
    }

    /// A run begins on what waits.
    pub fn starts_run(&mut self) -> &mut Self {
        self.attempt = (RunId(Uuid::new_v4()), 1);
        let start = self.start();
        self.tell(Command::StartRun(start))
    }

    /// The run is tried once more.
    pub fn retakes_run(&mut self) -> &mut Self {
        let (start, attempt) = (self.start(), self.attempt.1);
        self.attempt.1 += 1;
        self.tell(Command::RetakeRun { attempt, start })
    }

    fn start(&self) -> StartRun {
        let deadline = Timestamp::from_second(FAR_AWAY).expect("the deadline is a time");
        StartRun {
            run: self.attempt.0,
            incarnation: Incarnation(Uuid::nil()),
            assistant: "faq".into(),
            variant: None,
            deadline,
        }
    }

    /// What the assistant has to say in the present attempt.
    #[must_use]
    pub fn answer(&self, text: &str, outcome: Outcome) -> Answer {
        Answer {
            run: self.attempt.0,
            attempt: self.attempt.1,
            message: MessageId(Uuid::new_v4()),
            outcome,
            language: Language::Zh,
            confidence_permille: None,
            tokens: None,
            cost: None,
            sources: Vec::new(),
            text: MessageText::repaired(text),
            suggestions: Vec::new(),
            assistant_context: None,
            shown: text.chars().take(SHOWN).collect(),
            signals: Vec::new(),
            circumstances: circumstances(),
        }
    }

    /// The assistant answers.
    pub fn replies(&mut self, text: &str, outcome: Outcome) -> &mut Self {
        let answer = self.answer(text, outcome);
        self.tell(Command::Reply(answer))
    }

    /// The assistant offers several things to choose from.
    pub fn offers(&mut self, text: &str, suggestions: Vec<String>) -> &mut Self {
        let answer = Answer { suggestions, ..self.answer(text, Outcome::Offered) };
        self.tell(Command::Reply(answer))
    }

    /// A question, a run and its answer.
    pub fn asks(&mut self, question: &str, answer: &str, outcome: Outcome) -> &mut Self {
        self.says(question).starts_run().replies(answer, outcome)
    }

    /// The attempt fails; with last words it was the last one.
    pub fn fails(&mut self, last_words: Option<&str>) -> &mut Self {
        let last_words = last_words.map(|text| self.answer(text, Outcome::Unavailable));
        let (run, attempt) = self.attempt;
        let (code, detail) = (FailureCode::TimedOut, FailureDetail { text: "timeout".into() });
        self.tell(Command::Fail(Failure {
            run,
            attempt,
            code,
            error_code: None,
            tokens: None,
            cost: None,
            detail,
            last_words,
        }))
    }

    /// A rule asks for a person; its evidence is `details`.
    pub fn escalates_with(&mut self, reason: EscalationReason, details: &str) -> &mut Self {
        self.tell(escalate(reason, details))
    }

    /// A rule asks for a person.
    pub fn escalates(&mut self, reason: EscalationReason) -> &mut Self {
        self.escalates_with(reason, "命中关键词: 人工")
    }

    /// The escalation is cancelled.
    pub fn is_cancelled(&mut self) -> &mut Self {
        self.tell(Command::CancelEscalation { reason: CancelReason::Cancelled, notice: new_message() })
    }

    /// The agent takes it over, wherever it is.
    pub fn is_taken_over(&mut self) -> &mut Self {
        self.tell(Command::TakeOver { agent: self.agent, from_any: true, notice: new_message() })
    }

    /// The agent gives it back to the assistant.
    pub fn is_released(&mut self) -> &mut Self {
        let by = Staff { agent: self.agent, is_supervisor: false };
        let reason = ReasonCode::parse("resolved").expect("it is a code");
        self.tell(Command::Release { by, reason, notice: new_message(), at: circumstances().at })
    }

    /// The agent gives it back to the queue.
    pub fn is_returned_to_queue(&mut self) -> &mut Self {
        let (agent, reason) = (self.agent, ReturnReason::HandedBack);
        self.tell(Command::ReturnToQueue { agent, reason, group: None, notice: new_message() })
    }

    /// It is closed.
    pub fn is_closed(&mut self) -> &mut Self {
        self.tell(Command::Close {
            reason: CloseReason::Resolved,
            notice: new_message(),
            by: None,
            at: circumstances().at,
        })
    }

    /// The assistant forgets what was said; with `clear` the customer's screen is emptied too.
    pub fn starts_context(&mut self, clear: bool) -> &mut Self {
        let (opening, context) = (self.opening(), ContextId(Uuid::new_v4()));
        self.tell(Command::StartContext { opening, context, clear })
    }
}

/// A person is asked for in an existing session.
#[must_use]
pub fn escalate(reason: EscalationReason, details: &str) -> Command {
    let (rule, severity, details) = (Rule::R1, Severity::High, details.to_owned());
    let firing = Firing { rule, reason, severity, class: PriorityClass::Normal, group: None, details };
    Command::Escalate(Escalate { opening: None, firing, language: None, circumstances: circumstances() })
}

// Read once: tests ask often.
static POLICY: LazyLock<Arc<Policy>> = LazyLock::new(Arc::default);
static CALENDARS: LazyLock<Arc<Calendars>> = LazyLock::new(|| Arc::new(Calendars::always_open()));

/// The program's own policy in a shop that is always open.
#[must_use]
pub fn circumstances() -> Circumstances {
    Circumstances {
        policy: POLICY.clone(),
        calendars: CALENDARS.clone(),
        at: Timestamp::from_second(FAR_AWAY).expect("it is a time"),
        mail: MailId(Uuid::new_v4()),
    }
}

/// An id of its own.
#[must_use]
pub fn new_message() -> MessageId {
    MessageId(Uuid::new_v4())
}
