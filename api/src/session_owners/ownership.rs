//! Who has a session, whether it waits, and who is asked to take it: what the workbench's stream is filtered by.
//!
//! Invariant: the fold agrees with [`domain::session::State`] as far as it goes. A session that no person has, that does not
//! wait and that nobody is asked to take is the default, and need not be kept.

use domain::{
    AgentId,
    session::{Event, Status, event::TransferTarget},
};

/// The people around one session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ownership {
    holder: Holder,
    offered_to: Option<AgentId>,
    asked: Option<TransferTarget>,
}

/// Where a session is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Holder {
    /// With the assistant, or closed.
    #[default]
    NoPerson,
    Queue,
    Agent(AgentId),
}

/// Why a session is one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// One has it.
    Owner,
    /// It waits and is offered to one.
    Offer,
    /// One is asked to take it from somebody.
    Transfer,
}

impl Tie {
    /// As on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Offer => "offer",
            Self::Transfer => "transfer",
        }
    }
}

impl Ownership {
    /// As a row of the views has it.
    #[must_use]
    pub fn of_row(status: Status, agent: Option<AgentId>) -> Self {
        let holder = match (status, agent) {
            (Status::PendingManual, _) => Holder::Queue,
            (Status::ManualLive, Some(agent)) => Holder::Agent(agent),
            (Status::ManualLive, None) | (Status::BotActive | Status::AfterHoursEmail | Status::Closed, _) => {
                Holder::NoPerson
            }
        };
        Self { holder, ..Self::default() }
    }

    /// It is offered to this agent.
    pub fn offer(&mut self, agent: AgentId) {
        self.offered_to = Some(agent);
    }

    /// This agent or group is asked to take it.
    pub fn ask(&mut self, target: TransferTarget) {
        self.asked = Some(target);
    }

    /// Whether it is in the queue.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.holder == Holder::Queue
    }

    /// Whether this agent has it.
    #[must_use]
    pub fn is_owned_by(&self, agent: AgentId) -> bool {
        self.holder == Holder::Agent(agent)
    }

    /// Why it is this agent's own, if it is. `is_of` says whether the agent belongs to the group that is asked.
    #[must_use]
    pub fn tie(&self, agent: AgentId, is_of: impl Fn(&domain::text::Skill) -> bool) -> Option<Tie> {
        if self.is_owned_by(agent) {
            return Some(Tie::Owner);
        }
        if self.offered_to == Some(agent) {
            return Some(Tie::Offer);
        }
        let is_asked = match &self.asked {
            None => false,
            Some(TransferTarget::Agent(asked)) => *asked == agent,
            Some(TransferTarget::Group(group)) => is_of(group),
        };
        is_asked.then_some(Tie::Transfer)
    }

    /// After one more event.
    #[must_use]
    pub fn after(&self, event: &Event) -> Self {
        let held_by = |holder| Self { holder, ..self.clone() };
        match event {
            Event::Escalated(_) | Event::ReturnedToQueue(_) => held_by(Holder::Queue),
            Event::EscalationCancelled(_)
            | Event::AfterHoursNoticeGiven(_)
            | Event::Released(_)
            | Event::Closed(_)
            | Event::Reopened(_) => held_by(Holder::NoPerson),
            // What was asked or offered has been answered.
            Event::AgentTookOver(taken) => Self { holder: Holder::Agent(taken.agent), ..Self::default() },
            Event::Transferred(moved) => Self { holder: Holder::Agent(moved.to), ..Self::default() },
            Event::OfferMade(made) => Self { offered_to: Some(made.agent), ..self.clone() },
            Event::OfferExpired(_) => Self { offered_to: None, ..self.clone() },
            Event::TransferRequested(requested) => Self { asked: Some(requested.to.clone()), ..self.clone() },
            Event::TransferDeclined(_) => Self { asked: None, ..self.clone() },
            // The takeover or the transfer follows at once: until then it is still of whoever accepted.
            Event::OfferAccepted(_)
            | Event::TransferAccepted(_)
            | Event::Opened(_)
            | Event::CustomerMessageSent(_)
            | Event::ContextStarted(_)
            | Event::AssistantRunStarted(_)
            | Event::AssistantReplied(_)
            | Event::AssistantAsked(_)
            | Event::AssistantFailed(_)
            | Event::AssistantReplyWithheld(_)
            | Event::AgentMessageSent(_)
            | Event::NoticeGiven(_)
            | Event::MailRequested(_)
            | Event::MailSent(_)
            | Event::MailFailed(_)
            | Event::PriorityChanged(_)
            | Event::ProfileChanged(_)
            | Event::NoteAdded(_)
            | Event::NoteEdited(_)
            | Event::NoteRemoved(_)
            | Event::TagsChanged(_)
            | Event::RatingGiven(_)
            | Event::CommandConfirmed(_) => self.clone(),
        }
    }
}

