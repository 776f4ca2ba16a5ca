//! The person who has the session writes.

use domain::session::{Rejection, Status, event::TransferKind};

use super::{dsl::given, samples::*, situations::*};

#[test]
fn the_owner_writes() {
    given(with_ana()).when(write_as(ANA, 2)).then([written_as(ANA, 2)]);
}

#[test]
fn nobody_else_writes_as_an_agent_and_no_supervisor_either() {
    for other in [BO, SUE] {
        given(with_ana()).when(write_as(other, 2)).then_rejected(Rejection::NotTheOwner { owner: agent(ANA) });
    }
    let history = and(with_ana(), transferred(ANA, BO, TransferKind::Immediate));
    given(history).when(write_as(ANA, 2)).then_rejected(Rejection::NotTheOwner { owner: agent(BO) });
}

#[test]
fn without_a_person_nobody_writes_as_an_agent() {
    for (status, history) in every_phase_but(&[Status::ManualLive]) {
        given(history).when(write_as(ANA, 2)).then_rejected(invalid(status));
    }
}
