//! Arbitrary sequences of commands: sensible, senseless, repeated, late, by the wrong agent, of runs long gone.
//!
//! Customers, the assistant, several agents and a supervisor act, while the shop is open and while it is closed. One thing is
//! not arbitrary: a message's id is new each time. The log sees to that: the id of a keyed command's event
//! comes from its key, and a repeated event id is not appended twice.

use domain::{
    MessageId,
    policy::Rule,
    session::{
        Command, Event, Phase, Session, State, Status,
        command::{Answer, Circumstances, SendMessage},
        decide, decode, encode,
        event::Recipient,
    },
};
use proptest::{collection::vec, prelude::*};

use super::{
    arbitrary,
    model::Model,
    samples::*,
    steps::{Attempt, Said, Step, attempt, failure, step},
    stored::erased,
};

/// Turns steps into commands and decides them, one after the other, as the only writer would.
struct Shop {
    state: State,
    history: Vec<Event>,
    model: Model,
    attempts: Vec<(u32, u32)>,
    sent: u32,
    runs: u32,
    transfers: u8,
    offers: u8,
    notes: u8,
}

impl Shop {
    fn new() -> Self {
        Self {
            state: State::New,
            history: Vec::new(),
            model: Model::default(),
            attempts: vec![],
            sent: 0,
            runs: 0,
            transfers: 0,
            offers: 0,
            notes: 0,
        }
    }

    fn after(steps: &[Step]) -> Result<Self, TestCaseError> {
        let mut shop = Self::new();
        for step in steps {
            shop.take(*step)?;
        }
        Ok(shop)
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        let command = self.command(step);
        let Ok(events) = decide(&self.state, command) else { return Ok(()) };
        for event in events {
            self.model.take(&event).map_err(TestCaseError::fail)?;
            self.remember_attempt(&event);
            self.state = std::mem::take(&mut self.state).evolve(&event);
            self.history.push(event);
            self.check_state()?;
        }
        Ok(())
    }

    fn command(&mut self, step: Step) -> Command {
        match step {
            Step::Plain(command) => command(),
            Step::Send(said) => self.said(said),
            Step::Press { in_closed_shop } => press_button(shop_that_is(in_closed_shop)),
            Step::StartContext { clear: true } => clear(2),
            Step::StartContext { clear: false } => new_context(3),
            Step::StartRun { again } => {
                self.runs += u32::from(!again);
                start_run(self.runs)
            }
            Step::Retake(of) => with_attempt(self.attempt(of), retake_run),
            Step::Reply(of, rule) => self.reply(of, rule),
            Step::Fail(of, last) => with_attempt(self.attempt(of), if last { fail_for_good } else { fail }),
            Step::By(agent, command) => command(agent),
            Step::Write(by) => {
                self.sent += 1;
                write_as(by, self.sent)
            }
            Step::HandOver { by, to, asks: false } => transfer_to(by, to.named()),
            Step::HandOver { by, to, asks: true } => {
                self.transfers = self.transfers.wrapping_add(1);
                request_transfer(self.transfers, by, to.named())
            }
            Step::AnswerTransfer { is_current, by, in_group, accept } => {
                let groups = if in_group { vec![batteries()] } else { Vec::new() };
                answer_transfer_of(self.transfer(is_current), by, &groups, accept)
            }
            Step::EndTransfer { is_current, by } => end_transfer(self.transfer(is_current), by),
            Step::Offer(to) => {
                self.offers = self.offers.wrapping_add(1);
                make_offer(self.offers, to)
            }
            Step::EndOffer { is_current, reason } => {
                end_offer(self.offers - u8::from(!is_current && self.offers > 0), reason)
            }
            Step::RecordMail { failed } => record_mail(1, failure(failed)),
            Step::CloseIdle { is_current: true } => close_idle(self.last_written()),
            Step::AddNote(by) => {
                self.notes = self.notes.wrapping_add(1);
                add_note(self.notes, by)
            }
            Step::ChangeNote { back, by, seen, removes } => {
                let change = if removes { remove_note } else { edit_note };
                change(self.notes.saturating_sub(back), by, seen)
            }
            Step::Tags { add, remove } => change_tags(&[&*format!("tag {add}")], &[&*format!("tag {remove}")]),
            Step::Priority(class) => set_priority(class),
            Step::Rate { score, hours } => rate(score, jiff::SignedDuration::from_hours(hours)),
            Step::CloseIdle { is_current: false } => close_idle(Some(message_id(self.sent.saturating_sub(1)))),
        }
    }

