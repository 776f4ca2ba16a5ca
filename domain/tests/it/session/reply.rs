//! An attempt has its answer: it is given, or withheld and recorded as withheld.

use domain::{
    policy::Rule,
    session::{
        Command, Event,
        command::Answer,
        event::{EscalationReason, WithheldReason},
        notice::Notice,
    },
};

use super::{dsl::given, samples::*, situations::*};

#[test]
fn the_current_attempt_replies_to_its_messages_only() {
    given(running()).when(reply(1, 1)).then([replied(1, 1, &[1])]);
}

#[test]
fn a_run_begun_before_the_after_hours_notice_still_replies() {
    given(and(running(), [after_hours_notice_given()])).when(reply(1, 1)).then([replied(1, 1, &[1])]);
}

#[test]
fn a_retaken_run_replies_with_its_new_attempt() {
    given(and(running(), [run_started(1, 2, &[1])])).when(reply(1, 2)).then([replied(1, 2, &[1])]);
}

#[test]
fn the_attempt_that_was_given_up_is_withheld() {
    let history = and(running(), [run_started(1, 2, &[1])]);
    given(history).when(reply(1, 1)).then([withheld(1, 1, WithheldReason::Superseded)]);
}

#[test]
fn a_run_that_never_began_is_withheld() {
    given(waiting()).when(reply(7, 1)).then([withheld(7, 1, WithheldReason::Superseded)]);
    given(running()).when(reply(7, 1)).then([withheld(7, 1, WithheldReason::Superseded)]);
}

#[test]
fn an_answer_after_the_hand_over_is_withheld() {
    let handed_over = WithheldReason::HandedOver;
    given(and(running(), [escalated(&[1, 2])])).when(reply(1, 1)).then([withheld(1, 1, handed_over)]);
    given(and(running(), [taken_over(ANA, &[1, 2])])).when(reply(1, 1)).then([withheld(1, 1, handed_over)]);
}

#[test]
fn an_answer_after_the_close_is_withheld() {
    given(and(running(), [closed(&[1, 2])])).when(reply(1, 1)).then([withheld(1, 1, WithheldReason::Closed)]);
}

#[test]
fn an_answer_from_before_the_takeover_stays_withheld_after_the_release() {
    let history = and(running(), [taken_over(ANA, &[1, 2]), released(ANA), said(3)]);
    given(history).when(reply(1, 1)).then([withheld(1, 1, WithheldReason::Superseded)]);
}

#[test]
fn a_second_answer_of_the_same_attempt_is_withheld() {
    let history = and(running(), [replied(1, 1, &[1])]);
    given(history).when(reply(1, 1)).then([withheld(1, 1, WithheldReason::Superseded)]);
}

/// What the decisions on these replies, each failed or not, make of a session in which each answers a message.
fn after_replies(are_failed: &[bool]) -> Vec<Event> {
    let mut history = vec![opened()];
    for (number, is_failed) in (1..).zip(are_failed) {
        history.extend([said(number), run_started(number, 1, &[number])]);
        let signals = if *is_failed { vec![read(Rule::R3)] } else { Vec::new() };
        let replied = Command::Reply(Answer { signals, ..answer(number, 1) });
        history.extend(given(history.clone()).when(replied).events());
    }
    history
}

/// The original's defect 1: failed answers were never counted.
#[test]
fn the_third_failed_reply_in_a_row_escalates() {
    let escalations = |replies: &[bool]| -> Vec<(String, EscalationReason)> {
        let of_rule = |event| match event {
            Event::Escalated(escalated) => Some((escalated.rule, escalated.reason)),
            _other => None,
        };
        after_replies(replies).into_iter().filter_map(of_rule).collect()
    };
    assert_eq!(escalations(&[true, true]), []);
    assert_eq!(escalations(&[true, true, false, true, true]), []);
    assert_eq!(escalations(&[true, true, true]), [("R3".to_owned(), EscalationReason::FailLoop)]);
}

#[test]
fn a_person_is_offered_after_the_third_answer_once() {
    let mut history = vec![opened()];
    for n in 1..=4 {
        history.extend([said(n), run_started(n, 1, &[n])]);
        let offer = told_by_policy(Notice::OffersPerson);
        let expected: Vec<Event> = [replied(n, 1, &[n])].into_iter().chain((n == 3).then_some(offer)).collect();
        given(history.clone()).when(reply(n, 1)).then(expected.clone());
        history.extend(expected);
    }
}

fn told_by_policy(what: Notice) -> Event {
    told_at_once("offers_person", what)
}
