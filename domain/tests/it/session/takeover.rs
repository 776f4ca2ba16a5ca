//! An agent takes the session.

use domain::session::{Rejection, Status};

use super::{dsl::given, samples::*, situations::*};

#[test]
fn an_agent_takes_a_session_from_the_queue() {
    given(pending()).when(take_over(ANA)).then([taken_over(ANA, &[])]);
    given(pending()).when(take_over_from_any(ANA)).then([taken_over(ANA, &[])]);
}

#[test]
fn from_the_assistant_only_where_the_agent_says_so() {
    given(running()).when(take_over_from_any(ANA)).then([taken_over(ANA, &[1, 2])]);
    given(running()).when(take_over(ANA)).then_rejected(invalid(Status::BotActive));
}

#[test]
fn after_hours_only_where_the_agent_says_so() {
    let history = || and(after_hours(), [said(2)]);
    given(history()).when(take_over_from_any(ANA)).then([taken_over(ANA, &[2])]);
    given(history()).when(take_over(ANA)).then_rejected(invalid(Status::AfterHoursEmail));
}

#[test]
fn taking_it_twice_changes_nothing() {
    given(with_ana()).when(take_over(ANA)).then_nothing();
    given(with_ana()).when(take_over_from_any(ANA)).then_nothing();
}

#[test]
fn a_second_agent_is_refused_by_name() {
    let refusal = Rejection::HandledByAnotherAgent { agent: agent(ANA) };
    given(with_ana()).when(take_over(BO)).then_rejected(refusal);
    given(with_ana()).when(take_over_from_any(BO)).then_rejected(refusal);
}

#[test]
fn a_closed_session_cannot_be_taken() {
    given(ended()).when(take_over(ANA)).then_rejected(invalid(Status::Closed));
    given(ended()).when(take_over_from_any(ANA)).then_rejected(invalid(Status::Closed));
}

#[test]
fn what_was_handed_back_goes_to_the_next_agent() {
    given(and(with_ana(), [handed_back(ANA)])).when(take_over(BO)).then([taken_over(BO, &[])]);
}
