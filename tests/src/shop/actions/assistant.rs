//! The assistant's runs, and the nodes that they are made on.

use domain::{
    MailId, MessageId, RunId,
    policy::Rule,
    session::{
        Command, Run,
        command::{Answer, Failure, StartRun},
        event::{Asked, Cost, FailureCode, FailureDetail, Outcome, Tokens},
    },
    text::MessageText,
};
use jiff::Timestamp;

use crate::shop::{Shop, calendar::later, people::Who};

/// The longest one attempt may take, as in the program.
const LIMIT_S: f64 = 120.0;
/// Attempts before the fallback reply, as in the program.
const ATTEMPTS: u32 = 3;
const ASSISTANT_RUN: &str = commands::process::ASSISTANT_RUN;

impl Shop {
    fn start(&mut self, slot: usize, run: RunId, by_model: bool) -> StartRun {
        let assistant = if by_model { "coze" } else { "faq" };
        StartRun {
            run,
            incarnation: self.people.node(&mut self.rng),
            assistant: assistant.to_owned(),
            variant: self.threads[slot].variant(),
            deadline: to_the_millisecond(later(self.clock.shows(&self.order, self.now), LIMIT_S)),
        }
    }

    pub(super) fn begin(&mut self, slot: usize) {
        let origin = self.origin(slot, Who::Policy(ASSISTANT_RUN), ASSISTANT_RUN);
        let by_model = self.rng.happens(0.35);
        let run = RunId(origin.id.derive_id("run"));
        let start = self.start(slot, run, by_model);
        self.send(slot, &origin, Command::StartRun(start));
        self.note_asked(slot, run, 1, by_model);
    }

    /// The other side has the question; sometimes the node dies before it hears that.
    fn note_asked(&mut self, slot: usize, run: RunId, attempt: u32, by_model: bool) {
        if !by_model || self.run(slot, run, attempt).is_none() || self.rng.happens(0.1) {
            return;
        }
        let context = self.threads[slot].id.0.as_u128() % 10_000_000;
        let (context, chat) = (Some(format!("73{context:07}")), Some(format!("74{:07}", self.rng.below(10_000_000))));
        let asked = Asked { context, chat, log_id: None };
        let origin = self.origin(slot, Who::Policy(ASSISTANT_RUN), "assistant_asked");
        self.send(slot, &origin, Command::NoteAsked { run, attempt, asked });
    }

    pub(super) fn retake(&mut self, slot: usize, run: RunId, attempt: u32, died: bool) {
        if died && let Some(dead) = self.run(slot, run, attempt).map(|run| run.incarnation) {
            self.people.restart(&mut self.rng, dead);
        }
        let origin = self.origin(slot, Who::Policy(ASSISTANT_RUN), ASSISTANT_RUN);
        let start = self.start(slot, run, true);
        self.send(slot, &origin, Command::RetakeRun { attempt, start });
        self.note_asked(slot, run, attempt + 1, true);
    }

    fn run(&self, slot: usize, run: RunId, attempt: u32) -> Option<&Run> {
        let current = self.threads[slot].session()?.run.as_ref()?;
        (current.run == run && current.attempt == attempt).then_some(current)
    }

    pub(super) fn finish(&mut self, slot: usize, run: RunId, attempt: u32, by_model: bool) {
        let must_fail = self.takes_up(slot, Rule::R8);
        if must_fail || self.rng.happens(self.order.profile.fails) {
            return self.fail(slot, run, attempt, must_fail);
        }
        let origin = self.origin(slot, Who::Assistant(if by_model { "coze" } else { "faq" }), "assistant_reply");
        let mut answer = self.bare_answer(slot, run, attempt, origin.id.derive_id("reply"));
        self.think(slot, by_model, &mut answer);
        answer.circumstances.mail = MailId(origin.id.derive_id("mail"));
        self.send(slot, &origin, Command::Reply(answer));
    }

    /// Whether this answer is the one that makes the coming rule fire, or one of several.
    fn takes_up(&mut self, slot: usize, rule: Rule) -> bool {
        let Some(coming) = self.threads[slot].coming.filter(|coming| coming.rule == rule) else { return false };
        self.threads[slot].coming = coming.after_an_answer();
        true
    }

    fn bare_answer(&self, slot: usize, run: RunId, attempt: u32, message: uuid::Uuid) -> Answer {
        Answer {
            run,
            attempt,
            message: MessageId(message),
            outcome: Outcome::Unavailable,
            language: self.threads[slot].language,
            confidence_permille: None,
            tokens: None,
            cost: None,
            sources: Vec::new(),
            text: MessageText::repaired("-"),
            suggestions: Vec::new(),
            assistant_context: None,
            shown: String::new(),
            signals: Vec::new(),
            circumstances: self.circumstances(MailId(message)),
        }
    }

