//! A node begins an answer, or goes on with one that another life began.

use domain::session::{Event, State};

use super::{dsl::given, samples::*, situations::*};

#[test]
fn a_run_takes_up_everything_that_waits() {
    given([opened(), said(1), said(2)]).when(start_run(1)).then([run_started(1, 1, &[1, 2])]);
}

#[test]
fn the_assistant_goes_on_answering_after_hours() {
    given(and(after_hours(), [said(2)])).when(start_run(1)).then([run_started(1, 1, &[2])]);
}

#[test]
fn no_second_run_begins_beside_the_first() {
    given(running()).when(start_run(2)).then_nothing();
}

#[test]
fn the_next_run_takes_what_came_during_the_first() {
    given(and(running(), [replied(1, 1, &[1])])).when(start_run(2)).then([run_started(2, 1, &[2])]);
}

#[test]
fn no_run_begins_where_nothing_waits() {
    given(with_assistant()).when(start_run(1)).then_nothing();
    given([opened(), said(1), run_started(1, 1, &[1]), replied(1, 1, &[1])]).when(start_run(2)).then_nothing();
}

#[test]
fn no_run_begins_where_the_assistant_does_not_answer() {
    for history in [pending(), with_ana(), ended()] {
        given(history).when(start_run(1)).then_nothing();
    }
}

#[test]
fn messages_handed_to_people_are_not_taken_up_after_the_release() {
    given(and(with_ana(), [released(ANA)])).when(start_run(1)).then_nothing();
}

#[test]
fn a_retaken_run_is_a_new_attempt_at_the_same_messages() {
    given(running()).when(retake_run(1, 1)).then([run_started(1, 2, &[1])]);
}

#[test]
fn a_run_is_retaken_once_per_attempt() {
    given(and(running(), [run_started(1, 2, &[1])])).when(retake_run(1, 1)).then_nothing();
}

#[test]
fn a_failed_attempt_can_be_retaken() {
    given(and(running(), [failed(1, 1, true)])).when(retake_run(1, 1)).then([run_started(1, 2, &[1])]);
}

#[test]
fn another_run_or_none_cannot_be_retaken() {
    given(running()).when(retake_run(9, 1)).then_nothing();
    given(waiting()).when(retake_run(1, 1)).then_nothing();
}

#[test]
fn a_run_that_ended_with_the_assistants_turn_cannot_be_retaken() {
    for end in [escalated(&[1, 2]), taken_over(ANA, &[1, 2]), closed(&[1, 2]), replied(1, 1, &[1])] {
        given(and(running(), [end])).when(retake_run(1, 1)).then_nothing();
    }
}

#[test]
fn what_the_other_side_calls_a_question_is_recorded_whoever_has_the_session_by_then() {
    for (_, history) in every_phase() {
        given(history).when(note_asked(1, 1)).then([asked(1, 1)]);
    }
}

#[test]
fn a_run_knows_whom_its_attempts_asked_and_the_next_run_begins_anew() {
    let asked = |history: &[Event]| {
        let state = history.iter().fold(State::New, |state, event| state.evolve(event));
        state.session().and_then(|session| session.run.clone()).map(|run| run.asked)
    };
    let twice = and(running(), [failed(1, 1, true), run_started(1, 2, &[1])]);
    assert_eq!(asked(&twice), Some(vec!["faq".to_owned(); 2]));
    let next = and(twice, [replied(1, 2, &[1]), run_started(2, 1, &[2])]);
    assert_eq!(asked(&next), Some(vec!["faq".to_owned()]));
}
