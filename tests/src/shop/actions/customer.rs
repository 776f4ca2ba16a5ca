//! What customers do: come, write, ask for a person, leave, and want to be forgotten.

use domain::{
    ContextId, Language, MailId, MessageId, VisitorId,
    policy::{self, Customer, Signal},
    session::{
        Command, Status,
        command::{Escalate, SendMessage},
        event::{CloseReason, Recipient, Words},
    },
    text::{EmailAddress, MessageText, SessionName},
};
use serde_json::{Map, Value};

use crate::shop::{
    Shop, Step,
    agenda::Action,
    calendar::busy,
    people::Who,
    rules::{self, Coming},
    thread::Thread,
    words,
};

/// How often a customer looks for another way to put a question that would frighten a rule.
const TRIES: usize = 6;

impl Shop {
    /// A customer comes, and the next one is expected.
    pub(in crate::shop) fn arrive(&mut self) {
        let missing = self.order.events - self.given;
        let next = self.doors.next(&mut self.rng, self.now, self.given, missing, self.threads.open());
        self.agenda.add(next, None, Action::Arrive);
        let (visitor, language) = self.visitor();
        let name = self.session_name(language);
        let mut thread = Thread::new(visitor, name, language);
        thread.questions = 1 + self.rng.below(4) + self.rng.below(3);
        let slot = self.enter(thread);
        let first = self.rng.weighted(&[(Action::Write, 0.69), (Action::Repeat, 0.3), (Action::PressButton, 0.01)]);
        self.plan(slot, 0.0, first);
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

    pub(super) fn open_session(&mut self, slot: usize) {
        let origin = self.origin(slot, Who::Customer, "open");
        let opening = self.opening(slot, ContextId(origin.id.derive_id("context")));
        self.send(slot, &origin, Command::Open(opening));
    }

    pub(super) fn start_fresh(&mut self, slot: usize, clear: bool) {
        let origin = self.origin(slot, Who::Customer, if clear { "clear" } else { "start_context" });
        let opening = self.opening(slot, ContextId(origin.id.derive_id("context")));
        let context = ContextId(origin.id.derive_id("new context"));
        self.send(slot, &origin, Command::StartContext { opening, context, clear });
    }

    /// The customer asks for a person without a word.
    pub(super) fn press_button(&mut self, slot: usize) {
        let origin = self.origin(slot, Who::Customer, "escalate");
        let escalate = Escalate {
            opening: Some(self.opening(slot, ContextId(origin.id.derive_id("context")))),
            firing: self.policy.on_request("user_request"),
            language: Some(self.threads[slot].language),
            circumstances: self.circumstances(MailId(origin.id.derive_id("mail"))),
        };
        self.send(slot, &origin, Command::Escalate(escalate));
    }

    pub(super) fn reopen(&mut self, slot: usize) {
        let origin = self.origin(slot, Who::Customer, "reopen");
        self.send(slot, &origin, Command::Reopen);
    }

    /// The next thing to say: a question, or what makes a rule fire.
    pub(super) fn write(&mut self, slot: usize) {
        self.think_of_what_fires(slot);
        let Some(coming) = self.threads[slot].coming else { return self.ask(slot) };
        let language = self.threads[slot].language;
        let thread = &mut self.threads[slot];
        thread.questions = thread.questions.saturating_sub(1).max(usize::from(coming.messages));
        thread.coming = coming.after_a_message();
        let repeated = thread.earlier.first().filter(|_| coming.rule == policy::Rule::R13).cloned();
        let heard = words::heard(&mut self.rng, language, coming.rule).map(str::to_owned);
        match repeated.or(heard) {
            Some(text) => self.say(slot, text, Some(coming)),
            None => {
                let text = self.question(slot);
                self.say(slot, text, Some(coming));
            }
        }
    }

    /// To persons, of all that rules listen for, danger matters.
    fn think_of_what_fires(&mut self, slot: usize) {
        let profile = self.order.profile;
        if self.recipient(slot) == Recipient::Person {
            self.threads[slot].coming = self.rng.happens(profile.danger).then(rules::danger);
        } else if self.threads[slot].coming.is_none() && self.rng.happens(profile.escalates) {
            self.threads[slot].coming = Some(rules::one_that_fires(&mut self.rng));
        }
    }

    fn ask(&mut self, slot: usize) {
        let is_last = self.threads[slot].questions == 0;
        let language = self.threads[slot].language;
        let text = if is_last { words::thanks(&mut self.rng, language) } else { self.question(slot) };
        let thread = &mut self.threads[slot];
        thread.questions = thread.questions.saturating_sub(1);
        self.say(slot, text, None);
    }

    /// A question in which no rule reads anything.
    fn question(&mut self, slot: usize) -> String {
        let (language, follows) = (self.threads[slot].language, self.threads[slot].version > 2);
        for _ in 1..TRIES {
            let (topic, text) = self.any_question(language, follows);
            if self.policy.read_message(&policy::Message::new(&text), false, language, Customer::default()).is_empty() {
                self.threads[slot].topic = topic;
                return text;
            }
        }
        words::burst(&mut self.rng, language)
    }

    fn any_question(&mut self, language: Language, follows: bool) -> (usize, String) {
        let topic = self.words.topic(&mut self.rng, language);
        (topic, self.words.question(&mut self.rng, language, topic, follows))
    }

    pub(super) fn write_more(&mut self, slot: usize) {
        let language = self.threads[slot].language;
        let text = words::burst(&mut self.rng, language);
        self.say(slot, text, None);
    }

    pub(super) fn give_address(&mut self, slot: usize) {
        let (language, number) = (self.threads[slot].language, self.rng.below(1_000_000));
        let text = words::address(&mut self.rng, language, number);
        self.say(slot, text, None);
    }

    fn say(&mut self, slot: usize, text: String, coming: Option<Coming>) {
        let origin = self.origin(slot, Who::Customer, "send_message");
        let language = Language::decide(&text, Some(self.threads[slot].language), None);
        let message = SendMessage {
            opening: self.opening(slot, ContextId(origin.id.derive_id("context"))),
            message: MessageId(origin.id.derive_id("message")),
            language,
            words: Words { text: MessageText::repaired(&text), parameters: self.parameters(slot) },
            incarnation: self.people.node(&mut self.rng),
            recipient: self.recipient(slot),
            signals: self.read(slot, &text, language, coming),
            urgency: self.policy.urgency(&policy::Message::new(&text)),
            email: EmailAddress::find(&text),
            circumstances: self.circumstances(MailId(origin.id.derive_id("mail"))),
        };
        self.threads[slot].remember(text);
        self.send(slot, &origin, Command::SendMessage(message));
    }

    /// What the customer's page says of whom the message is for.
    fn recipient(&self, slot: usize) -> Recipient {
        match self.threads[slot].status() {
            Some(Status::PendingManual | Status::ManualLive) => Recipient::Person,
            Some(Status::BotActive | Status::AfterHoursEmail | Status::Closed) | None => Recipient::Assistant,
        }
    }

    fn read(&self, slot: usize, text: &str, language: Language, coming: Option<Coming>) -> Vec<Signal> {
        let is = |rule| coming.is_some_and(|coming| coming.rule == rule);
        let customer = Customer { is_vip: is(policy::Rule::R10), is_listed: is(policy::Rule::R12) };
        let earlier: Vec<&str> = self.threads[slot].earlier.iter().map(String::as_str).collect();
        let message = policy::Message::new(text);
        self.policy.read_message(&message, message.repeats(&earlier), language, customer)
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

    pub(super) fn close(&mut self, slot: usize, reason: CloseReason, at_version: Option<u64>) {
        if at_version.is_some_and(|version| version != self.threads[slot].version) {
            return;
        }
        let who = if reason == CloseReason::Idle { Who::Policy("idle_close") } else { Who::Customer };
        let origin = self.origin(slot, who, "close");
        let notice = MessageId(origin.id.derive_id("notice"));
        self.send(slot, &origin, Command::Close { reason, notice, by: None, at: self.now });
    }

    /// Whoever is forgotten leaves first: an answer to somebody without keys could not be recorded.
    pub(super) fn forget(&mut self, slot: usize) {
        let subject = self.threads[slot].visitor;
        let sessions = self.threads.of(subject);
        for session in &sessions {
            if self.threads[*session].awaits_answer() {
                let origin = self.origin(*session, Who::Customer, "close");
                let (reason, notice) = (CloseReason::CustomerLeft, MessageId(origin.id.derive_id("notice")));
                self.record(*session, &origin, Command::Close { reason, notice, by: None, at: self.now });
            }
        }
        let is_too_late = self.given >= self.order.events;
        let waits = sessions.iter().any(|session| self.threads[*session].awaits_answer());
        if is_too_late || waits || !self.erased.insert(subject) {
            return;
        }
        for session in sessions {
            self.threads[session].is_erased = true;
        }
        let at = self.clock.read(&mut self.rng, &self.order, self.now);
        self.given += 1;
        self.ready.push_back(Step::Erased { at, subject });
    }
}
