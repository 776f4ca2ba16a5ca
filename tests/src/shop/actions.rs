//! What is done when its time has come: each action becomes a command, or several, on the session as it is then.

use domain::{
    ContextId, Language, MessageId, RunId, VisitorId,
    session::{
        Command, Run,
        command::{Answer, Escalate, Failure, Opening, SendMessage, StartRun},
        event::{CancelReason, CloseReason, FailureCode, FailureDetail, Outcome, ReturnReason, Tokens, Words},
    },
    text::{MessageText, SessionName},
};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{
    Shop, Step,
    agenda::Action,
    calendar::{busy, is_open, later, opens_at},
    people::Who,
    rules::{self, Rule},
    thread::Thread,
    words,
};

/// The longest one attempt may take, as in the program.
const LIMIT_S: f64 = 120.0;
/// Attempts before the fallback reply, as in the program.
const ATTEMPTS: u32 = 3;
const POLICY_VERSION: u32 = 3;

impl Shop {
    /// A customer comes, and the next one is expected.
    pub(super) fn arrive(&mut self) {
        let missing = self.order.events - self.given;
        let next = self.doors.next(&mut self.rng, self.now, self.given, missing, self.threads.open());
        self.agenda.add(next, None, Action::Arrive);
        let (visitor, language) = self.visitor();
        let name = self.session_name(language);
        let mut thread = Thread::new(visitor, name, language);
        thread.questions = 1 + self.rng.below(4) + self.rng.below(3);
        let slot = self.enter(thread);
        let begins_at_once = self.rng.happens(0.7);
        self.plan(slot, 0.0, if begins_at_once { Action::Write } else { Action::Repeat });
    }

    fn visitor(&mut self) -> (VisitorId, Language) {
        if self.rng.happens(self.order.profile.second_session)
            && let Some(known) = self.people.known(&mut self.rng).filter(|(id, _)| !self.erased.contains(id))
        {
            return known;
        }
        let language = if self.rng.happens(busy(self.now).abroad) { Language::En } else { Language::Zh };
        let visitor = VisitorId(self.rng.id());
        self.people.remember(visitor, language);
        (visitor, language)
    }

    /// Mostly made by the shop's page, now and then chosen by a person.
    fn session_name(&mut self, language: Language) -> SessionName {
        let (second, number) = (self.now.as_second(), self.rng.below(1_000_000));
        let name = match (self.rng.below(20), language) {
            (0, Language::Zh) => format!("小明的车 {number}"),
            (0, _) => format!("rider{number}@example.com"),
            _ => format!("session_{second}_{number:06}"),
        };
        SessionName::parse(name).expect("nothing forbidden is in it")
    }

    /// Does one action of a session.
    pub(super) fn take(&mut self, slot: usize, action: Action) {
        match action {
            Action::Arrive => {}
            Action::Write => self.write(slot),
            Action::WriteMore => self.write_more(slot),
            Action::Repeat => self.open_session(slot),
            Action::StartFresh { clear } => self.start_fresh(slot, clear),
            Action::Begin => self.begin(slot),
            Action::Finish { run, attempt, by_model } => self.finish(slot, run, attempt, by_model),
            Action::Retake { run, attempt, died } => self.retake(slot, run, attempt, died),
            Action::Escalate(rule) => self.escalate(slot, rule),
            Action::CancelEscalation(reason) => self.cancel_escalation(slot, reason),
            Action::GiveNotice => self.give_notice(slot),
            Action::TakeOver { from_any } => self.take_over(slot, from_any),
            Action::Rival => self.rival(slot),
            Action::Leave => self.leave(slot),
            Action::OpeningTime => self.opening_time(slot),
            Action::Close { reason, at_version } => self.close(slot, reason, at_version),
            Action::Forget => self.forget(slot),
        }
    }

    fn opening(&self, slot: usize, context: ContextId) -> Opening {
        let thread = &self.threads[slot];
        Opening { visitor: thread.visitor, name: thread.name.clone(), context }
    }

    fn open_session(&mut self, slot: usize) {
        let origin = self.origin(slot, Who::Customer, "open");
        let opening = self.opening(slot, ContextId(origin.id.derive_id("context")));
        self.send(slot, &origin, Command::Open(opening));
    }

