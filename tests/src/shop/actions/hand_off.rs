//! A session goes from person to person: transfers, and offers of waiting sessions.

use domain::{
    AgentId, MessageId, OfferId, TransferId,
    session::{
        Command, Status,
        command::{Staff, Transfer},
        event::{OfferEnd, TransferEnd, TransferTarget},
    },
    text::MessageText,
};

use crate::shop::{Shop, calendar::later, people::Who, words};

/// An agent has so long to answer.
const OFFER_S: f64 = 20.0;
const TRANSFER_S: f64 = 60.0;

impl Shop {
    pub(super) fn steal(&mut self, slot: usize) {
        let by = self.people.supervisor();
        let origin = self.origin(slot, Who::Agent(by), "steal");
        let notice = MessageId(origin.id.derive_id("notice"));
        self.send(slot, &origin, Command::Steal { by, notice });
    }

    /// To an agent or a group, at once or asked first, by its agent or a supervisor.
    pub(super) fn hand_over(&mut self, slot: usize) {
        let Some(owner) = self.owner(slot) else { return };
        let by = if self.rng.happens(0.1) { self.people.supervisor() } else { owner };
        let to = if self.rng.happens(0.7) {
            TransferTarget::Agent(self.people.agent(&mut self.rng, Some(owner)))
        } else {
            TransferTarget::Group(self.people.group(&mut self.rng))
        };
        let asks = self.rng.happens(0.5);
        let origin = self.origin(slot, Who::Agent(by), if asks { "request_transfer" } else { "transfer" });
        let reason = MessageText::repaired(words::remark(&mut self.rng));
        let notice = MessageId(origin.id.derive_id("notice"));
        let by = Staff { agent: by, is_supervisor: by == self.people.supervisor() };
        let request = Transfer { by, to, reason, notice };
        let command = if asks {
            let transfer = TransferId(origin.id.derive_id("transfer"));
            Command::RequestTransfer { transfer, request, expires_at: later(self.now, TRANSFER_S) }
        } else {
            Command::Transfer(request)
        };
        self.send(slot, &origin, command);
    }

    pub(super) fn answer_transfer(&mut self, slot: usize, transfer: TransferId, accept: bool) {
        let Some(agent) = self.asked(slot) else { return };
        let origin = self.origin(slot, Who::Agent(agent), "answer_transfer");
        let (groups, notice) = (self.people.groups(agent), MessageId(origin.id.derive_id("notice")));
        self.send(slot, &origin, Command::AnswerTransfer { transfer, agent, groups, accept, notice });
    }

    /// Whom the open transfer is for: of a group, somebody.
    fn asked(&mut self, slot: usize) -> Option<AgentId> {
        let owner = self.owner(slot)?;
        match self.threads[slot].session()?.transfer.as_ref()?.to.clone() {
            TransferTarget::Agent(agent) => Some(agent),
            TransferTarget::Group(group) => self.people.of_group(&mut self.rng, &group, owner),
        }
    }

    pub(super) fn end_transfer(&mut self, slot: usize, transfer: TransferId, reason: TransferEnd) {
        let owner = self.owner(slot).filter(|_| reason == TransferEnd::Withdrawn);
        let origin = self.origin(slot, owner.map_or(Who::Policy("transfer"), Who::Agent), "end_transfer");
        let by = owner.map(|agent| Staff { agent, is_supervisor: false });
        self.send(slot, &origin, Command::EndTransfer { transfer, reason, by });
    }

    pub(super) fn offer(&mut self, slot: usize) {
        if self.threads[slot].status() != Some(Status::PendingManual) {
            return;
        }
        let agent = self.people.agent(&mut self.rng, self.threads[slot].last_agent);
        let origin = self.origin(slot, Who::Policy("routing"), "make_offer");
        let offer = OfferId(origin.id.derive_id("offer"));
        self.send(slot, &origin, Command::MakeOffer { offer, agent, expires_at: later(self.now, OFFER_S) });
    }

    pub(super) fn accept_offer(&mut self, slot: usize, offer: OfferId) {
        let open = self.threads[slot].session().and_then(|session| session.offer);
        if let Some(open) = open.filter(|open| open.offer == offer) {
            self.take_over_as(slot, open.agent, false);
        }
    }

    pub(super) fn end_offer(&mut self, slot: usize, offer: OfferId, reason: OfferEnd) {
        let open = self.threads[slot].session().and_then(|session| session.offer);
        let who = match open {
            Some(open) if reason == OfferEnd::Declined => Who::Agent(open.agent),
            Some(_) | None => Who::Policy("routing"),
        };
        let origin = self.origin(slot, who, "end_offer");
        self.send(slot, &origin, Command::EndOffer { offer, reason });
    }
}
