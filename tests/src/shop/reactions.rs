//! What people and policies do about what has happened: each event puts actions on the agenda.

mod hand_off;

use domain::session::{
    Event, Status,
    event::{AssistantFailed, AssistantRunStarted, CloseReason},
};

use super::{Shop, agenda::Action, calendar::seconds_between};

const MINUTE: f64 = 60.0;

impl Shop {
    /// Plans what follows from an event.
    pub(super) fn react(&mut self, slot: usize, event: &Event) {
        match event {
            Event::Opened(_) => self.begun(slot),
            Event::CustomerMessageSent(_) => self.said(slot),
            Event::AssistantRunStarted(started) => self.started(slot, started),
            Event::AssistantReplied(_) => self.replied(slot),
            Event::AssistantFailed(failed) => self.failed(slot, failed),
            Event::Escalated(_) => self.escalated(slot),
            Event::ReturnedToQueue(_) => self.called_for(slot),
            Event::EscalationCancelled(_) | Event::Released(_) | Event::Reopened(_) => self.goes_on(slot),
            Event::AfterHoursNoticeGiven(_) => self.noticed(slot),
            Event::NoticeGiven(given) => self.told(slot, given.notice),
            Event::AgentTookOver(taken) => self.taken(slot, taken.agent),
            Event::Transferred(transferred) => self.taken(slot, transferred.to),
            Event::AgentMessageSent(_) => self.hears_agent(slot),
            Event::TransferRequested(requested) => self.asked_to_take(slot, requested.transfer),
            Event::OfferMade(made) => self.offered(slot, made.offer),
            Event::OfferExpired(_) => self.offer_ended(slot),
            Event::MailRequested(requested) => {
                let seconds = self.rng.between(0.3, 4.0);
                self.plan(slot, seconds, Action::SendMail(requested.mail));
            }
            Event::NoteAdded(_) | Event::NoteEdited(_) => self.noted(slot),
            Event::Closed(_) => self.closed(slot),
            Event::ContextStarted(_)
            | Event::AssistantAsked(_)
            | Event::AssistantReplyWithheld(_)
            | Event::TransferAccepted(_)
            | Event::TransferDeclined(_)
            | Event::OfferAccepted(_)
            | Event::MailSent(_)
            | Event::MailFailed(_)
            | Event::PriorityChanged(_)
            | Event::ProfileChanged(_)
            | Event::NoteRemoved(_)
            | Event::TagsChanged(_)
            | Event::RatingGiven(_)
            | Event::CommandConfirmed(_) => {}
        }
    }

    /// Where nothing was said with it, the customer says it now; some clients ask for the session once more.
    fn begun(&mut self, slot: usize) {
        if !self.threads[slot].awaits_answer() && self.threads[slot].status() == Some(Status::BotActive) {
            let seconds = self.patience(12.0);
            self.plan(slot, seconds, Action::Write);
        }
        if self.rng.happens(self.order.profile.confirms) {
            let seconds = self.patience(40.0);
            self.plan(slot, seconds, Action::Repeat);
        }
    }

    fn said(&mut self, slot: usize) {
        match self.threads[slot].status() {
            Some(Status::BotActive | Status::AfterHoursEmail) => {
                let seconds = self.rng.between(0.004, 0.03);
                self.plan(slot, seconds, Action::Begin);
            }
            Some(Status::ManualLive) => self.agent_hears(slot),
            Some(Status::PendingManual | Status::Closed) | None => return,
        }
        if self.rng.happens(self.order.profile.bursts) {
            let seconds = self.patience(2.5);
            self.plan(slot, seconds, Action::WriteMore);
        }
    }