    fn start_fresh(&mut self, slot: usize, clear: bool) {
        let origin = self.origin(slot, Who::Customer, if clear { "clear" } else { "start_context" });
        let opening = self.opening(slot, ContextId(origin.id.derive_id("context")));
        let context = ContextId(origin.id.derive_id("new context"));
        self.send(slot, &origin, Command::StartContext { opening, context, clear });
    }

    /// The next question, or what makes a rule fire.
    fn write(&mut self, slot: usize) {
        let language = self.threads[slot].language;
        let fires = self.rng.happens(self.order.profile.escalates).then(|| rules::one_that_fires(&mut self.rng));
        let heard = fires.and_then(|rule| words::heard(&mut self.rng, language, rule.name));
        let topic = self.words.topic(&mut self.rng, language);
        let is_last = self.threads[slot].questions == 0;
        let follows = self.threads[slot].version > 2;
        let text = match heard {
            Some(heard) => heard.to_owned(),
            None if is_last => words::thanks(&mut self.rng, language),
            None => self.words.question(&mut self.rng, language, topic, follows),
        };
        let thread = &mut self.threads[slot];
        thread.topic = topic;
        thread.questions = thread.questions.saturating_sub(1);
        thread.coming = fires.filter(|rule| !rule.before_the_answer);
        thread.heard = heard;
        self.say(slot, text);
        if let Some(rule) = fires.filter(|rule| rule.before_the_answer) {
            self.plan(slot, 0.002, Action::Escalate(rule));
        }
    }

    fn write_more(&mut self, slot: usize) {
        let language = self.threads[slot].language;
        let text = words::burst(&mut self.rng, language);
        self.say(slot, text);
    }

    fn say(&mut self, slot: usize, text: String) {
        let origin = self.origin(slot, Who::Customer, "send_message");
        let message = SendMessage {
            opening: self.opening(slot, ContextId(origin.id.derive_id("context"))),
            message: MessageId(origin.id.derive_id("message")),
            language: Language::decide(&text, Some(self.threads[slot].language), None),
            words: Words { text: MessageText::repaired(&text), parameters: self.parameters(slot) },
            incarnation: self.people.node(&mut self.rng),
        };
        self.send(slot, &origin, Command::SendMessage(message));
    }

    /// What the shop's page passes along, if it passes anything.
    fn parameters(&mut self, slot: usize) -> Map<String, Value> {
        let mut parameters = Map::new();
        if self.threads[slot].id.0.as_bytes()[0] < 40 {
            let page = self.rng.pick(&["/product/d11", "/product/c11", "/cart", "/orders"]);
            parameters.insert("page".to_owned(), page.into());
        }
        parameters
    }

    fn start(&mut self, run: RunId, by_model: bool) -> StartRun {
        let assistant = if by_model { "coze" } else { "faq" };
        StartRun {
            run,
            incarnation: self.people.node(&mut self.rng),
            assistant: assistant.to_owned(),
            deadline: to_the_millisecond(later(self.clock.shows(&self.order, self.now), LIMIT_S)),
        }
    }

    fn begin(&mut self, slot: usize) {
        let origin = self.origin(slot, Who::Policy(ASSISTANT_RUN), ASSISTANT_RUN);
        let by_model = self.rng.happens(0.35);
        let start = self.start(RunId(origin.id.derive_id("run")), by_model);
        self.send(slot, &origin, Command::StartRun(start));
    }

    fn retake(&mut self, slot: usize, run: RunId, attempt: u32, died: bool) {
        if died && let Some(dead) = self.run(slot, run, attempt).map(|run| run.incarnation) {
            self.people.restart(&mut self.rng, dead);
        }
        let origin = self.origin(slot, Who::Policy(ASSISTANT_RUN), ASSISTANT_RUN);
        let start = self.start(run, true);
        self.send(slot, &origin, Command::RetakeRun { attempt, start });
    }

    fn run(&self, slot: usize, run: RunId, attempt: u32) -> Option<&Run> {
        let current = self.threads[slot].session()?.run.as_ref()?;
        (current.run == run && current.attempt == attempt).then_some(current)
    }