    fn said(&mut self, said: Said) -> Command {
        self.sent += 1;
        Command::SendMessage(SendMessage {
            recipient: if said.to_person { Recipient::Person } else { Recipient::Assistant },
            signals: said.rule.map(read).into_iter().collect(),
            email: said.with_address.then(address),
            circumstances: shop_that_is(said.in_closed_shop),
            ..sending(self.sent)
        })
    }

    fn reply(&self, of: Attempt, rule: Option<Rule>) -> Command {
        let (run, attempt) = self.attempt(of);
        Command::Reply(Answer { signals: rule.map(read).into_iter().collect(), ..answer(run, attempt) })
    }

    /// The last transfer that was asked for, or one before.
    fn transfer(&self, is_current: bool) -> u8 {
        self.last_transfer().unwrap_or(self.transfers) - u8::from(!is_current && self.transfers > 1)
    }

    /// Requests that were refused leave numbers behind.
    fn last_transfer(&self) -> Option<u8> {
        let asked = self.history.iter().rev().find_map(|event| match event {
            Event::TransferRequested(requested) => Some(requested.transfer),
            _other => None,
        })?;
        (1..=self.transfers).find(|number| transfer_id(*number) == asked)
    }

    fn last_written(&self) -> Option<MessageId> {
        self.state.session().and_then(|session| session.last_written)
    }

    fn attempt(&self, which: Attempt) -> (u32, u32) {
        match which {
            Attempt::Last => self.attempts.last().copied().unwrap_or((1, 1)),
            Attempt::Earlier(index) if !self.attempts.is_empty() => *index.get(&self.attempts),
            Attempt::Earlier(_) => (1, 1),
            Attempt::Nonsense(run, attempt) => (run, attempt),
        }
    }

    fn remember_attempt(&mut self, event: &Event) {
        if let Event::AssistantRunStarted(started) = event {
            self.attempts.push((run_number(started.run), started.attempt));
        }
    }

    /// What must be true after every event.
    fn check_state(&self) -> Result<(), TestCaseError> {
        let session = self.state.session().ok_or_else(|| TestCaseError::fail("an event, and no session"))?;
        prop_assert_eq!(Some(session.status()), self.model.status);
        let unanswered: Vec<_> = session.unanswered().map(|waiting| waiting.message).collect();
        prop_assert_eq!(&unanswered, &self.model.open());
        if session.waiting.is_empty() && session.run.is_none() {
            prop_assert!(self.model.ended.values().all(|(_, lists)| *lists == 1), "idle, and a message in no list");
        }
        prop_assert!(session.run.is_none() || session.assistant_answers(), "a run while a person answers");
        let owner = match session.phase {
            Phase::ManualLive { agent } => Some(agent),
            Phase::BotActive | Phase::PendingManual | Phase::AfterHoursEmail | Phase::Closed => None,
        };
        prop_assert_eq!(owner, self.model.owner);
        prop_assert_eq!(session.escalation.is_some(), self.model.needs_person);
        prop_assert_eq!(&session.tags, &self.model.tags);
        Ok(())
    }
}

fn shop_that_is(closed: bool) -> Circumstances {
    if closed { closed_shop() } else { open_shop() }
}

fn with_attempt((run, attempt): (u32, u32), command: fn(u32, u32) -> Command) -> Command {
    command(run, attempt)
}

