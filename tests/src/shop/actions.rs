//! What is done when its time has come: each action becomes a command, or several, on the session as it is then.

mod assistant;
mod customer;
mod hand_off;
mod keeping;
mod staff;

use domain::{
    ContextId, MailId,
    session::command::{Circumstances, Opening},
};

use super::{Shop, agenda::Action};

impl Shop {
    /// Does one action of a session.
    pub(super) fn take(&mut self, slot: usize, action: Action) {
        match action {
            Action::Arrive => {}
            Action::Write => self.write(slot),
            Action::WriteMore => self.write_more(slot),
            Action::GiveAddress => self.give_address(slot),
            Action::Repeat => self.open_session(slot),
            Action::StartFresh { clear } => self.start_fresh(slot, clear),
            Action::PressButton => self.press_button(slot),
            Action::Reopen => self.reopen(slot),
            Action::Begin => self.begin(slot),
            Action::Finish { run, attempt, by_model } => self.finish(slot, run, attempt, by_model),
            Action::Retake { run, attempt, died } => self.retake(slot, run, attempt, died),
            Action::CancelEscalation(reason) => self.cancel_escalation(slot, reason),
            Action::GiveNotice => self.give_notice(slot),
            Action::TakeOver { from_any } => self.take_over(slot, from_any),
            Action::Rival => self.rival(slot),
            Action::Steal => self.steal(slot),
            Action::WriteAsAgent => self.write_as_agent(slot),
            Action::HandOver => self.hand_over(slot),
            Action::AnswerTransfer { transfer, accept } => self.answer_transfer(slot, transfer, accept),
            Action::EndTransfer { transfer, reason } => self.end_transfer(slot, transfer, reason),
            Action::Offer => self.offer(slot),
            Action::AcceptOffer(offer) => self.accept_offer(slot, offer),
            Action::EndOffer { offer, reason } => self.end_offer(slot, offer, reason),
            Action::RequestMail => self.request_mail(slot),
            Action::SendMail(mail) => self.send_mail(slot, mail),
            Action::KeepNote => self.keep_note(slot),
            Action::KeepTags => self.keep_tags(slot),
            Action::Prioritise => self.prioritise(slot),
            Action::Rate => self.rate(slot),
            Action::Leave => self.leave(slot),
            Action::OpeningTime => self.opening_time(slot),
            Action::Close { reason, at_version } => self.close(slot, reason, at_version),
            Action::Forget => self.forget(slot),
        }
    }

    pub(super) fn opening(&self, slot: usize, context: ContextId) -> Opening {
        let thread = &self.threads[slot];
        Opening { visitor: thread.visitor, name: thread.name.clone(), context }
    }

    /// What an escalation would depend on now.
    pub(super) fn circumstances(&self, mail: MailId) -> Circumstances {
        Circumstances { policy: self.policy.clone(), calendars: self.calendars.clone(), at: self.now, mail }
    }
}
