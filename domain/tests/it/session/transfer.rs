//! A session goes from one person to another: at once, or asked for and answered.

use domain::session::{
    Event, Rejection, Status,
    event::{ReturnReason, TransferEnd, TransferKind, TransferTarget},
    notice::Notice,
};

use super::{dsl::given, samples::*, situations::*};

fn to(number: u8) -> TransferTarget {
    TransferTarget::Agent(agent(number))
}

fn to_group() -> TransferTarget {
    TransferTarget::Group(batteries())
}

/// Ana asked this one.
fn asked(target: TransferTarget) -> Vec<Event> {
    and(with_ana(), [transfer_requested(1, ANA, target)])
}

#[test]
fn the_owner_or_a_supervisor_hands_a_session_over_at_once() {
    for by in [ANA, SUE] {
        given(with_ana()).when(transfer_to(by, to(BO))).then(transferred(ANA, BO, TransferKind::Immediate));
    }
    given(with_ana()).when(transfer_to(BO, to(BO))).then_rejected(Rejection::NotTheOwner { owner: agent(ANA) });
}

#[test]
fn to_a_group_it_goes_by_the_queue() {
    let told = told(Notice::TransferredToGroup { from: agent(ANA) });
    let returned = returned(ANA, ReturnReason::Transferred, Some(batteries()));
    given(with_ana()).when(transfer_to(ANA, to_group())).then([told, returned]);
}

#[test]
fn nobody_hands_a_session_to_its_owner() {
    given(with_ana()).when(transfer_to(ANA, to(ANA))).then_rejected(Rejection::TransferToSelf);
    given(with_ana()).when(request_transfer(1, SUE, to(ANA))).then_rejected(Rejection::TransferToSelf);
}

#[test]
fn only_a_session_with_a_person_is_handed_over() {
    for (status, history) in every_phase_but(&[Status::ManualLive]) {
        given(history.clone()).when(transfer_to(ANA, to(BO))).then_rejected(invalid(status));
        given(history.clone()).when(request_transfer(1, ANA, to(BO))).then_rejected(invalid(status));
        given(history).when(answer_transfer(1, BO, true)).then_rejected(Rejection::NoTransfer);
    }
}

#[test]
fn an_agent_is_asked_and_accepts() {
    given(with_ana()).when(request_transfer(1, ANA, to(BO))).then([transfer_requested(1, ANA, to(BO))]);
    let events = [vec![transfer_accepted(1, BO)], transferred(ANA, BO, TransferKind::Accepted).to_vec()].concat();
    given(asked(to(BO))).when(answer_transfer(1, BO, true)).then(events);
}

#[test]
fn one_transfer_at_a_time_is_asked_for() {
    given(asked(to(BO))).when(request_transfer(2, ANA, to(SUE))).then_rejected(Rejection::TransferPending);
}

#[test]
fn only_who_is_asked_answers() {
    given(asked(to(BO))).when(answer_transfer(1, SUE, true)).then_rejected(Rejection::NotAsked);
    given(asked(to(BO))).when(answer_transfer(2, BO, true)).then_rejected(Rejection::NoTransfer);
    given(asked(to_group())).when(answer_transfer(1, BO, true)).then_rejected(Rejection::NotAsked);
    given(asked(to_group())).when(answer_transfer_of(1, ANA, &[batteries()], true)).then_rejected(Rejection::NotAsked);
}

#[test]
fn anybody_of_a_group_accepts_and_one_who_declines_leaves_it_to_the_others() {
    let answer = |accept| answer_transfer_of(1, BO, &[batteries()], accept);
    given(asked(to_group())).when(answer(false)).then_nothing();
    let events = [vec![transfer_accepted(1, BO)], transferred(ANA, BO, TransferKind::Accepted).to_vec()].concat();
    given(asked(to_group())).when(answer(true)).then(events);
}

#[test]
fn a_declined_transfer_leaves_the_session_where_it_is() {
    let declined = transfer_ended(1, TransferEnd::Declined);
    given(asked(to(BO))).when(answer_transfer(1, BO, false)).then([declined.clone()]);
    let history = || and(asked(to(BO)), [declined.clone()]);
    given(history()).when(answer_transfer(1, BO, true)).then_rejected(Rejection::NoTransfer);
    given(history()).when(write_as(ANA, 2)).then([written_as(ANA, 2)]);
}

#[test]
fn a_transfer_expires_or_is_taken_back() {
    given(asked(to(BO))).when(end_transfer(1, None)).then([transfer_ended(1, TransferEnd::Expired)]);
    for by in [ANA, SUE] {
        given(asked(to(BO))).when(end_transfer(1, Some(by))).then([transfer_ended(1, TransferEnd::Withdrawn)]);
    }
    given(asked(to(BO))).when(end_transfer(1, Some(BO))).then_rejected(Rejection::NotTheOwner { owner: agent(ANA) });
    given(asked(to(BO))).when(end_transfer(2, None)).then_nothing();
    given(with_ana()).when(end_transfer(1, None)).then_nothing();
}

#[test]
fn a_session_that_goes_another_way_ends_the_transfer() {
    let withdrawn = || transfer_ended(1, TransferEnd::Withdrawn);
    let history = || asked(to(BO));
    given(history()).when(release(ANA)).then([withdrawn(), told(Notice::Released), released(ANA)]);
    given(history()).when(lose(ANA)).then([withdrawn(), told(Notice::AgentLost), lost(ANA)]);
    given(history()).when(close()).then([withdrawn(), closed(&[])]);
    let stolen = transferred(ANA, SUE, TransferKind::Stolen);
    given(history()).when(steal(SUE)).then(and(vec![withdrawn()], stolen));
    let immediate = transferred(ANA, SUE, TransferKind::Immediate);
    given(history()).when(transfer_to(ANA, to(SUE))).then(and(vec![withdrawn()], immediate));
}
