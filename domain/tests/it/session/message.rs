//! The customer writes.

use domain::session::{Rejection, Status};

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