    /// Fills in what the assistant comes to.
    fn think(&mut self, slot: usize, by_model: bool, answer: &mut Answer) {
        let gives_up = self.takes_up(slot, Rule::R3);
        let (is_unsure, asks) = (self.takes_up(slot, Rule::R6), self.takes_up(slot, Rule::R7));
        let is_blocked = self.takes_up(slot, Rule::R9);
        let thread = &self.threads[slot];
        let (topic, context) = (thread.topic, thread.id.0.as_u128() % 10_000_000);
        let knows = !gives_up && (is_unsure || !self.rng.happens(0.08));
        let (key, known) = self.words.answer(answer.language, topic);
        let text = if knows { known } else { domain::texts::do_not_know(answer.language) };
        let confidence = match (is_unsure, knows) {
            (true, _) => self.rng.between(0.0, 0.25),
            (false, true) => self.rng.between(0.55, 1.0),
            (false, false) => self.rng.between(0.35, 0.5),
        };
        answer.outcome = match (asks, is_blocked, knows) {
            (true, _, _) => Outcome::HandsOver,
            (_, true, _) => Outcome::Blocked,
            (_, _, true) => {
                self.rng.weighted(&[(Outcome::Answered, 30.0), (Outcome::Offered, 2.0), (Outcome::CutOff, 0.2)])
            }
            (_, _, false) => Outcome::DoesNotKnow,
        };
        if answer.outcome == Outcome::Offered {
            answer.suggestions = vec![key.to_owned(), known.chars().take(20).collect()];
        }
        answer.confidence_permille = (!by_model || is_unsure).then_some(permille(confidence));
        answer.tokens =
            by_model.then(|| Tokens { input: 200 + self.rng.below(1_800) as u64, output: text.chars().count() as u64 });
        answer.sources = if knows && !by_model { vec![key.to_owned()] } else { Vec::new() };
        answer.text = MessageText::repaired(text);
        answer.assistant_context = by_model.then(|| format!("73{context:07}"));
        answer.shown = self.shown(text, by_model);
        answer.cost = answer.tokens.map(cost_of);
        answer.signals = self.policy.read_reply(text, answer.outcome, answer.confidence_permille);
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
            (FailureCode::RateLimited, 1.0),
            (FailureCode::Refused, 1.0),
            (FailureCode::OutOfCredit, 0.5),
            (FailureCode::Rejected, 0.5),
            (FailureCode::Malformed, 1.0),
        ]);
        let is_last = for_good || !code.is_passing() || attempt >= ATTEMPTS;
        let origin = self.origin(slot, Who::Policy(ASSISTANT_RUN), "assistant_failure");
        let last_words = is_last.then(|| {
            let mut answer = self.bare_answer(slot, run, attempt, origin.id.derive_id("reply"));
            let text = domain::texts::unavailable(answer.language);
            answer.text = MessageText::repaired(text);
            answer.signals = self.policy.read_reply(text, answer.outcome, None);
            answer
        });
        let detail = FailureDetail { text: said_of(code).to_owned() };
        // An answer that broke off was paid for.
        let tokens = (code == FailureCode::Malformed).then_some(Tokens { input: 700, output: u64::from(attempt) });
        let (error_code, cost) = (error_code_of(code), tokens.map(cost_of));
        let failure = Failure { run, attempt, code, error_code, tokens, cost, detail, last_words };
        self.send(slot, &origin, Command::Fail(failure));
    }
}

fn cost_of(tokens: Tokens) -> Cost {
    // Two prices, so that amounts of different currencies stand in one log.
    let currency = if tokens.input < 400 { "USD" } else { "EUR" };
    Cost { micros: tokens.input + 4 * tokens.output, currency: currency.to_owned() }
}

fn error_code_of(code: FailureCode) -> Option<String> {
    match code {
        FailureCode::RateLimited => Some("4009".to_owned()),
        FailureCode::OutOfCredit => Some("4011".to_owned()),
        FailureCode::Rejected => Some("4010".to_owned()),
        FailureCode::Refused => Some("4100".to_owned()),
        FailureCode::Unavailable | FailureCode::TimedOut | FailureCode::Malformed => None,
    }
}

fn said_of(code: FailureCode) -> &'static str {
    match code {
        FailureCode::Unavailable => "503 Service Unavailable: {\"msg\":\"busy, try again later\"}",
        FailureCode::TimedOut => "",
        FailureCode::RateLimited => "{\"code\":4009,\"msg\":\"requests are too frequent\"}",
        FailureCode::OutOfCredit => "{\"code\":4011,\"msg\":\"balance is empty\"}",
        FailureCode::Rejected => "{\"code\":4010,\"msg\":\"prompt is too long\"}",
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
