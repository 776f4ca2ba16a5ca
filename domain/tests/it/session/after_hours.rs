//! Nobody works now.

use domain::session::Status;

use super::{dsl::given, samples::*, situations::*};

#[test]
fn the_notice_is_given_from_the_queue_and_from_the_assistant() {
    given(pending()).when(give_after_hours_notice()).then([after_hours_notice_given()]);
    given(running()).when(give_after_hours_notice()).then([after_hours_notice_given()]);
}

#[test]
fn the_notice_is_given_once() {
    given(after_hours()).when(give_after_hours_notice()).then_nothing();
}

#[test]
fn no_notice_is_given_while_a_person_answers_or_after_the_close() {
    given(with_ana()).when(give_after_hours_notice()).then_rejected(invalid(Status::ManualLive));
    given(ended()).when(give_after_hours_notice()).then_rejected(invalid(Status::Closed));
}
