//! The episode ends.

use domain::session::{Command, Rejection, Status, notice::Notice};

use super::{dsl::given, samples::*, situations::*};

#[test]
fn an_open_session_is_closed_in_every_phase() {
    given(with_assistant()).when(close()).then([closed(&[])]);
    given(pending()).when(close()).then([closed(&[])]);
    given(with_ana()).when(close()).then([closed(&[])]);
    given(after_hours()).when(close()).then([closed(&[])]);
}

#[test]
fn a_close_names_every_message_that_nobody_answered() {
    given(waiting()).when(close()).then([closed(&[1])]);
    given(running()).when(close()).then([closed(&[1, 2])]);
}

#[test]
fn closing_twice_changes_nothing() {
    given(ended()).when(close()).then_nothing();
}

#[test]
fn a_reopened_session_can_be_closed_again() {
    let history = and(ended(), [reopened(), said_in_episode(2, 2)]);
    given(history).when(close()).then([closed(&[2])]);
}

#[test]
fn when_staff_closes_the_customer_is_told() {
    given(pending()).when(close_as(BO)).then([told(Notice::Closed), closed(&[])]);
    given(with_ana()).when(close_as(ANA)).then([told(Notice::Closed), closed(&[])]);
    given(with_ana()).when(close_as(SUE)).then([told(Notice::Closed), closed(&[])]);
    given(ended()).when(close_as(BO)).then_nothing();
}

#[test]
fn of_staff_only_the_owner_or_a_supervisor_closes_a_session_with_a_person() {
    given(with_ana()).when(close_as(BO)).then_rejected(Rejection::NotTheOwner { owner: agent(ANA) });
}

#[test]
fn a_closed_session_is_reopened_with_the_assistant() {
    given(ended()).when(Command::Reopen).then([reopened()]);
    for (status, history) in every_phase_but(&[Status::Closed]) {
        given(history).when(Command::Reopen).then_rejected(invalid(status));
    }
}
