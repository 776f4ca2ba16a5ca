//! The customer writes.

use domain::{
    policy::Rule,
    session::{
        Command, Event, Rejection, Status,
        command::{Circumstances, SendMessage},
        event::{EscalationReason, MailKind, Recipient, Severity},
        notice::Notice,
        priority::PriorityClass,
    },
};

use super::{dsl::given, samples::*, situations::*};

#[test]
fn the_first_message_begins_the_first_episode() {
    given(with_assistant()).when(send(1)).then([said_in_episode(1, 1)]);
}

#[test]
fn further_messages_belong_to_the_same_episode() {
    given(running()).when(send(3)).then([said_in_episode(3, 1)]);
}

#[test]
fn a_message_is_taken_after_hours() {
    given(after_hours()).when(send(2)).then([said_in_episode(2, 1)]);
}

#[test]
fn a_message_after_the_close_begins_a_new_episode() {
    given(ended()).when(send(2)).then([reopened(), said_in_episode(2, 2)]);
}

#[test]
fn a_session_closed_before_anything_was_said_still_begins_its_first_episode() {
    given([opened(), closed(&[])]).when(send(1)).then([reopened(), said_in_episode(1, 1)]);
}

#[test]
fn a_message_to_the_assistant_is_refused_while_a_person_is_wanted_or_answers() {
    given(pending()).when(send(2)).then_rejected(Rejection::InManualMode { status: Status::PendingManual });
    given(with_ana()).when(send(2)).then_rejected(Rejection::InManualMode { status: Status::ManualLive });
}

#[test]
fn after_the_release_the_assistant_is_written_to_again() {
    given(and(with_ana(), [released(ANA)])).when(send(2)).then([said(2)]);
}

/// A message in which a rule read something.
fn send_with(n: u32, rule: Rule, recipient: Recipient, circumstances: Circumstances) -> Command {
    Command::SendMessage(SendMessage { signals: vec![read(rule)], recipient, circumstances, ..sending(n) })
}

/// What the program's own policy says of rule R0.
fn danger(messages: &[u32]) -> Event {
    let Event::Escalated(mut escalated) = escalated(messages) else { unreachable!() };
    escalated.rule = "R0".to_owned();
    (escalated.reason, escalated.severity) = (EscalationReason::Keyword, Severity::High);
    escalated.class = PriorityClass::Danger;
    Event::Escalated(escalated)
}

fn told_of_danger() -> Event {
    told_at_once("danger", Notice::Danger)
}

#[test]
fn a_message_to_a_person_waits_with_the_session_or_goes_to_its_agent() {
    given(pending()).when(send_to_person(2)).then([said_to_person(2, &[])]);
    given(with_ana()).when(send_to_person(2)).then([said_to_person(2, &[])]);
    given(after_hours()).when(send_to_person(2)).then([said(2)]);
}

#[test]
fn a_message_to_a_person_is_refused_where_no_person_is_wanted() {
    given([]).when(send_to_person(1)).then_rejected(Rejection::NoSession);
    for status in [Status::BotActive, Status::Closed] {
        let history = every_phase().into_iter().find(|(of, _)| *of == status).unwrap().1;
        given(history).when(send_to_person(2)).then_rejected(Rejection::NotInManualMode { status });
    }
}

#[test]
fn a_request_for_a_person_is_escalated_in_the_append_of_its_message() {
    let ask = |n| send_with(n, Rule::R1, Recipient::Assistant, open_shop());
    given([]).when(ask(1)).then([opened(), said_with(1, &[Rule::R1]), escalated(&[1]), queued()]);
    given(running()).when(ask(3)).then([said_with(3, &[Rule::R1]), escalated(&[1, 2, 3]), queued()]);
}

#[test]
fn while_nobody_works_it_ends_with_a_notice_and_a_mail() {
    let ask = send_with(1, Rule::R1, Recipient::Assistant, closed_shop());
    let events = vec![said_with(1, &[Rule::R1]), escalated(&[1]), after_hours_notice_given()];
    given(with_assistant()).when(ask).then([events, told_that_nobody_works(true).to_vec()].concat());
    let again = send_with(2, Rule::R1, Recipient::Assistant, closed_shop());
    given(told_after_hours()).when(again).then([said_with(2, &[Rule::R1])]);
}

#[test]
fn danger_is_answered_at_once_and_waits_for_a_person_whoever_works() {
    let ask = |circumstances| send_with(1, Rule::R0, Recipient::Assistant, circumstances);
    let first = || vec![said_with(1, &[Rule::R0]), told_of_danger(), danger(&[1]), queued()];
    given(with_assistant()).when(ask(open_shop())).then(first());
    let with_mail = and(first(), [mail_requested(1, MailKind::Escalation)]);
    given(with_assistant()).when(ask(closed_shop())).then(with_mail);
    let after_hours = send_with(2, Rule::R0, Recipient::Assistant, closed_shop());
    let events = vec![said_with(2, &[Rule::R0]), told_of_danger(), danger(&[2]), queued()];
    given(told_after_hours()).when(after_hours).then(and(events, [mail_requested(1, MailKind::Escalation)]));
}

#[test]
fn danger_raises_a_session_with_persons_to_the_first_class_once() {
    let ask = |n| send_with(n, Rule::R0, Recipient::Person, open_shop());
    let first = || [said_to_person(2, &[Rule::R0]), told_of_danger(), raised_to_danger()];
    for history in [pending(), with_ana()] {
        given(history.clone()).when(ask(2)).then(first());
        let again = [said_to_person(3, &[Rule::R0]), told_of_danger()];
        given(and(history, first())).when(ask(3)).then(again);
    }
}

#[test]
fn an_address_is_noted_in_a_message_to_a_person_as_well() {
    let with_address =
        Command::SendMessage(SendMessage { email: Some(address()), recipient: Recipient::Person, ..sending(3) });
    let asked = and(told_after_hours(), [taken_over(ANA, &[])]);
    let mut expected = vec![said_to_person(3, &[])];
    expected.extend(address_noted());
    given(asked).when(with_address.clone()).then(expected);
    given(with_ana()).when(with_address).then([said_to_person(3, &[])]);
}