    fn started(&mut self, slot: usize, started: &AssistantRunStarted) {
        let (run, attempt) = (started.run, started.attempt);
        let is_interrupted = self.rng.happens(self.order.profile.interrupted);
        let by_model = started.assistant == "coze" || is_interrupted;
        let takes = if by_model { self.rng.around(4.0) } else { self.rng.between(0.02, 0.3) };
        if is_interrupted {
            let seconds = takes * self.rng.between(0.1, 0.95);
            self.interrupt(slot, seconds);
        }
        let finish = Action::Finish { run, attempt, by_model };
        if !self.rng.happens(self.order.profile.dies) {
            return self.plan(slot, takes, finish);
        }
        let found_dead = takes + self.rng.between(1.0, 11.0);
        self.plan(slot, found_dead, Action::Retake { run, attempt, died: true });
        if self.rng.happens(self.order.profile.late) {
            let seconds = found_dead + self.rng.between(0.05, 3.0);
            self.plan(slot, seconds, finish);
        }
    }

    /// While the answer is made, somebody else decides.
    fn interrupt(&mut self, slot: usize, seconds: f64) {
        let left = Action::Close { reason: CloseReason::CustomerLeft, at_version: None };
        let action =
            self.rng.weighted(&[(Action::PressButton, 5.0), (Action::TakeOver { from_any: true }, 3.0), (left, 2.0)]);
        self.plan(slot, seconds, action);
    }

    /// Where a rule on the answer asked for a person, that comes of itself.
    fn replied(&mut self, slot: usize) {
        if self.threads[slot].awaits_answer() {
            return self.plan(slot, 0.003, Action::Begin);
        }
        if self.threads[slot].session().is_some_and(domain::session::Session::assistant_answers) {
            self.goes_on(slot);
        }
    }

    /// The customer reads the answer, and asks again or is done.
    fn goes_on(&mut self, slot: usize) {
        if self.threads[slot].awaits_answer() {
            return;
        }
        if self.threads[slot].questions == 0 {
            return self.is_done(slot);
        }
        let seconds = self.patience(35.0);
        if self.rng.happens(self.order.profile.fresh_starts) {
            let clear = self.rng.happens(0.4);
            self.plan(slot, seconds * 0.8, Action::StartFresh { clear });
            if self.rng.happens(self.order.profile.confirms) {
                self.plan(slot, seconds * 0.9, Action::StartFresh { clear });
            }
        }
        self.plan(slot, seconds, Action::Write);
    }

    /// Some say so, some close the session, some do nothing more.
    fn is_done(&mut self, slot: usize) {
        let version = Some(self.threads[slot].version);
        match self.rng.below(20) {
            0..3 => {
                let seconds = self.patience(20.0);
                self.plan(slot, seconds, Action::Write);
            }
            3..9 => {
                let seconds = self.patience(MINUTE);
                self.plan(slot, seconds, Action::Close { reason: CloseReason::CustomerLeft, at_version: version });
            }
            9..18 => {
                let close = Action::Close { reason: CloseReason::Idle, at_version: version };
                self.plan(slot, 30.0 * MINUTE, close);
            }
            _ => {}
        }
    }

    fn failed(&mut self, slot: usize, failed: &AssistantFailed) {
        if failed.retries {
            let seconds = f64::from(1_u32 << failed.attempt.min(6)) * 0.5;
            self.plan(slot, seconds, Action::Retake { run: failed.run, attempt: failed.attempt, died: false });
        }
    }

    fn closed(&mut self, slot: usize) {
        if self.rng.happens(self.order.profile.erased) {
            let seconds = self.patience(10.0 * MINUTE);
            return self.plan(slot, seconds, Action::Forget);
        }
        let seconds = self.rng.around(self.order.profile.return_after);
        let is_in_time = seconds < seconds_between(self.now, self.order.until);
        if is_in_time && self.rng.happens(self.order.profile.returns) {
            self.threads[slot].questions = 1 + self.rng.below(4);
            let back = self.rng.weighted(&[(Action::Write, 0.93), (Action::Reopen, 0.05), (Action::PressButton, 0.02)]);
            self.plan(slot, seconds, back);
        }
    }
}
