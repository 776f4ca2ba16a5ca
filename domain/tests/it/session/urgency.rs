//! Urgent words ask for nobody; they give the session a better place in the queue.

use domain::{
    policy::{Firing, Rule},
    session::{
        Command, Event,
        command::SendMessage,
        event::{PriorityChanged, Recipient},
        priority::PriorityClass::{self, Danger, Normal, Urgent, Vip},
    },
};

use super::{dsl::given, samples::*, situations::*};

fn urgent(n: u32, recipient: Recipient) -> Command {
    Command::SendMessage(SendMessage { urgency: Some(Urgent), recipient, ..sending(n) })
}

fn raised(class: PriorityClass, rule: Rule) -> Event {
    Event::PriorityChanged(PriorityChanged { class, rule: Some(rule) })
}

fn escalated_in(class: PriorityClass, messages: &[u32]) -> Event {
    escalated_by(&Firing { class, ..firing() }, messages)
}

#[test]
fn an_urgent_message_to_the_assistant_raises_the_session_and_asks_for_nobody() {
    given([opened()]).when(urgent(1, Recipient::Assistant)).then([said(1), raised(Urgent, Rule::R2)]);
}

#[test]
fn a_later_escalation_has_the_better_class() {
    let history = vec![opened(), said(1), raised(Urgent, Rule::R2)];
    given(history).when(escalate()).then([escalated_in(Urgent, &[1]), queued()]);
}

#[test]
fn an_urgent_message_in_the_queue_or_to_a_person_raises_the_session_once() {
    for history in [pending(), with_ana()] {
        let first = [said_to_person(3, &[]), raised(Urgent, Rule::R2)];
        given(history.clone()).when(urgent(3, Recipient::Person)).then(first.clone());
        given(and(history, first)).when(urgent(4, Recipient::Person)).then([said_to_person(4, &[])]);
    }
}

#[test]
fn no_session_loses_a_better_class() {
    for class in [Danger, Vip] {
        let history = and(pending(), [raised(class, Rule::R0)]);
        given(history).when(urgent(3, Recipient::Person)).then([said_to_person(3, &[])]);
    }
}

#[test]
fn what_was_urgent_is_over_with_the_escalation() {
    let history = and(pending(), [raised(Urgent, Rule::R2), cancelled()]);
    given(history).when(escalate()).then([escalated_in(Normal, &[]), queued()]);
}
