//! An attempt failed: another follows, or the fallback reply does.

use super::{dsl::given, samples::*, situations::*};

#[test]
fn a_failure_that_is_retried_leaves_the_run_open() {
    given(running()).when(fail(1, 1)).then([failed(1, 1, true)]);
    given(and(running(), [failed(1, 1, true)])).when(reply(1, 1)).then([replied(1, 1, &[1])]);
}

#[test]
fn the_last_failure_gives_the_fallback_reply() {
    given(running()).when(fail_for_good(1, 1)).then([failed(1, 1, false), replied(1, 1, &[1])]);
}

#[test]
fn the_fallback_reply_belongs_to_the_attempt_that_failed() {
    given(running()).when(fail_with_the_words_of(7, 1, 1)).then([failed(1, 1, false), replied(1, 1, &[1])]);
}

#[test]
fn the_fallback_reply_ends_the_run() {
    let history = and(running(), [failed(1, 1, false), replied(1, 1, &[1])]);
    given(history).when(start_run(2)).then([run_started(2, 1, &[2])]);
}

#[test]
fn a_failure_of_a_superseded_attempt_is_not_recorded() {
    let history = || and(running(), [run_started(1, 2, &[1])]);
    given(history()).when(fail(1, 1)).then_nothing();
    given(history()).when(fail_for_good(1, 1)).then_nothing();
}

#[test]
fn a_failure_after_the_escalation_gives_no_fallback_reply() {
    for end in [escalated(&[1, 2]), taken_over(ANA, &[1, 2]), closed(&[1, 2])] {
        given(and(running(), [end])).when(fail_for_good(1, 1)).then_nothing();
    }
}

#[test]
fn a_failure_without_a_run_is_not_recorded() {
    for (_, history) in every_phase() {
        given(history).when(fail(1, 1)).then_nothing();
    }
}
