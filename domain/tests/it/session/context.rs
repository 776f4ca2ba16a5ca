//! The customer wants a fresh start, or an empty screen.

use super::{dsl::given, samples::*, situations::*};

#[test]
fn a_fresh_start_is_recorded_once_something_was_said() {
    given(waiting()).when(new_context(2)).then([context_started(2)]);
}

#[test]
fn a_fresh_start_is_possible_in_every_phase() {
    for (_, history) in every_phase().into_iter().skip(1) {
        given(history).when(new_context(2)).then([context_started(2)]);
    }
}

#[test]
fn nothing_happens_while_nothing_was_said() {
    given(with_assistant()).when(new_context(2)).then_nothing();
    given(with_assistant()).when(clear(2)).then_nothing();
}

#[test]
fn a_second_fresh_start_changes_nothing() {
    given(and(waiting(), [context_started(2)])).when(new_context(3)).then_nothing();
}

#[test]
fn clearing_after_a_fresh_start_still_empties_the_screen() {
    given(and(waiting(), [context_started(2)])).when(clear(3)).then([cleared(3)]);
}

#[test]
fn a_second_clearing_changes_nothing() {
    given(and(waiting(), [cleared(2)])).when(clear(3)).then_nothing();
    given(and(waiting(), [cleared(2)])).when(new_context(3)).then_nothing();
}

#[test]
fn a_reply_that_comes_after_the_clearing_can_be_cleared_as_well() {
    let history = and(running(), [cleared(2), replied(1, 1, &[1])]);
    given(history).when(clear(3)).then([cleared(3)]);
}

#[test]
fn a_message_in_the_new_context_makes_the_next_fresh_start_count() {
    given(and(waiting(), [context_started(2), said(2)])).when(new_context(3)).then([context_started(3)]);
}
