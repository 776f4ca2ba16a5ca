//! An agent takes the session.

use domain::session::{Event, Rejection, Status, event::TransferKind, notice::Notice};

use super::{dsl::given, samples::*, situations::*};

fn joined(by: u8, messages: &[u32]) -> [Event; 2] {
    [taken_over(by, messages), told(Notice::AgentJoined { agent: agent(by) })]
}

#[test]
fn an_agent_takes_a_session_from_the_queue() {
    given(pending()).when(take_over(ANA)).then(joined(ANA, &[]));
    given(pending()).when(take_over_from_any(ANA)).then(joined(ANA, &[]));
}

#[test]
fn from_the_assistant_only_where_the_agent_says_so() {
    given(running()).when(take_over_from_any(ANA)).then(joined(ANA, &[1, 2]));
    given(running()).when(take_over(ANA)).then_rejected(invalid(Status::BotActive));
}

#[test]
fn after_hours_only_where_the_agent_says_so() {
    let history = || and(after_hours(), [said(2)]);
    given(history()).when(take_over_from_any(ANA)).then(joined(ANA, &[2]));
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
    given(and(with_ana(), [handed_back(ANA)])).when(take_over(BO)).then(joined(BO, &[]));
}

#[test]
fn a_supervisor_takes_a_session_from_its_agent() {
    given(with_ana()).when(steal(SUE)).then(transferred(ANA, SUE, TransferKind::Stolen));
    given(with_ana()).when(steal(ANA)).then_nothing();
}

#[test]
fn what_nobody_has_is_not_taken_from_anybody() {
    for (status, history) in every_phase_but(&[Status::ManualLive]) {
        given(history).when(steal(SUE)).then_rejected(invalid(status));
    }
}
