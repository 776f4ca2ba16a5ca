//! A person is wanted, or no longer.

use domain::{
    Language,
    session::{Command, Event, Rejection, Status, command::Escalate, event::CancelReason, notice::Notice},
};

use super::{dsl::given, samples::*, situations::*};

#[test]
fn an_escalation_takes_every_unanswered_message_along() {
    given(with_assistant()).when(escalate()).then([escalated(&[]), queued()]);
    given(waiting()).when(escalate()).then([escalated(&[1]), queued()]);
    given(running()).when(escalate()).then([escalated(&[1, 2]), queued()]);
}

#[test]
fn after_hours_it_is_escalated_again_only_while_somebody_works() {
    given(and(after_hours(), [said(2)])).when(escalate()).then([escalated(&[2]), queued()]);
    given(and(after_hours(), [said(2)])).when(press_button(closed_shop())).then_nothing();
}

#[test]
fn escalating_again_changes_nothing() {
    given(pending()).when(escalate()).then_nothing();
    given(pending()).when(press_button(closed_shop())).then_nothing();
    given(with_ana()).when(escalate()).then_rejected(Rejection::ManualInProgress);
}

#[test]
fn a_closed_session_cannot_be_escalated() {
    given(ended()).when(escalate()).then_rejected(invalid(Status::Closed));
}

#[test]
fn an_escalation_is_cancelled() {
    let nobody_came = || [told(Notice::NobodyCame), cancelled()];
    given(pending()).when(cancel()).then(nobody_came());
    given(and(with_ana(), [handed_back(ANA)])).when(cancel()).then(nobody_came());
    given(after_hours()).when(cancel()).then(nobody_came());
}

#[test]
fn the_customer_is_told_who_cancelled() {
    let reason = CancelReason::Cancelled;
    let cancel = Command::CancelEscalation { reason, notice: notice_id() };
    let cancelled = Event::EscalationCancelled(domain::session::event::EscalationCancelled { reason });
    given(pending()).when(cancel).then([told(Notice::EscalationCancelled), cancelled]);
}

#[test]
fn the_button_opens_a_session_and_reopens_a_closed_one() {
    given([]).when(press_button(open_shop())).then([opened(), escalated(&[]), queued()]);
    given(ended()).when(press_button(open_shop())).then([reopened(), escalated(&[]), queued()]);
}

#[test]
fn while_nobody_works_a_request_ends_with_a_notice_and_a_mail() {
    let events = |messages: &[u32]| {
        [vec![escalated(messages), after_hours_notice_given()], told_that_nobody_works(true).to_vec()].concat()
    };
    given(waiting()).when(press_button(closed_shop())).then(events(&[1]));
    given([]).when(press_button(closed_shop())).then([vec![opened()], events(&[])].concat());
}

#[test]
fn the_pages_language_counts_where_the_customer_wrote_nothing() {
    let request = || Command::Escalate(Escalate { language: Some(Language::De), ..escalating() });
    let language = |events: Vec<Event>| match &events[..] {
        [Event::Escalated(escalated), Event::NoticeGiven(told)] => [escalated.language, told.language],
        other => panic!("{other:?}"),
    };
    assert_eq!(language(given(with_assistant()).when(request()).events()), [Language::De; 2]);
    assert_eq!(language(given(waiting()).when(request()).events()), [Language::Zh; 2]);
}

#[test]
fn a_session_enters_the_queue_when_the_shop_opens() {
    let mut history = vec![opened(), said(1), escalated(&[1]), after_hours_notice_given(), said(2)];
    let Event::Escalated(mut expected) = escalated(&[2]) else { unreachable!() };
    expected.rule = "opening_time".to_owned();
    expected.policy_version = 3;
    expected.evidence = domain::Personal::Known(domain::session::event::Evidence { details: String::new() });
    given(history.clone()).when(enter_queue()).then([Event::Escalated(expected.clone())]);
    history.push(Event::Escalated(expected));
    given(history).when(enter_queue()).then_nothing();
    for (_, history) in every_phase_but(&[Status::AfterHoursEmail]) {
        given(history).when(enter_queue()).then_nothing();
    }
}

#[test]
fn only_what_waits_for_a_person_can_be_cancelled() {
    for (status, history) in every_phase_but(&[Status::PendingManual, Status::AfterHoursEmail]) {
        given(history).when(cancel()).then_rejected(invalid(status));
    }
}

#[test]
fn after_the_cancellation_the_assistant_answers_new_messages() {
    given(and(pending(), [cancelled(), said(2)])).when(start_run(1)).then([run_started(1, 1, &[2])]);
}
