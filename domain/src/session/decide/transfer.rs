//! A session goes from one person to another: at once, or asked for and accepted.

use jiff::Timestamp;

use crate::{
    id::{AgentId, MessageId, TransferId},
    personal::Personal,
    session::{
        command::{Staff, Transfer},
        decide::{Decision, notice, owner, queue::withdrawn},
        event::{
            Event, Remark, ReturnReason, ReturnedToQueue, TransferAccepted, TransferDeclined, TransferEnd,
            TransferKind, TransferRequested, TransferTarget, Transferred,
        },
        notice::Notice,
        rejection::Rejection,
        state::Session,
    },
    text::{MessageText, Skill},
};

/// Who answers a transfer, and how.
pub(super) struct Answering {
    pub(super) agent: AgentId,
    pub(super) groups: Vec<Skill>,
    pub(super) accept: bool,
    pub(super) notice: MessageId,
}

/// Who may give the session away: its owner, or a supervisor.
pub(super) fn allowed_owner(session: &Session, by: Staff) -> Result<AgentId, Rejection> {
    let owner = owner(session)?;
    if owner == by.agent || by.is_supervisor { Ok(owner) } else { Err(Rejection::NotTheOwner { owner }) }
}

pub(super) fn at_once(session: &Session, transfer: Transfer) -> Decision {
    let from = allowed_owner(session, transfer.by)?;
    let mut events = withdrawn(session);
    match transfer.to {
        TransferTarget::Agent(to) if to == from => return Err(Rejection::TransferToSelf),
        TransferTarget::Agent(to) => {
            events.extend(to_agent(session, from, to, TransferKind::Immediate, Some(transfer.reason), transfer.notice));
        }
        TransferTarget::Group(group) => {
            events.push(notice(session, transfer.notice, Notice::TransferredToGroup { from }));
            let (reason, group) = (ReturnReason::Transferred, Some(group));
            events.push(Event::ReturnedToQueue(ReturnedToQueue { agent: from, reason, group }));
        }
    }
    Ok(events)
}

/// The notice, then the change: the order in which the original sent them.
pub(super) fn to_agent(
    session: &Session,
    from: AgentId,
    to: AgentId,
    how: TransferKind,
    reason: Option<MessageText>,
    notice_id: MessageId,
) -> [Event; 2] {
    let remark = Personal::Known(Remark { reason });
    [
        notice(session, notice_id, Notice::Transferred { from, to }),
        Event::Transferred(Transferred { from, to, how, remark }),
    ]
}

pub(super) fn request(session: &Session, transfer: TransferId, request: Transfer, expires_at: Timestamp) -> Decision {
    let from = allowed_owner(session, request.by)?;
    if request.to == TransferTarget::Agent(from) {
        return Err(Rejection::TransferToSelf);
    }
    if session.transfer.is_some() {
        return Err(Rejection::TransferPending);
    }
    let remark = Personal::Known(Remark { reason: Some(request.reason) });
    let requested = TransferRequested { transfer, from, to: request.to, expires_at, remark };
    Ok(vec![Event::TransferRequested(requested)])
}

/// One of a group who says no leaves it to the others.
pub(super) fn answer(session: &Session, transfer: TransferId, answer: &Answering) -> Decision {
    let open = session.transfer.as_ref().filter(|open| open.transfer == transfer).ok_or(Rejection::NoTransfer)?;
    let from = owner(session)?;
    let is_asked = match &open.to {
        TransferTarget::Agent(agent) => *agent == answer.agent,
        TransferTarget::Group(group) => answer.agent != from && answer.groups.contains(group),
    };
    if !is_asked {
        return Err(Rejection::NotAsked);
    }
    if !answer.accept {
        let is_over = matches!(open.to, TransferTarget::Agent(_));
        let declined = Event::TransferDeclined(TransferDeclined { transfer, reason: TransferEnd::Declined });
        return Ok(is_over.then_some(declined).into_iter().collect());
    }
    let mut events = vec![Event::TransferAccepted(TransferAccepted { transfer, by: answer.agent })];
    events.extend(to_agent(session, from, answer.agent, TransferKind::Accepted, None, answer.notice));
    Ok(events)
}

/// Quiet about a transfer that is over.
pub(super) fn end(session: &Session, transfer: TransferId, reason: TransferEnd, by: Option<Staff>) -> Decision {
    if session.transfer.as_ref().is_none_or(|open| open.transfer != transfer) {
        return Ok(Vec::new());
    }
    if let Some(by) = by {
        allowed_owner(session, by)?;
    }
    Ok(vec![Event::TransferDeclined(TransferDeclined { transfer, reason })])
}
