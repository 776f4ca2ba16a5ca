//! A person takes the session, speaks, and gives it away.
//!
//! Invariant: one owner at a time, and nobody but the owner writes as an agent.

use jiff::Timestamp;

use crate::{
    id::{AgentId, MessageId},
    personal::Personal,
    session::{
        command::{SendAgentMessage, Staff},
        decide::{Decision, closed, invalid, notice, owner, queue::withdrawn, rating, transfer, unanswered},
        event::{
            AgentMessageSent, AgentTookOver, AgentWords, CloseReason, Event, OfferAccepted, Released, ReturnReason,
            ReturnedToQueue, TransferKind,
        },
        notice::Notice,
        rejection::Rejection,
        state::{Phase, Session},
    },
    text::{ReasonCode, Skill},
};

pub(super) fn take_over(session: &Session, agent: AgentId, from_any: bool, notice_id: MessageId) -> Decision {
    match session.phase {
        Phase::ManualLive { agent: current } if current == agent => Ok(Vec::new()),
        Phase::ManualLive { agent } => Err(Rejection::HandledByAnotherAgent { agent }),
        Phase::BotActive | Phase::AfterHoursEmail if !from_any => invalid(session),
        Phase::Closed => invalid(session),
        Phase::PendingManual | Phase::BotActive | Phase::AfterHoursEmail => {
            let mut events = match session.offer {
                Some(open) if open.agent == agent => vec![Event::OfferAccepted(OfferAccepted { offer: open.offer })],
                Some(_) | None => withdrawn(session),
            };
            events.push(Event::AgentTookOver(AgentTookOver { agent, messages: unanswered(session) }));
            events.push(notice(session, notice_id, Notice::AgentJoined { agent }));
            Ok(events)
        }
    }
}

pub(super) fn steal(session: &Session, by: AgentId, notice_id: MessageId) -> Decision {
    let from = owner(session)?;
    if from == by {
        return Ok(Vec::new());
    }
    let mut events = withdrawn(session);
    events.extend(transfer::to_agent(session, from, by, TransferKind::Stolen, None, notice_id));
    Ok(events)
}

pub(super) fn send_message(session: &Session, message: SendAgentMessage) -> Decision {
    let SendAgentMessage { agent, message, text, quick_reply } = message;
    let owner = owner(session)?;
    if owner != agent {
        return Err(Rejection::NotTheOwner { owner });
    }
    let words = Personal::Known(AgentWords { text });
    Ok(vec![Event::AgentMessageSent(AgentMessageSent { message, agent, quick_reply, words })])
}

pub(super) fn release(
    session: &Session,
    by: Staff,
    reason: ReasonCode,
    notice_id: MessageId,
    at: Timestamp,
) -> Decision {
    let agent = transfer::allowed_owner(session, by)?;
    let mut events = withdrawn(session);
    events.push(notice(session, notice_id, Notice::Released));
    events.extend(rating::asked(session, notice_id, at));
    events.push(Event::Released(Released { agent, reason }));
    Ok(events)
}

pub(super) fn return_to_queue(
    session: &Session,
    agent: AgentId,
    reason: ReturnReason,
    group: Option<Skill>,
    notice_id: MessageId,
) -> Decision {
    let owner = owner(session)?;
    if owner != agent {
        return Err(Rejection::HandledByAnotherAgent { agent: owner });
    }
    let told = match reason {
        ReturnReason::AgentLost => Notice::AgentLost,
        ReturnReason::HandedBack => Notice::BackInQueue,
        ReturnReason::Transferred => Notice::TransferredToGroup { from: agent },
    };
    let group = group.or_else(|| session.group.clone());
    let mut events = withdrawn(session);
    events.push(notice(session, notice_id, told));
    events.push(Event::ReturnedToQueue(ReturnedToQueue { agent, reason, group }));
    Ok(events)
}

/// While a person has the session, of staff only that person or a supervisor closes it.
pub(super) fn close(
    session: &Session,
    reason: CloseReason,
    notice_id: MessageId,
    by: Option<Staff>,
    at: Timestamp,
) -> Decision {
    match (session.phase, by) {
        (Phase::Closed, _) => return Ok(Vec::new()),
        (Phase::ManualLive { .. }, Some(by)) => drop(transfer::allowed_owner(session, by)?),
        (Phase::ManualLive { .. } | Phase::BotActive | Phase::PendingManual | Phase::AfterHoursEmail, _) => {}
    }
    let mut events = withdrawn(session);
    if by.is_some() {
        events.push(notice(session, notice_id, Notice::Closed));
    }
    events.extend(rating::asked(session, notice_id, at));
    events.push(closed(session, reason));
    Ok(events)
}