/// Whether a list of the queue changes with an event, given the session before and after it.
#[must_use]
pub fn changes_queue(before: &Ownership, event: &Event, after: &Ownership) -> bool {
    let is_of_its_place = matches!(event, Event::Escalated(_) | Event::PriorityChanged(_));
    before.waits() != after.waits() || (after.waits() && is_of_its_place)
}

#[cfg(test)]
mod tests {
    use domain::{
        OfferId, TransferId,
        personal::Personal,
        session::event::{
            AgentTookOver, OfferAccepted, OfferEnd, OfferExpired, OfferMade, Remark, ReturnReason, ReturnedToQueue,
            TransferAccepted, TransferKind, TransferRequested, Transferred,
        },
        text::Skill,
    };
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    const ANA: AgentId = AgentId(Uuid::from_u128(1));
    const BO: AgentId = AgentId(Uuid::from_u128(2));
    const OFFER: OfferId = OfferId(Uuid::from_u128(3));
    const TRANSFER: TransferId = TransferId(Uuid::from_u128(4));

    fn taken(agent: AgentId) -> Event {
        Event::AgentTookOver(AgentTookOver { agent, messages: Vec::new() })
    }

    fn returned() -> Event {
        Event::ReturnedToQueue(ReturnedToQueue { agent: ANA, reason: ReturnReason::HandedBack, group: None })
    }

    fn offered(agent: AgentId) -> Event {
        Event::OfferMade(OfferMade { offer: OFFER, agent, expires_at: Timestamp::UNIX_EPOCH })
    }

    /// What it is to Bo after each of these events.
    fn ties(events: &[Event]) -> Vec<Option<Tie>> {
        let batteries = Skill::parse("Batteries").expect("a skill");
        let mut ownership = Ownership::default();
        let tie = |event| {
            ownership = ownership.after(event);
            ownership.tie(BO, |group| *group == batteries)
        };
        events.iter().map(tie).collect()
    }

    fn asked(to: TransferTarget) -> Event {
        let remark = Personal::Known(Remark { reason: None });
        let expires_at = Timestamp::UNIX_EPOCH;
        Event::TransferRequested(TransferRequested { transfer: TRANSFER, from: ANA, to, expires_at, remark })
    }

    #[test]
    fn an_accepted_offer_is_ones_own_without_a_break_and_an_expired_one_no_more() {
        let accepted = Event::OfferAccepted(OfferAccepted { offer: OFFER });
        let (offer, owner) = (Some(Tie::Offer), Some(Tie::Owner));
        assert_eq!(ties(&[returned(), offered(BO), accepted, taken(BO)]), [None, offer, offer, owner]);
        let expired = Event::OfferExpired(OfferExpired { offer: OFFER, reason: OfferEnd::Expired });
        assert_eq!(ties(&[returned(), offered(BO), expired, offered(ANA)]), [None, offer, None, None]);
    }

    #[test]
    fn an_accepted_transfer_is_ones_own_without_a_break_and_a_colleagues_no_more() {
        let accepted = Event::TransferAccepted(TransferAccepted { transfer: TRANSFER, by: BO });
        let remark = Personal::Known(Remark { reason: None });
        let moved =
            |to| Event::Transferred(Transferred { from: ANA, to, how: TransferKind::Accepted, remark: remark.clone() });
        let (transfer, owner) = (Some(Tie::Transfer), Some(Tie::Owner));
        let to_bo = asked(TransferTarget::Agent(BO));
        assert_eq!(ties(&[taken(ANA), to_bo, accepted.clone(), moved(BO)]), [None, transfer, transfer, owner]);
        let to_group = |group| asked(TransferTarget::Group(Skill::parse(group).expect("a skill")));
        let events = [taken(ANA), to_group("Batteries"), accepted, moved(ANA), to_group("Brakes")];
        assert_eq!(ties(&events), [None, transfer, transfer, None, None]);
    }

    #[test]
    fn the_queue_changes_where_a_session_comes_goes_or_changes_its_place() {
        let (none, waiting) = (Ownership::default(), Ownership::of_row(Status::PendingManual, None));
        let owned = Ownership::of_row(Status::ManualLive, Some(ANA));
        assert!(changes_queue(&owned, &returned(), &waiting) && changes_queue(&waiting, &taken(BO), &owned));
        assert!(!changes_queue(&none, &taken(BO), &owned) && !changes_queue(&waiting, &offered(BO), &waiting));
        assert_eq!(none.after(&taken(ANA)), owned);
        assert_eq!(owned.after(&returned()), waiting);
    }
}
