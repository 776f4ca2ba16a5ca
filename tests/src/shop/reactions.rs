//! What people and policies do about what has happened: each event puts actions on the agenda.

use domain::session::{
    Event,
    event::{AssistantFailed, AssistantReplied, AssistantRunStarted, CancelReason, CloseReason, Outcome},
};

use super::{
    Shop,
    agenda::Action,
    calendar::{is_open, opens_at, seconds_between},
    rules::{self, BUTTON, Rule},
};

const MINUTE: f64 = 60.0;

impl Shop {
    /// Plans what follows from an event.
    pub(super) fn react(&mut self, slot: usize, event: &Event) {
        match event {
            Event::Opened(_) => self.begun(slot),
            Event::CustomerMessageSent(_) => self.said(slot),
            Event::AssistantRunStarted(started) => self.started(slot, started),
            Event::AssistantReplied(replied) => self.replied(slot, replied),
            Event::AssistantFailed(failed) => self.failed(slot, failed),
            Event::Escalated(_) => self.escalated(slot),
            Event::ReturnedToQueue(_) => self.called_for(slot),
            Event::EscalationCancelled(_) | Event::Released(_) => self.goes_on(slot),
            Event::AfterHoursNoticeGiven(_) => self.noticed(slot),
            Event::AgentTookOver(taken) => {
                self.threads[slot].last_agent = Some(taken.agent);
                self.taken(slot);
            }
            Event::Closed(_) => self.closed(slot),
            Event::ContextStarted(_)
            | Event::AssistantReplyWithheld(_)
            | Event::Reopened(_)
            | Event::CommandConfirmed(_) => {}
        }
    }

    /// Where nothing was said with it, the customer says it now; some clients ask for the session once more.
    fn begun(&mut self, slot: usize) {
        if !self.threads[slot].awaits_answer() {
            let seconds = self.patience(12.0);
            self.plan(slot, seconds, Action::Write);
        }
        if self.rng.happens(self.order.profile.confirms) {
            let seconds = self.patience(40.0);
            self.plan(slot, seconds, Action::Repeat);
        }
    }

    fn said(&mut self, slot: usize) {
        let seconds = self.rng.between(0.004, 0.03);
        self.plan(slot, seconds, Action::Begin);
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
        let action = self.rng.weighted(&[
            (Action::Escalate(&BUTTON), 5.0),
            (Action::TakeOver { from_any: true }, 3.0),
            (left, 2.0),
        ]);
        self.plan(slot, seconds, action);
    }

    fn replied(&mut self, slot: usize, replied: &AssistantReplied) {
        if self.threads[slot].awaits_answer() {
            return self.plan(slot, 0.003, Action::Begin);
        }
        if let Some(rule) = self.rule_after(slot, replied.outcome) {
            return self.plan(slot, 0.005, Action::Escalate(rule));
        }
        self.goes_on(slot);
    }

    fn rule_after(&mut self, slot: usize, outcome: Outcome) -> Option<&'static Rule> {
        let coming = self.threads[slot].coming.take();
        let is_out_of_reach = outcome == Outcome::Unavailable && self.rng.happens(0.5);
        coming.or_else(|| is_out_of_reach.then(|| rules::named("R8")))
    }

    /// The customer reads the answer, and asks again or is done.
    fn goes_on(&mut self, slot: usize) {
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

    fn escalated(&mut self, slot: usize) {
        if is_open(self.now) {
            return self.called_for(slot);
        }
        self.plan(slot, 0.02, Action::GiveNotice);
    }

    /// An agent takes over, unless the customer cancels or all are busy.
    fn called_for(&mut self, slot: usize) {
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
    fn noticed(&mut self, slot: usize) {
        let until_opening = seconds_between(self.now, opens_at(self.now)) + self.rng.between(1.0, 600.0);
        self.plan(slot, until_opening, Action::OpeningTime);
        if self.rng.happens(0.1) {
            let seconds = self.patience(3.0 * MINUTE);
            self.plan(slot, seconds, Action::CancelEscalation(CancelReason::Cancelled));
        } else if self.rng.happens(0.5) {
            let seconds = self.patience(MINUTE);
            self.plan(slot, seconds, Action::Write);
        }
    }

    fn taken(&mut self, slot: usize) {
        let seconds = self.patience(6.0 * MINUTE);
        self.plan(slot, seconds, Action::Leave);
        if self.rng.happens(self.order.profile.rivals) {
            let seconds = self.rng.between(0.2, 5.0);
            self.plan(slot, seconds, Action::Rival);
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
            self.plan(slot, seconds, Action::Write);
        }
    }
}
