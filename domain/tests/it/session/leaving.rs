//! The agent gives the session back: to the assistant, or to the queue.

use domain::session::{Command, Event, Rejection, Status, event::ReturnReason, notice::Notice};

use super::{dsl::given, samples::*, situations::*};

/// The three ways to leave, each with the events it makes.
fn ways(by: u8) -> [(Command, [Event; 2]); 3] {
    [
        (release(by), [told(Notice::Released), released(by)]),
        (hand_back(by), [told(Notice::BackInQueue), handed_back(by)]),
        (lose(by), [told(Notice::AgentLost), lost(by)]),
    ]
}

#[test]
fn the_agent_of_a_session_may_release_it() {
    for (command, events) in ways(ANA) {
        given(with_ana()).when(command).then(events);
    }
}

#[test]
fn another_agent_may_not_release_it() {
    let another = Rejection::HandledByAnotherAgent { agent: agent(ANA) };
    given(with_ana()).when(release(BO)).then_rejected(Rejection::NotTheOwner { owner: agent(ANA) });
    given(with_ana()).when(hand_back(BO)).then_rejected(another);
    given(with_ana()).when(lose(BO)).then_rejected(another);
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

#[test]
fn a_supervisor_may_release_a_session_of_an_agent() {
    given(with_ana()).when(release(SUE)).then([told(Notice::Released), released(ANA)]);
}

#[test]
fn a_session_returns_to_the_queue_of_a_group() {
    let handed_back = returned(ANA, ReturnReason::HandedBack, Some(batteries()));
    given(with_ana()).when(hand_back_to(ANA, batteries())).then([told(Notice::BackInQueue), handed_back]);
}
