//! What follows where a person is asked for, comes, speaks, and gives the session away.

use domain::{
    AgentId, OfferId, TransferId,
    session::{
        Status,
        event::{CancelReason, CloseReason, OfferEnd, TransferEnd},
        notice::Notice,
    },
};

use super::MINUTE;
use crate::shop::{Shop, agenda::Action, calendar::seconds_between};

impl Shop {
    /// After hours the notice follows in the same append.
    pub(super) fn escalated(&mut self, slot: usize) {
        self.threads[slot].coming = None;
        if self.threads[slot].status() == Some(Status::PendingManual) {
            self.called_for(slot);
        }
    }

    /// The session is offered, an agent takes over, unless the customer cancels or all are busy.
    pub(super) fn called_for(&mut self, slot: usize) {
        if self.rng.happens(self.order.profile.offered) {
            let seconds = self.rng.between(0.5, 4.0);
            self.plan(slot, seconds, Action::Offer);
        }
        if self.rng.happens(0.3) {
            let seconds = self.patience(30.0);
            self.plan(slot, seconds, Action::Write);
        }
        let comes_after = self.patience(90.0);
        let action = self.rng.weighted(&[
            (Action::TakeOver { from_any: false }, 82.0),
            (Action::CancelEscalation(CancelReason::Cancelled), 7.0),
            (Action::CancelEscalation(CancelReason::NobodyCame), 7.0),
            (Action::GiveNotice, 2.0),
            (Action::Close { reason: CloseReason::CustomerLeft, at_version: None }, 2.0),
        ]);
        let seconds = match action {
            Action::CancelEscalation(CancelReason::NobodyCame) => 20.0 * MINUTE,
            _ => comes_after,
        };
        self.plan(slot, seconds, action);
        if !matches!(action, Action::CancelEscalation(CancelReason::NobodyCame)) {
            self.plan(slot, 25.0 * MINUTE, Action::CancelEscalation(CancelReason::NobodyCame));
        }
    }

    /// The assistant goes on answering, until somebody works again.
    pub(super) fn noticed(&mut self, slot: usize) {
        let opens_at = self.hours().opens_at().unwrap_or(self.now);
        let until_opening = seconds_between(self.now, opens_at) + self.rng.between(1.0, 600.0);
        self.plan(slot, until_opening, Action::OpeningTime);
        if self.rng.happens(0.1) {
            let seconds = self.patience(3.0 * MINUTE);
            self.plan(slot, seconds, Action::CancelEscalation(CancelReason::Cancelled));
        } else if self.rng.happens(0.5) {
            let seconds = self.patience(MINUTE);
            self.plan(slot, seconds, Action::Write);
        }
    }

    pub(super) fn told(&mut self, slot: usize, notice: Notice) {
        let asked = matches!(
            notice,
            Notice::AfterHours { asks_for_email: true, .. } | Notice::NobodyFree { asks_for_email: true, .. }
        );
        if matches!(notice, Notice::RatingAsked { .. }) && self.rng.happens(self.order.profile.rates) {
            let seconds = self.patience(30.0);
            self.plan(slot, seconds, Action::Rate);
            if self.rng.happens(0.2) {
                self.plan(slot, seconds * 2.0, Action::Rate);
            }
        }
        if asked && self.rng.happens(0.6) {
            let seconds = self.patience(25.0);
            self.plan(slot, seconds, Action::GiveAddress);
        }
    }

    /// A person has it now: greets, and some time later is done or gives it to another.
    pub(super) fn taken(&mut self, slot: usize, agent: AgentId) {
        self.threads[slot].last_agent = Some(agent);
        let seconds = self.patience(15.0);
        self.plan(slot, seconds, Action::WriteAsAgent);
        let seconds = self.patience(6.0 * MINUTE);
        self.plan(slot, seconds, Action::Leave);
        let profile = self.order.profile;
        if self.rng.happens(profile.rivals) {
            let seconds = self.rng.between(0.2, 5.0);
            self.plan(slot, seconds, Action::Rival);
        }
        let others = [
            (profile.transferred, Action::HandOver),
            (profile.stolen, Action::Steal),
            (0.05, Action::RequestMail),
            (profile.keeps, Action::KeepNote),
            (profile.keeps, Action::KeepTags),
            (profile.keeps * 0.3, Action::Prioritise),
        ];
        for (share, action) in others {
            if self.rng.happens(share) {
                let seconds = self.patience(2.0 * MINUTE);
                self.plan(slot, seconds, action);
            }
        }
    }

    /// Some notes are written anew.
    pub(super) fn noted(&mut self, slot: usize) {
        if self.rng.happens(0.5) {
            let seconds = self.patience(MINUTE);
            self.plan(slot, seconds, Action::KeepNote);
        }
    }

    pub(super) fn hears_agent(&mut self, slot: usize) {
        if self.rng.happens(0.6) {
            let seconds = self.patience(40.0);
            self.plan(slot, seconds, Action::Write);
        }
    }

    pub(super) fn agent_hears(&mut self, slot: usize) {
        if self.rng.happens(0.85) {
            let seconds = self.patience(35.0);
            self.plan(slot, seconds, Action::WriteAsAgent);
        }
    }

    /// Most say yes; some never answer, and some agents take it back.
    pub(super) fn asked_to_take(&mut self, slot: usize, transfer: TransferId) {
        let answer = |accept| Action::AnswerTransfer { transfer, accept };
        let withdrawn = Action::EndTransfer { transfer, reason: TransferEnd::Withdrawn };
        let action = self.rng.weighted(&[(answer(true), 0.65), (answer(false), 0.15), (withdrawn, 0.05)]);
        if self.rng.happens(0.85) {
            let seconds = self.patience(12.0);
            self.plan(slot, seconds, action);
        }
        self.plan(slot, MINUTE, Action::EndTransfer { transfer, reason: TransferEnd::Expired });
    }

    pub(super) fn offered(&mut self, slot: usize, offer: OfferId) {
        let declined = Action::EndOffer { offer, reason: OfferEnd::Declined };
        let action = self.rng.weighted(&[(Action::AcceptOffer(offer), 0.8), (declined, 0.2)]);
        if self.rng.happens(0.75) {
            let seconds = self.rng.between(2.0, 15.0);
            self.plan(slot, seconds, action);
        }
        self.plan(slot, 20.0, Action::EndOffer { offer, reason: OfferEnd::Expired });
    }

    /// The next one is asked.
    pub(super) fn offer_ended(&mut self, slot: usize) {
        if self.threads[slot].status() == Some(Status::PendingManual) && self.rng.happens(0.7) {
            self.plan(slot, 0.1, Action::Offer);
        }
    }
}