    fn finish(&mut self, slot: usize, run: RunId, attempt: u32, by_model: bool) {
        let must_fail = self.threads[slot].coming.is_some_and(|rule| rule.name == "R8");
        if must_fail || self.rng.happens(self.order.profile.fails) {
            return self.fail(slot, run, attempt, must_fail);
        }
        let origin = self.origin(slot, Who::Assistant(if by_model { "coze" } else { "faq" }), "assistant_reply");
        let answer = self.answer(slot, run, attempt, MessageId(origin.id.derive_id("reply")), by_model);
        self.send(slot, &origin, Command::Reply(answer));
    }

    fn answer(&mut self, slot: usize, run: RunId, attempt: u32, message: MessageId, by_model: bool) -> Answer {
        let thread = &self.threads[slot];
        let (language, topic, context) = (thread.language, thread.topic, thread.id.0.as_u128() % 10_000_000);
        let gives_up = thread.coming.is_some_and(|rule| matches!(rule.name, "R3" | "R6"));
        let knows = !gives_up && !self.rng.happens(0.08);
        let (key, known) = self.words.answer(language, topic);
        let text = if knows { known } else { domain::texts::do_not_know(language) };
        let confidence = if knows { self.rng.between(0.55, 1.0) } else { self.rng.between(0.0, 0.5) };
        let tokens =
            by_model.then(|| Tokens { input: 200 + self.rng.below(1_800) as u64, output: text.chars().count() as u64 });
        Answer {
            run,
            attempt,
            message,
            outcome: if knows { Outcome::Answered } else { Outcome::DoesNotKnow },
            language,
            confidence_permille: (!by_model).then_some(permille(confidence)),
            tokens,
            sources: if knows && !by_model { vec![key.to_owned()] } else { Vec::new() },
            text: MessageText::repaired(text),
            assistant_context: by_model.then(|| format!("73{context:07}")),
            shown: self.shown(text, by_model),
        }
    }

    /// What the customer's stream has been sent of an answer.
    fn shown(&mut self, text: &str, by_model: bool) -> String {
        if !by_model || self.rng.happens(0.25) {
            return String::new();
        }
        text.chars().take(self.rng.below(text.chars().count() + 1)).collect()
    }

    fn fail(&mut self, slot: usize, run: RunId, attempt: u32, for_good: bool) {
        let code = self.rng.weighted(&[
            (FailureCode::Unavailable, 5.0),
            (FailureCode::TimedOut, 3.0),
            (FailureCode::Refused, 1.0),
            (FailureCode::Malformed, 1.0),
        ]);
        let is_last = for_good || code == FailureCode::Refused || attempt >= ATTEMPTS;
        let origin = self.origin(slot, Who::Policy(ASSISTANT_RUN), "assistant_failure");
        let language = self.threads[slot].language;
        let last_words = is_last.then(|| Answer {
            run,
            attempt,
            message: MessageId(origin.id.derive_id("reply")),
            outcome: Outcome::Unavailable,
            language,
            confidence_permille: None,
            tokens: None,
            sources: Vec::new(),
            text: MessageText::repaired(domain::texts::unavailable(language)),
            assistant_context: None,
            shown: String::new(),
        });
        let detail = FailureDetail { text: said_of(code).to_owned() };
        self.send(slot, &origin, Command::Fail(Failure { run, attempt, code, detail, last_words }));
    }

    fn escalate(&mut self, slot: usize, rule: &'static Rule) {
        let who = if *rule == rules::BUTTON { Who::Customer } else { Who::Policy("escalation") };
        let origin = self.origin(slot, who, "escalate");
        let Rule { name, reason, severity, saw, .. } = *rule;
        let details = match self.threads[slot].heard.take() {
            Some(heard) => format!("{saw}: {heard}"),
            None => saw.to_owned(),
        };
        let escalate = Escalate { reason, rule: name.to_owned(), severity, policy_version: POLICY_VERSION, details };
        self.send(slot, &origin, Command::Escalate(escalate));
    }

    fn cancel_escalation(&mut self, slot: usize, reason: CancelReason) {
        let who = match reason {
            CancelReason::Cancelled => Who::Customer,
            CancelReason::NobodyCame => Who::Policy("routing"),
        };
        let origin = self.origin(slot, who, "cancel_escalation");
        self.send(slot, &origin, Command::CancelEscalation { reason });
    }

