//! Lines about transfers.

use domain::{
    Personal,
    session::event::{Remark, TransferRequested, TransferTarget, Transferred},
};

use super::{Description, line, word};

pub(super) fn transfer_requested(asked: &TransferRequested) -> Description {
    let TransferRequested { transfer, from, to, expires_at, remark } = asked;
    let what = format!("transfer {transfer} asked for by agent {from}: to {}, until {expires_at}", target(to));
    with_reason(line(what), remark)
}

pub(super) fn transferred(transferred: &Transferred) -> Description {
    let Transferred { from, to, how, remark } = transferred;
    with_reason(line(format!("transferred from agent {from} to agent {to}: {}", word(how))), remark)
}

/// Nothing is added where nobody gave a reason.
fn with_reason(description: Description, remark: &Personal<Remark>) -> Description {
    if remark.known().is_some_and(|remark| remark.reason.is_none()) {
        return description;
    }
    description.part("because", remark, |remark| {
        remark.reason.as_ref().map(|reason| reason.as_str().to_owned()).unwrap_or_default()
    })
}

fn target(target: &TransferTarget) -> String {
    match target {
        TransferTarget::Agent(agent) => format!("agent {agent}"),
        TransferTarget::Group(group) => format!("group {}", group.as_str()),
    }
}
