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
    let circumstances = message.circumstances.clone();
    let signals = message.signals.clone();
    let email = message.email.clone();
    let sent = sent(session, message, Recipient::Assistant);
    let mut after = session.clone();
    after.apply(&sent);
    let mut events = vec![sent];
    let firing = circumstances.policy.on_message(&after.counts, &signals);
    let firing = firing.filter(|firing| session.status() != Status::AfterHoursEmail || firing.rule == Rule::R0);
    if let Some(firing) = firing {
        if firing.rule == Rule::R0 {
            events.push(notice(&after, circumstances.notice("danger"), Notice::Danger));
        }
        events.extend(escalation::escalated(&after, firing, &circumstances));
    }
    events.extend(email.and_then(|email| mail::note_address(&after, email, &circumstances)).into_iter().flatten());
    events
}

/// The message for the person; danger is answered at once and comes first, while waiting time and owner stay.
fn to_person(session: &Session, message: SendMessage) -> Vec<Event> {
    let circumstances = message.circumstances.clone();
    let is_danger = message.signals.iter().any(|signal| signal.rule == Rule::R0);
    let mut events = vec![sent(session, message, Recipient::Person)];
    if is_danger {
        events.push(notice(session, circumstances.notice("danger"), Notice::Danger));
        if session.class != PriorityClass::Danger {
            let (class, rule) = (PriorityClass::Danger, Some(Rule::R0));
            events.push(Event::PriorityChanged(PriorityChanged { class, rule }));
        }
    }
    events
}

fn sent(session: &Session, message: SendMessage, recipient: Recipient) -> Event {
    let episode = if session.episode_began { session.episode } else { session.episode + 1 };
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
