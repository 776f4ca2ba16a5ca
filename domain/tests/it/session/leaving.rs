//! The agent gives the session back: to the assistant, or to the queue.

use domain::session::{Command, Event, Rejection, Status};

use super::{dsl::given, samples::*, situations::*};

/// The three ways to leave, each with the event it makes.
fn ways(by: u8) -> [(Command, Event); 3] {
    [(release(by), released(by)), (hand_back(by), handed_back(by)), (lose(by), lost(by))]
}

#[test]
fn the_agent_who_has_it_may_leave() {
    for (command, event) in ways(ANA) {
        given(with_ana()).when(command).then([event]);
    }
}

#[test]
fn another_agent_may_not_leave_for_her() {
    for (command, _) in ways(BO) {
        given(with_ana()).when(command).then_rejected(Rejection::HandledByAnotherAgent { agent: agent(ANA) });
    }
}

#[test]
fn who_has_left_cannot_leave_again() {
    for (again, _) in ways(ANA) {
        given(and(with_ana(), [released(ANA)])).when(again).then_rejected(invalid(Status::BotActive));
    }
    for (again, _) in ways(ANA) {
        given(and(with_ana(), [lost(ANA)])).when(again).then_rejected(invalid(Status::PendingManual));
    }
}

#[test]
fn nobody_leaves_a_session_that_no_person_has() {
    for (status, history) in every_phase_but(&[Status::ManualLive]) {
        for (command, _) in ways(ANA) {
            given(history.clone()).when(command).then_rejected(invalid(status));
        }
    }
}
