//! A person is wanted, or no longer.

use domain::session::Status;

use super::{dsl::given, samples::*, situations::*};

#[test]
fn an_escalation_takes_every_unanswered_message_along() {
    given(with_assistant()).when(escalate()).then([escalated(&[])]);
    given(waiting()).when(escalate()).then([escalated(&[1])]);
    given(running()).when(escalate()).then([escalated(&[1, 2])]);
}

#[test]
fn at_opening_time_what_came_after_hours_is_escalated() {
    given(and(after_hours(), [said(2)])).when(escalate()).then([escalated(&[2])]);
}

#[test]
fn escalating_again_changes_nothing() {
    given(pending()).when(escalate()).then_nothing();
    given(with_ana()).when(escalate()).then_nothing();
}

#[test]
fn a_closed_session_cannot_be_escalated() {
    given(ended()).when(escalate()).then_rejected(invalid(Status::Closed));
}

#[test]
fn an_escalation_is_cancelled() {
    given(pending()).when(cancel()).then([cancelled()]);
    given(and(with_ana(), [handed_back(ANA)])).when(cancel()).then([cancelled()]);
    given(after_hours()).when(cancel()).then([cancelled()]);
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