fn fold<'a>(from: State, events: impl IntoIterator<Item = &'a Event>) -> State {
    events.into_iter().fold(from, State::evolve)
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 0..80)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_commands_keeps_the_rules_of_the_session(steps in steps()) {
        Shop::after(&steps)?;
    }

    #[test]
    fn between_a_takeover_and_its_end_the_assistant_never_speaks(steps in steps()) {
        let mut person_has_it = false;
        for event in Shop::after(&steps)?.history {
            match event {
                Event::AgentTookOver(_) => person_has_it = true,
                Event::Released(_) | Event::ReturnedToQueue(_) | Event::Closed(_) => person_has_it = false,
                Event::AssistantReplied(_) | Event::AssistantRunStarted(_) | Event::AssistantFailed(_) => {
                    prop_assert!(!person_has_it);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn an_idle_session_is_closed_only_where_the_customer_waits_for_nobody(steps in steps()) {
        let mut shop = Shop::after(&steps)?;
        let (before, history, open) = (shop.model.status, shop.history.clone(), shop.model.open());
        shop.take(Step::CloseIdle { is_current: true })?;
        let is_closed = shop.history.len() > history.len();
        prop_assert!(!is_closed || open.is_empty(), "a message that nobody has was closed away");
        let customers_is_last = history.iter().rev().find_map(|event| match event {
            Event::CustomerMessageSent(_) => Some(true),
            Event::AssistantReplied(_) | Event::AgentMessageSent(_) | Event::Closed(_) => Some(false),
            _ => None,
        });
        match before {
            Some(Status::PendingManual | Status::AfterHoursEmail | Status::Closed) | None => prop_assert!(!is_closed),
            Some(Status::ManualLive) if customers_is_last == Some(true) => prop_assert!(!is_closed, "the customer waits"),
            Some(Status::BotActive) => prop_assert_eq!(is_closed, open.is_empty()),
            Some(Status::ManualLive) => {}
        }
    }

    #[test]
    fn every_answer_is_given_or_recorded_as_withheld(steps in steps(), of in attempt()) {
        let shop = Shop::after(&steps)?;
        prop_assume!(shop.state.session().is_some());
        let events = decide(&shop.state, shop.reply(of, None)).unwrap();
        let is_one = |event: &&Event| matches!(event, Event::AssistantReplied(_) | Event::AssistantReplyWithheld(_));
        prop_assert!(events.iter().filter(is_one).count() == 1 && is_one(&&events[0]), "{events:?}");
    }

    #[test]
    fn a_decision_taken_twice_is_refused_or_quiet_or_about_a_late_reply(steps in steps(), last in step()) {
        let mut shop = Shop::after(&steps)?;
        prop_assume!(!matches!(last, Step::Send(_) | Step::Write(_) | Step::AddNote(_) | Step::Rate { .. }));
        let command = shop.command(last);
        let Ok(first) = decide(&shop.state, command.clone()) else { return Ok(()) };
        let after = fold(shop.state.clone(), &first);
        let again = decide(&after, command).unwrap_or_default();
        let only_withheld = again.iter().all(|event| matches!(event, Event::AssistantReplyWithheld(_)));
        let retried_failure = matches!(first.as_slice(), [Event::AssistantFailed(failed)] if failed.retries);
        prop_assert!(only_withheld || retried_failure, "{again:?}");
    }

    #[test]
    fn status_after_agrees_with_evolve(steps in steps(), others in vec(arbitrary::event(), 0..20)) {
        for history in [Shop::after(&steps)?.history, others] {
            let (mut state, mut status) = (State::New, None);
            for event in &history {
                state = state.evolve(event);
                status = event.status_after(status);
                prop_assert_eq!(status, state.session().map(Session::status));
            }
        }
    }

    #[test]
    fn folding_at_once_is_folding_event_by_event_from_any_cached_state(steps in steps(), split: prop::sample::Index) {
        let shop = Shop::after(&steps)?;
        let (cached, tail) = shop.history.split_at(split.index(shop.history.len() + 1));
        prop_assert_eq!(&fold(State::New, &shop.history), &shop.state);
        prop_assert_eq!(&fold(fold(State::New, cached), tail), &shop.state);
    }

    #[test]
    fn the_stored_log_folds_to_the_same_state_and_so_does_the_erased_one(steps in steps()) {
        let shop = Shop::after(&steps)?;
        let reread: Vec<Event> = shop.history.iter().map(|event| super::stored::reread(event).unwrap()).collect();
        prop_assert_eq!(&reread, &shop.history);
        let forgotten: Vec<Event> = shop.history.iter().map(|event| {
            let stored = encode(event);
            decode(stored.event_type, stored.schema, &stored.data, erased(&stored)).unwrap()
        }).collect();
        prop_assert_eq!(&fold(State::New, &forgotten), &shop.state);
    }
}