    fn give_notice(&mut self, slot: usize) {
        let origin = self.origin(slot, Who::Policy("opening_time"), "after_hours");
        let opens_at = self.rng.happens(0.95).then(|| opens_at(self.now));
        self.send(slot, &origin, Command::GiveAfterHoursNotice { opens_at });
    }

    fn opening_time(&mut self, slot: usize) {
        let is_waiting = self.threads[slot]
            .session()
            .is_some_and(|session| session.status() == domain::session::Status::AfterHoursEmail);
        if !is_waiting {
            return;
        }
        match self.rng.below(10) {
            0 => self.cancel_escalation(slot, CancelReason::NobodyCame),
            1 | 2 => self.take_over(slot, true),
            _ => self.escalate(slot, &rules::OPENING_TIME),
        }
    }

    fn take_over(&mut self, slot: usize, from_any: bool) {
        if !is_open(self.now) && !self.rng.happens(0.1) {
            return;
        }
        let agent = self.people.agent(&mut self.rng, self.threads[slot].last_agent);
        let origin = self.origin(slot, Who::Agent(agent), "take_over");
        self.send(slot, &origin, Command::TakeOver { agent, from_any });
    }

    /// Refused by name, and so leaves no trace; the same agent once more is confirmed.
    fn rival(&mut self, slot: usize) {
        let owner = self.threads[slot].last_agent;
        let agent = match owner.filter(|_| self.rng.happens(0.3)) {
            Some(owner) => owner,
            None => self.people.agent(&mut self.rng, owner),
        };
        let origin = self.origin(slot, Who::Agent(agent), "take_over");
        self.send(slot, &origin, Command::TakeOver { agent, from_any: true });
    }

    fn leave(&mut self, slot: usize) {
        let Some(agent) = self.threads[slot].last_agent else { return };
        if self.rng.happens(self.order.profile.goes_back) {
            let reason = if self.rng.happens(0.6) { ReturnReason::HandedBack } else { ReturnReason::AgentLost };
            let who = match reason {
                ReturnReason::HandedBack => Who::Agent(agent),
                ReturnReason::AgentLost => Who::Policy("agent_lost"),
            };
            let origin = self.origin(slot, who, "return_to_queue");
            return self.send(slot, &origin, Command::ReturnToQueue { agent, reason });
        }
        let releases = self.rng.happens(0.4);
        let origin = self.origin(slot, Who::Agent(agent), if releases { "release" } else { "close" });
        let command =
            if releases { Command::Release { agent } } else { Command::Close { reason: CloseReason::Resolved } };
        self.send(slot, &origin, command);
    }

    fn close(&mut self, slot: usize, reason: CloseReason, at_version: Option<u64>) {
        if at_version.is_some_and(|version| version != self.threads[slot].version) {
            return;
        }
        let who = if reason == CloseReason::Idle { Who::Policy("idle_close") } else { Who::Customer };
        let origin = self.origin(slot, who, "close");
        self.send(slot, &origin, Command::Close { reason });
    }

    /// Whoever is forgotten leaves first: an answer to somebody without keys could not be recorded.
    fn forget(&mut self, slot: usize) {
        let subject = self.threads[slot].visitor;
        let sessions = self.threads.of(subject);
        for session in &sessions {
            if self.threads[*session].awaits_answer() {
                let origin = self.origin(*session, Who::Customer, "close");
                self.record(*session, &origin, Command::Close { reason: CloseReason::CustomerLeft });
            }
        }
        if sessions.iter().any(|session| self.threads[*session].awaits_answer()) || !self.erased.insert(subject) {
            return;
        }
        for session in sessions {
            self.threads[session].is_erased = true;
        }
        let at = self.clock.read(&mut self.rng, &self.order, self.now);
        self.ready.push_back(Step::Erased { at, subject });
    }
}

const ASSISTANT_RUN: &str = commands::process::ASSISTANT_RUN;

fn said_of(code: FailureCode) -> &'static str {
    match code {
        FailureCode::Unavailable => "503 Service Unavailable: {\"msg\":\"busy, try again later\"}",
        FailureCode::TimedOut => "",
        FailureCode::Refused => "{\"code\":4100,\"msg\":\"authentication is invalid\"}",
        FailureCode::Malformed => "the answer is empty",
    }
}

fn permille(confidence: f64) -> u16 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
    let permille = (confidence * 1000.0).round() as u16;
    permille
}

fn to_the_millisecond(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}
