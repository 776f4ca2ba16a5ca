//! The agent gives the session back: to the assistant, or to the queue.

use domain::session::{Command, Event, Rejection, Status};

use super::{dsl::given, samples::*, situations::*};

/// The three ways to leave, each with the event it makes.
fn ways(by: u8) -> [(Command, Event); 3] {
    [(release(by), released(by)), (hand_back(by), handed_back(by)), (lose(by), lost(by))]
}

#[test]
fn the_agent_of_a_session_may_release_it() {
    for (command, event) in ways(ANA) {
        given(with_ana()).when(command).then([event]);
    }
}

#[test]
fn another_agent_may_not_release_it() {
    for (command, _) in ways(BO) {
        given(with_ana()).when(command).then_rejected(Rejection::HandledByAnotherAgent { agent: agent(ANA) });
    }
}

#[test]
fn a_released_session_cannot_be_released_again() {
    for (again, _) in ways(ANA) {
        given(and(with_ana(), [released(ANA)])).when(again).then_rejected(invalid(Status::BotActive));
    }
    for (again, _) in ways(ANA) {
        given(and(with_ana(), [lost(ANA)])).when(again).then_rejected(invalid(Status::PendingManual));
    }
}

#[test]
fn a_session_without_an_agent_cannot_be_released() {
    for (status, history) in every_phase_but(&[Status::ManualLive]) {
        for (command, _) in ways(ANA) {
            given(history.clone()).when(command).then_rejected(invalid(status));
        }
    }
}
