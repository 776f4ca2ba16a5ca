//! Nobody wrote for long: where a session is closed for it, and where the customer waits for somebody.

use domain::session::event::CloseReason;

use super::{dsl::given, samples::*, situations::*};

fn closed_idle() -> domain::session::Event {
    closed_for(CloseReason::Idle, &[])
}

fn answered() -> Vec<domain::session::Event> {
    vec![opened(), said(1), run_started(1, 1, &[1]), replied(1, 1, &[1])]
}

#[test]
fn a_session_with_the_assistant_is_closed_when_nothing_is_left_to_answer() {
    given(with_assistant()).when(close_idle(None)).then([closed_idle()]);
    given(answered()).when(close_idle(Some(reply_id(1, 1)))).then([closed_idle()]);
    given(waiting()).when(close_idle(Some(message_id(1)))).then_nothing();
    given(running()).when(close_idle(Some(message_id(2)))).then_nothing();
}

#[test]
fn a_session_that_waits_for_a_person_is_not_closed() {
    given(pending()).when(close_idle(Some(message_id(1)))).then_nothing();
    given(after_hours()).when(close_idle(Some(message_id(1)))).then_nothing();
    given(and(answered(), [escalated(&[])])).when(close_idle(Some(reply_id(1, 1)))).then_nothing();
    given(and(answered(), [after_hours_notice_given()])).when(close_idle(Some(reply_id(1, 1)))).then_nothing();
}

#[test]
fn a_session_with_a_person_is_closed_unless_the_customers_message_is_the_last() {
    given(with_ana()).when(close_idle(None)).then_nothing();
    given(and(waiting(), [taken_over(ANA, &[1])])).when(close_idle(None)).then_nothing();
    given(and(answered(), [taken_over(ANA, &[])])).when(close_idle(None)).then([closed_idle()]);
}

#[test]
fn a_session_that_comes_back_to_the_assistant_is_closed_though_nobody_answered() {
    given(and(with_ana(), [released(ANA)])).when(close_idle(None)).then([closed_idle()]);
    given(and(pending(), [cancelled()])).when(close_idle(None)).then([closed_idle()]);
}

#[test]
fn a_message_that_came_in_between_wins() {
    given(answered()).when(close_idle(Some(message_id(1)))).then_nothing();
    given(and(answered(), [said(2), run_started(2, 1, &[2]), replied(2, 1, &[2])]))
        .when(close_idle(Some(reply_id(1, 1))))
        .then_nothing();
    given(and(answered(), [taken_over(ANA, &[])])).when(close_idle(Some(reply_id(1, 1)))).then_nothing();
}

#[test]
fn a_closed_session_and_one_that_never_was_are_left_alone() {
    given(ended()).when(close_idle(Some(message_id(1)))).then_nothing();
    given([]).when(close_idle(None)).then_rejected(domain::session::Rejection::NoSession);
}
