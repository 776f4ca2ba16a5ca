//! A customer writes.
//!
//! Invariant: a rule on the message is decided in the append that records it, before any assistant is asked. Danger is heard
//! whoever has the session.

use crate::{
    policy::{Rule, Signal},
    session::{
        command::SendMessage,
        decide::{Decision, escalation, mail, notice, open},
        event::{CustomerMessageSent, Event, PriorityChanged, Recipient, Reopened},
        notice::Notice,
        priority::PriorityClass,
        rejection::Rejection,
        state::{Phase, Session, State},
        status::Status,
    },
};

pub(super) fn first_message(message: SendMessage) -> Decision {
    if message.recipient == Recipient::Person {
        return Err(Rejection::NoSession);
    }
    let opened = open(message.opening.clone());
    let state = State::New.evolve(&opened);
    let session = state.session().expect("it has just been opened");
    let mut events = vec![opened];
    events.extend(to_assistant(session, message));
    Ok(events)
}

pub(super) fn send_message(session: &Session, message: SendMessage) -> Decision {
    match (session.phase, message.recipient) {
        (Phase::BotActive, Recipient::Assistant) | (Phase::AfterHoursEmail, _) => Ok(to_assistant(session, message)),
        (Phase::Closed, Recipient::Assistant) => {
            let reopened = Event::Reopened(Reopened {});
            let session = State::Open(session.clone()).evolve(&reopened);
            let session = session.session().expect("an open session stays one");
            let mut events = vec![reopened];
            events.extend(to_assistant(session, message));
            Ok(events)
        }
        (Phase::PendingManual | Phase::ManualLive { .. }, Recipient::Assistant) => {
            Err(Rejection::InManualMode { status: session.status() })
        }
        (Phase::PendingManual | Phase::ManualLive { .. }, Recipient::Person) => Ok(to_person(session, message)),
        (Phase::BotActive | Phase::Closed, Recipient::Person) => {
            Err(Rejection::NotInManualMode { status: session.status() })
        }
    }
}

/// The message, and the escalation if a rule asks for one; after hours only danger does.
fn to_assistant(session: &Session, message: SendMessage) -> Vec<Event> {
    let (circumstances, signals) = (message.circumstances.clone(), message.signals.clone());
    let (urgency, email) = (message.urgency, message.email.clone());
    let mut events = vec![sent(session, message, Recipient::Assistant)];
    let mut after = session.clone();
    after.apply(&events[0]);
    let firing = circumstances.policy.on_message(&after.counts, &signals);
    let is_danger = firing.as_ref().is_some_and(|firing| firing.rule == Rule::R0);
    if is_danger {
        events.push(notice(&after, circumstances.notice("danger"), Notice::Danger));
    } else if let Some(raised) = raised(&after, urgency, Rule::R2) {
        after.apply(&raised);
        events.push(raised);
    }
    if let Some(firing) = firing.filter(|_| is_danger || session.status() != Status::AfterHoursEmail) {
        events.extend(escalation::escalated(&after, firing, &circumstances));
    }
    events.extend(email.and_then(|email| mail::note_address(&after, email, &circumstances)).into_iter().flatten());
    events
}

/// The message for the person; danger is answered at once and comes first, while waiting time and owner stay.
fn to_person(session: &Session, message: SendMessage) -> Vec<Event> {
    let (circumstances, urgency, email) = (message.circumstances.clone(), message.urgency, message.email.clone());
    let is_danger = message.signals.iter().any(|signal| signal.rule == Rule::R0);
    let mut events = vec![sent(session, message, Recipient::Person)];
    if is_danger {
        events.push(notice(session, circumstances.notice("danger"), Notice::Danger));
        events.extend(raised(session, Some(PriorityClass::Danger), Rule::R0));
    } else {
        events.extend(raised(session, urgency, Rule::R2));
    }
    events.extend(email.and_then(|email| mail::note_address(session, email, &circumstances)).into_iter().flatten());
    events
}

/// A session never loses its place by what the customer says.
fn raised(session: &Session, class: Option<PriorityClass>, rule: Rule) -> Option<Event> {
    let class = class.filter(|class| *class < session.class)?;
    Some(Event::PriorityChanged(PriorityChanged { class, rule: Some(rule) }))
}

fn sent(session: &Session, message: SendMessage, recipient: Recipient) -> Event {
    let episode = session.current_episode();
    let rule_signals = rules_of(&message.signals);
    let SendMessage { message, words, language, incarnation, .. } = message;
    let words = crate::personal::Personal::Known(words);
    Event::CustomerMessageSent(CustomerMessageSent {
        message,
        episode,
        language,
        incarnation,
        recipient,
        rule_signals,
        words,
    })
}

/// Each rule once, in order.
pub(super) fn rules_of(signals: &[Signal]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = signals.iter().map(|signal| signal.rule).collect();
    rules.sort();
    rules.dedup();
    rules
}
