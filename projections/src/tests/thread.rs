//! One customer's thread, driven by commands through the domain's own rules into the log.

use domain::{
    AgentId, Class, ContextId, Incarnation, Language, MessageId, RunId, SessionId, VisitorId,
    session::{
        Command, State, Status,
        command::{Answer, Escalate, Failure, Opening, SendMessage, StartRun},
        decide, encode,
        event::{CancelReason, CloseReason, EscalationReason, FailureCode, FailureDetail, Outcome, Severity, Words},
    },
    text::{MessageText, SessionName},
};
use event_store::{Actor, Expected, KeyClass, Log, NewEvent, PersonalPart, Position, StreamName};
use jiff::Timestamp;
use uuid::Uuid;

pub(super) struct Thread {
    pub(super) session: SessionId,
    pub(super) visitor: VisitorId,
    pub(super) state: State,
    pub(super) agent: AgentId,
    name: SessionName,
    log: Log,
    attempt: (RunId, u32),
}

impl Thread {
    pub(super) fn new(log: &Log, name: &str) -> Self {
        let visitor = VisitorId(Uuid::new_v4());
        Self {
            session: SessionId::of(visitor, name),
            visitor,
            state: State::New,
            agent: AgentId(Uuid::new_v4()),
            name: SessionName::parse(name.to_owned()).unwrap(),
            log: log.clone(),
            attempt: (RunId(Uuid::nil()), 0),
        }
    }

    pub(super) fn status(&self) -> Option<Status> {
        self.state.session().map(domain::session::Session::status)
    }

    pub(super) fn opening(&self) -> Opening {
        Opening { visitor: self.visitor, name: self.name.clone(), context: ContextId(Uuid::new_v4()) }
    }

    /// Does what the rules allow; answers where it ended, if anywhere.
    pub(super) async fn tell(&mut self, command: Command) -> Option<Position> {
        let events = decide(&self.state, command).ok().filter(|events| !events.is_empty())?;
        let encoded: Vec<NewEvent> = events.iter().map(|event| self.stored(event)).collect();
        for event in &events {
            self.state = std::mem::take(&mut self.state).evolve(event);
        }
        let stream = StreamName::of("session", self.session.0);
        Some(self.log.append(&stream, Expected::Any, &encoded).await.unwrap().last_position)
    }

    fn stored(&self, event: &domain::session::Event) -> NewEvent {
        let encoded = encode(event);
        let personal = encoded.personal.map(|(class, json)| {
            let class = match class {
                Class::Message => KeyClass::Message,
                Class::Contact => KeyClass::Contact,
                Class::Staff => KeyClass::Staff,
            };
            PersonalPart { subject: self.visitor.0, class, json }
        });
        NewEvent {
            event_id: Uuid::new_v4(),
            event_type: encoded.event_type,
            schema: encoded.schema,
            actor: Actor::new("customer", &self.visitor.to_string()),
            correlation_id: Uuid::new_v4(),
            causation_id: None,
            data: encoded.data,
            personal,
        }
    }

    pub(super) async fn says(&mut self, text: &str) -> Option<Position> {
        let words = Words { text: MessageText::parse(text.to_owned()).unwrap(), parameters: serde_json::Map::new() };
        let message = MessageId(Uuid::new_v4());
        let incarnation = Incarnation(Uuid::nil());
        let opening = self.opening();
        self.tell(Command::SendMessage(SendMessage { opening, message, words, language: Language::Zh, incarnation }))
            .await
    }

    pub(super) async fn run_starts(&mut self) -> Option<Position> {
        self.attempt = (RunId(Uuid::new_v4()), 1);
        let start = self.start();
        self.tell(Command::StartRun(start)).await
    }

    pub(super) async fn run_is_retaken(&mut self) -> Option<Position> {
        let (start, attempt) = (self.start(), self.attempt.1);
        self.attempt.1 += 1;
        self.tell(Command::RetakeRun { attempt, start }).await
    }

    fn start(&self) -> StartRun {
        let deadline = Timestamp::from_second(4_000_000_000).unwrap();
        StartRun { run: self.attempt.0, incarnation: Incarnation(Uuid::nil()), assistant: "faq".into(), deadline }
    }

    pub(super) fn answer(&self, text: &str, outcome: Outcome) -> Answer {
        Answer {
            run: self.attempt.0,
            attempt: self.attempt.1,
            message: MessageId(Uuid::new_v4()),
            outcome,
            language: Language::Zh,
            confidence_permille: None,
            tokens: None,
            sources: Vec::new(),
            text: MessageText::repaired(text),
            assistant_context: None,
            shown: text.chars().take(3).collect(),
        }
    }

    pub(super) async fn replies(&mut self, text: &str) -> Option<Position> {
        let answer = self.answer(text, Outcome::Answered);
        self.tell(Command::Reply(answer)).await
    }

    /// A question and its answer.
    pub(super) async fn asks(&mut self, text: &str, answer: &str, outcome: Outcome) -> Option<Position> {
        self.says(text).await;
        self.run_starts().await;
        let answer = self.answer(answer, outcome);
        self.tell(Command::Reply(answer)).await
    }

    pub(super) async fn fails(&mut self, last_words: Option<&str>) -> Option<Position> {
        let last_words = last_words.map(|text| self.answer(text, Outcome::Unavailable));
        let (run, attempt) = self.attempt;
        let detail = FailureDetail { text: "timeout".into() };
        self.tell(Command::Fail(Failure { run, attempt, code: FailureCode::TimedOut, detail, last_words })).await
    }

    pub(super) async fn escalates(&mut self, reason: EscalationReason) -> Option<Position> {
        let details = "命中关键词: 人工".to_owned();
        let escalate = Escalate { reason, rule: "R1".into(), severity: Severity::High, policy_version: 1, details };
        self.tell(Command::Escalate(escalate)).await
    }

    pub(super) async fn is_taken_over(&mut self) -> Option<Position> {
        self.tell(Command::TakeOver { agent: self.agent, from_any: true }).await
    }

    pub(super) async fn is_released(&mut self) -> Option<Position> {
        self.tell(Command::Release { agent: self.agent }).await
    }

    pub(super) async fn is_cancelled(&mut self) -> Option<Position> {
        self.tell(Command::CancelEscalation { reason: CancelReason::Cancelled }).await
    }

    pub(super) async fn is_closed(&mut self) -> Option<Position> {
        self.tell(Command::Close { reason: CloseReason::Resolved }).await
    }

    pub(super) async fn starts_afresh(&mut self, clear: bool) -> Option<Position> {
        let (opening, context) = (self.opening(), ContextId(Uuid::new_v4()));
        self.tell(Command::StartContext { opening, context, clear }).await
    }
}
