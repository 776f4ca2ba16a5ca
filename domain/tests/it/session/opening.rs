//! A session comes into being.

use domain::session::{Command, Rejection};

use super::{dsl::given, samples::*, situations::*};

#[test]
fn a_session_is_opened() {
    given([]).when(open()).then([opened()]);
}

#[test]
fn opening_it_again_changes_nothing_in_any_phase() {
    for (_, history) in every_phase() {
        given(history).when(open()).then_nothing();
    }
}

#[test]
fn the_first_message_opens_the_session() {
    given([]).when(send(1)).then([opened(), said(1)]);
}

#[test]
fn a_fresh_start_opens_the_session() {
    given([]).when(new_context(2)).then([opened()]);
    given([]).when(clear(2)).then([opened()]);
}

#[test]
fn nothing_else_is_possible_before_it_exists() {
    let others = [
        start_run(1),
        retake_run(1, 1),
        reply(1, 1),
        fail(1, 1),
        escalate(),
        cancel(),
        give_after_hours_notice(),
        take_over(ANA),
        take_over_from_any(ANA),
        release(ANA),
        hand_back(ANA),
        close(),
        steal(SUE),
        write_as(ANA, 1),
        send_to_person(1),
        enter_queue(),
        make_offer(1, ANA),
        request_mail(1),
        Command::Reopen,
    ];
    for command in others {
        given([]).when(command).then_rejected(Rejection::NoSession);
    }
}

#[test]
fn events_before_the_session_exists_leave_nothing_behind() {
    given([said(1), escalated(&[1])]).when(open()).then([opened()]);
}
