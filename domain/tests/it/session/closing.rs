//! The episode ends.

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
