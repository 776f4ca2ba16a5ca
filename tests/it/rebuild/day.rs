//! A shop's past: sessions that went every way a session can go, decided by the rules and written straight into a log.

use commands::executor::key_class;
use domain::{
    AgentId, ContextId, Incarnation, Language, MessageId, RunId, SessionId, VisitorId,
    session::{
        Command, State,
        command::{Answer, Escalate, Failure, Opening, SendMessage, StartRun},
        decide, encode,
        event::{
            CancelReason, CloseReason, EscalationReason, FailureCode, FailureDetail, Outcome, ReturnReason, Severity,
            Words,
        },
    },
    text::{MessageText, SessionName},
};
use event_store::{Actor, Expected, Log, NewEvent, PersonalPart, Position, StreamName};
use jiff::Timestamp;
use uuid::Uuid;

/// Kinds of sessions, each another way.
pub(crate) const WAYS: usize = 8;

/// Writes so many sessions; answers whose they are.
pub(crate) async fn write(log: &Log, sessions: usize) -> Vec<VisitorId> {
    let mut visitors = Vec::new();
    for number in 0..sessions {
        let mut talk = Talk::new(number);
        talk.goes(number % WAYS);
        talk.write(log).await;
        visitors.push(talk.visitor);
    }
    visitors
}

/// One customer's session.
pub(crate) struct Talk {
    pub(crate) visitor: VisitorId,
    name: SessionName,
    state: State,
    agent: AgentId,
    run: RunId,
    events: Vec<NewEvent>,
}

impl Talk {
    pub(crate) fn new(number: usize) -> Self {
        Self {
            visitor: VisitorId(Uuid::new_v4()),
            name: SessionName::parse(format!("past-{number}")).unwrap(),
            state: State::New,
            agent: AgentId(Uuid::from_u128(0xc000 + number as u128 % 7)),
            run: RunId(Uuid::nil()),
            events: Vec::new(),
        }
    }

    /// One of the ways.
    pub(crate) fn goes(&mut self, way: usize) {
        self.asks("续航多少公里？", "约 80 公里。", Outcome::Answered);
        match way {
            0 => self.asks("How long does shipping take?", "I do not know.", Outcome::DoesNotKnow),
            1 => self.escalates(EscalationReason::Keyword),
            2 => {
                self.escalates(EscalationReason::Vip);
                self.tell(Command::TakeOver { agent: self.agent, from_any: true });
            }
            3 => {
                self.tell(Command::TakeOver { agent: self.agent, from_any: true });
                self.tell(Command::ReturnToQueue { agent: self.agent, reason: ReturnReason::HandedBack });
            }
            4 => {
                self.says("刹车异响");
                self.starts_run();
                self.escalates(EscalationReason::Manual);
                self.replies("太晚了", Outcome::Answered);
                self.tell(Command::CancelEscalation { reason: CancelReason::Cancelled });
            }
            5 => {
                self.tell(Command::Close { reason: CloseReason::Resolved });
                self.asks("再问一下", "好的。", Outcome::Answered);
            }
            6 => {
                let (opening, context) = (self.opening(), ContextId(Uuid::new_v4()));
                self.tell(Command::StartContext { opening, context, clear: true });
                self.fails("退货");
            }
            _ => {
                self.escalates(EscalationReason::Sentiment);
                self.tell(Command::TakeOver { agent: self.agent, from_any: true });
                self.tell(Command::Release { agent: self.agent });
                self.tell(Command::Close { reason: CloseReason::Resolved });
            }
        }
    }

    /// Writes what was not written yet, at once.
    pub(crate) async fn write(&mut self, log: &Log) -> Position {
        let stream = StreamName::of("session", SessionId::of(self.visitor, self.name.as_str()).0);
        let events = std::mem::take(&mut self.events);
        log.append(&stream, Expected::Any, &events).await.unwrap().last_position
    }

    fn tell(&mut self, command: Command) {
        for event in decide(&self.state, command).unwrap() {
            self.events.push(self.stored(&event));
            self.state = std::mem::take(&mut self.state).evolve(&event);
        }
    }

    fn stored(&self, event: &domain::session::Event) -> NewEvent {
        let encoded = encode(event);
        let part = |(of, json)| PersonalPart { subject: self.visitor.0, class: key_class(of), json };
        NewEvent {
            event_id: Uuid::new_v4(),
            event_type: encoded.event_type,
            schema: encoded.schema,
            actor: Actor::new("customer", &self.visitor.to_string()),
            correlation_id: Uuid::new_v4(),
            causation_id: None,
            data: encoded.data,
            personal: encoded.personal.map(part),
        }
    }

    fn opening(&self) -> Opening {
        Opening { visitor: self.visitor, name: self.name.clone(), context: ContextId(Uuid::new_v4()) }
    }

    pub(crate) fn says(&mut self, text: &str) {
        let words = Words { text: MessageText::parse(text.to_owned()).unwrap(), parameters: serde_json::Map::new() };
        let (opening, message) = (self.opening(), MessageId(Uuid::new_v4()));
        let incarnation = Incarnation(Uuid::nil());
        let send = SendMessage { opening, message, words, language: Language::Zh, incarnation };
        self.tell(Command::SendMessage(send));
    }

    pub(crate) fn asks(&mut self, question: &str, answer: &str, outcome: Outcome) {
        self.says(question);
        self.starts_run();
        self.replies(answer, outcome);
    }

    fn starts_run(&mut self) {
        self.run = RunId(Uuid::new_v4());
        let deadline = Timestamp::from_second(4_000_000_000).unwrap();
        let incarnation = Incarnation(Uuid::nil());
        self.tell(Command::StartRun(StartRun { run: self.run, incarnation, assistant: "faq".into(), deadline }));
    }

    fn answer(&self, text: &str, outcome: Outcome) -> Answer {
        Answer {
            run: self.run,
            attempt: 1,
            message: MessageId(Uuid::new_v4()),
            outcome,
            language: Language::Zh,
            confidence_permille: None,
            tokens: None,
            sources: Vec::new(),
            text: MessageText::repaired(text),
            assistant_context: None,
            shown: text.chars().take(2).collect(),
        }
    }

    fn replies(&mut self, text: &str, outcome: Outcome) {
        let answer = self.answer(text, outcome);
        self.tell(Command::Reply(answer));
    }

    fn fails(&mut self, question: &str) {
        self.says(question);
        self.starts_run();
        let (code, detail) = (FailureCode::TimedOut, FailureDetail { text: "timeout".into() });
        let last_words = Some(self.answer("请稍后再试。", Outcome::Unavailable));
        self.tell(Command::Fail(Failure { run: self.run, attempt: 1, code, detail, last_words }));
    }

    fn escalates(&mut self, reason: EscalationReason) {
        let details = "命中关键词: 人工".to_owned();
        let escalate = Escalate { reason, rule: "R1".into(), severity: Severity::High, policy_version: 1, details };
        self.tell(Command::Escalate(escalate));
    }
}
