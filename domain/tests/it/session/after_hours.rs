//! Nobody works now.

use domain::{
    policy::Rule,
    session::{
        Command, Event, Status,
        command::SendMessage,
        event::{AfterHoursNoticeGiven, MailKind},
        notice::Notice,
    },
};

use super::{dsl::given, samples::*, situations::*};

#[test]
fn the_notice_is_given_from_the_queue_and_from_the_assistant() {
    let events = || [vec![after_hours_notice_given()], told_that_nobody_works(true).to_vec()].concat();
    given(pending()).when(give_after_hours_notice()).then(events());
    given(running()).when(give_after_hours_notice()).then(events());
}

#[test]
fn the_notice_is_given_once() {
    given(after_hours()).when(give_after_hours_notice()).then_nothing();
}

#[test]
fn the_customer_and_the_team_hear_it_once_until_the_shop_opens() {
    let again = || and(told_after_hours(), [cancelled(), said(2)]);
    given(again()).when(give_after_hours_notice()).then([after_hours_notice_given()]);
    given(again()).when(press_button(closed_shop())).then([escalated(&[2]), after_hours_notice_given()]);
}

#[test]
fn the_customer_is_asked_once_for_an_address() {
    let history = || and(told_after_hours(), [cancelled()]);
    let opens_at = Some(noon());
    let later = Command::GiveAfterHoursNotice { opens_at, is_open: false, mail: mail_id(1) };
    let told = told_at_once("after_hours", Notice::AfterHours { opens_at, asks_for_email: false });
    let given_again = Event::AfterHoursNoticeGiven(AfterHoursNoticeGiven { opens_at });
    given(history()).when(later).then([given_again, told, mail_requested(1, MailKind::Escalation)]);
}

#[test]
fn nobody_came_while_somebody_works_has_words_of_its_own() {
    let opens_at = Some(monday());
    let command = Command::GiveAfterHoursNotice { opens_at, is_open: true, mail: mail_id(1) };
    let told = told_at_once("after_hours", Notice::NobodyFree { opens_at, asks_for_email: true });
    given(pending()).when(command).then([after_hours_notice_given(), told, mail_requested(1, MailKind::Escalation)]);
}

#[test]
fn danger_stays_in_the_queue() {
    let history = and(pending(), [said_to_person(2, &[Rule::R0]), raised_to_danger()]);
    given(history).when(give_after_hours_notice()).then_nothing();
}

#[test]
fn an_address_is_noted_where_the_customer_was_asked_for_it() {
    let with_address = |n| Command::SendMessage(SendMessage { email: Some(address()), ..sending(n) });
    given(told_after_hours()).when(with_address(2)).then([vec![said(2)], address_noted().to_vec()].concat());
    given(with_assistant()).when(with_address(1)).then([said(1)]);
    given(and(told_after_hours(), address_noted())).when(with_address(2)).then([said(2)]);
}

#[test]
fn no_notice_is_given_while_a_person_answers_or_after_the_close() {
    given(with_ana()).when(give_after_hours_notice()).then_rejected(invalid(Status::ManualLive));
    given(ended()).when(give_after_hours_notice()).then_rejected(invalid(Status::Closed));
}
