//! What the session's agent does, and what happens in the queue.

use domain::{
    AgentId, MailId, MessageId,
    session::{
        Command, Phase, Status,
        command::{SendAgentMessage, Staff},
        event::{CancelReason, CloseReason, MailFailure, MailKind, ReturnReason},
    },
    text::{MessageText, ReasonCode},
};
use jiff::Timestamp;

use crate::shop::{Shop, calendar::end_of_hour, people::Who, words};

impl Shop {
    pub(super) fn cancel_escalation(&mut self, slot: usize, reason: CancelReason) {
        let who = match reason {
            CancelReason::Cancelled => Who::Customer,
            CancelReason::NobodyCame => Who::Policy("routing"),
        };
        let origin = self.origin(slot, who, "cancel_escalation");
        let notice = MessageId(origin.id.derive_id("notice"));
        self.send(slot, &origin, Command::CancelEscalation { reason, notice });
    }

    /// Nobody has time today.
    pub(super) fn give_notice(&mut self, slot: usize) {
        let origin = self.origin(slot, Who::Policy("opening_time"), "after_hours");
        let opens_at = if self.rng.happens(0.95) { self.opens_at() } else { None };
        let is_open = self.hours().is_open();
        let mail = MailId(origin.id.derive_id("mail"));
        self.send(slot, &origin, Command::GiveAfterHoursNotice { opens_at, is_open, mail });
    }

    /// When somebody works again: while the shop is open but nobody has time, in the next hour.
    fn opens_at(&self) -> Option<Timestamp> {
        self.hours().opens_at().or_else(|| Some(end_of_hour(self.now)))
    }

    pub(super) fn opening_time(&mut self, slot: usize) {
        if self.threads[slot].status() != Some(Status::AfterHoursEmail) {
            return;
        }
        match self.rng.below(10) {
            0 => self.cancel_escalation(slot, CancelReason::NobodyCame),
            1 | 2 => self.take_over(slot, true),
            _ => {
                let origin = self.origin(slot, Who::Policy("opening_time"), "enter_queue");
                self.send(slot, &origin, Command::EnterQueue { policy_version: self.policy.version() });
            }
        }
    }

    pub(super) fn take_over(&mut self, slot: usize, from_any: bool) {
        if !self.hours().is_open() && !self.rng.happens(0.1) {
            return;
        }
        let agent = self.people.agent(&mut self.rng, self.threads[slot].last_agent);
        self.take_over_as(slot, agent, from_any);
    }

    pub(super) fn take_over_as(&mut self, slot: usize, agent: AgentId, from_any: bool) {
        let origin = self.origin(slot, Who::Agent(agent), "take_over");
        let notice = MessageId(origin.id.derive_id("notice"));
        self.send(slot, &origin, Command::TakeOver { agent, from_any, notice });
    }

    /// Refused by name, and so leaves no trace; the same agent once more is confirmed.
    pub(super) fn rival(&mut self, slot: usize) {
        let owner = self.threads[slot].last_agent;
        let agent = match owner.filter(|_| self.rng.happens(0.3)) {
            Some(owner) => owner,
            None => self.people.agent(&mut self.rng, owner),
        };
        self.take_over_as(slot, agent, true);
    }

    pub(super) fn owner(&self, slot: usize) -> Option<AgentId> {
        match self.threads[slot].session()?.phase {
            Phase::ManualLive { agent } => Some(agent),
            Phase::BotActive | Phase::PendingManual | Phase::AfterHoursEmail | Phase::Closed => None,
        }
    }

    pub(super) fn write_as_agent(&mut self, slot: usize) {
        let Some(agent) = self.owner(slot) else { return };
        let origin = self.origin(slot, Who::Agent(agent), "send_agent_message");
        let (language, topic) = (self.threads[slot].language, self.threads[slot].topic);
        let text = match self.rng.below(3) {
            0 => self.words.answer(language, topic).1,
            _ => words::of_agent(&mut self.rng, language),
        };
        let message = MessageId(origin.id.derive_id("message"));
        let text = MessageText::repaired(text);
        let quick_reply = self.rng.happens(self.order.profile.quick_replies).then(|| words::quick_reply(&mut self.rng));
        self.send(slot, &origin, Command::SendAgentMessage(SendAgentMessage { agent, message, text, quick_reply }));
    }

    pub(super) fn request_mail(&mut self, slot: usize) {
        let Some(agent) = self.threads[slot].last_agent else { return };
        let origin = self.origin(slot, Who::Agent(agent), "request_mail");
        let mail = MailId(origin.id.derive_id("mail"));
        self.send(slot, &origin, Command::RequestMail { mail, kind: MailKind::ByHand });
    }

    pub(super) fn send_mail(&mut self, slot: usize, mail: MailId) {
        let origin = self.origin(slot, Who::Policy("mail"), "record_mail");
        let failure = self.rng.happens(0.1).then(|| {
            self.rng.weighted(&[
                (MailFailure::Unavailable, 5.0),
                (MailFailure::Rejected, 2.0),
                (MailFailure::Refused, 1.0),
                (MailFailure::NotConfigured, 1.0),
                (MailFailure::Malformed, 1.0),
            ])
        });
        let attempts = if failure == Some(MailFailure::Unavailable) { 5 } else { self.rng.pick(&[1, 1, 1, 1, 2, 3]) };
        self.send(slot, &origin, Command::RecordMail { mail, attempts, failure });
    }

    pub(super) fn leave(&mut self, slot: usize) {
        let Some(agent) = self.owner(slot) else { return };
        if self.rng.happens(self.order.profile.goes_back) {
            return self.give_back(slot, agent);
        }
        let releases = self.rng.happens(0.4);
        let origin = self.origin(slot, Who::Agent(agent), if releases { "release" } else { "close" });
        let (by, notice) = (Staff { agent, is_supervisor: false }, MessageId(origin.id.derive_id("notice")));
        let command = if releases {
            let reason = self.rng.pick(&["resolved", "back_to_assistant", "customer_gone"]);
            Command::Release { by, reason: ReasonCode::parse(reason).expect("it is a code"), notice, at: self.now }
        } else {
            Command::Close { reason: CloseReason::Resolved, notice, by: Some(by), at: self.now }
        };
        self.send(slot, &origin, command);
    }

    fn give_back(&mut self, slot: usize, agent: AgentId) {
        let reason = if self.rng.happens(0.6) { ReturnReason::HandedBack } else { ReturnReason::AgentLost };
        let who = match reason {
            ReturnReason::HandedBack | ReturnReason::Transferred => Who::Agent(agent),
            ReturnReason::AgentLost => Who::Policy("agent_lost"),
        };
        let is_for_a_group = reason == ReturnReason::HandedBack && self.rng.happens(0.3);
        let group = is_for_a_group.then(|| self.people.group(&mut self.rng));
        let origin = self.origin(slot, who, "return_to_queue");
        let notice = MessageId(origin.id.derive_id("notice"));
        self.send(slot, &origin, Command::ReturnToQueue { agent, reason, group, notice });
    }
}
