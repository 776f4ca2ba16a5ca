//! A person takes a session, speaks in it, and gives it back.

use domain::{
    MessageId, QuickReplyId,
    session::{Command, Event, command::SendAgentMessage, event::ReturnReason},
    text::{MessageText, ReasonCode, Skill},
};
use jiff::Timestamp;

use super::{Commanded, Sessions, StaffRequest};
use crate::error::CommandError;

impl Sessions {
    /// Takes the session over from the queue; with `from_any`, from the assistant as well.
    ///
    /// # Errors
    /// Another agent has it, it cannot be taken now, or the log did not take it.
    pub async fn take_over(&self, request: StaffRequest, from_any: bool) -> Result<Commanded, CommandError> {
        let agent = request.agent();
        // The same key with the other choice is another body: what it would take is not the same.
        let route = if from_any { "take_over_any" } else { "take_over" };
        let command = |id: &crate::CommandId| Command::TakeOver { agent, from_any, notice: notice(id) };
        self.staff_command(route, request, command).await
    }

    /// Takes the session from the agent who has it.
    ///
    /// # Errors
    /// Nobody has it, or the log did not take it.
    pub async fn steal(&self, request: StaffRequest) -> Result<Commanded, CommandError> {
        let by = request.agent();
        self.staff_command("steal", request, |id| Command::Steal { by, notice: notice(id) }).await
    }

    /// Says something to the customer.
    ///
    /// # Errors
    /// Another agent or nobody has the session, the key was used with another text, or the log did not take it.
    pub async fn send_agent_message(
        &self,
        request: StaffRequest,
        text: MessageText,
        quick_reply: Option<QuickReplyId>,
    ) -> Result<(MessageId, Commanded), CommandError> {
        let agent = request.agent();
        let command = |id: &crate::CommandId| {
            let message = MessageId(id.derive_id("message"));
            Command::SendAgentMessage(SendAgentMessage { agent, message, text, quick_reply })
        };
        let done = self.staff_command("send_agent_message", request, command).await?;
        let sent = done.events.iter().find_map(|event| match event {
            Event::AgentMessageSent(sent) => Some(sent.message),
            _other => None,
        });
        Ok((sent.ok_or(CommandError::KeyReused)?, done))
    }

    /// Gives the session back to the assistant, at this time.
    ///
    /// # Errors
    /// Another agent or nobody has it, or the log did not take it.
    pub async fn release(
        &self,
        request: StaffRequest,
        reason: ReasonCode,
        at: Timestamp,
    ) -> Result<Commanded, CommandError> {
        let by = request.by;
        self.staff_command("release", request, |id| Command::Release { by, reason, notice: notice(id), at }).await
    }

    /// Hands the session back to the queue, for this group or the one that it was for.
    ///
    /// # Errors
    /// Another agent or nobody has it, or the log did not take it.
    pub async fn hand_back(&self, request: StaffRequest, group: Option<Skill>) -> Result<Commanded, CommandError> {
        let agent = request.agent();
        let reason = ReturnReason::HandedBack;
        let command = |id: &crate::CommandId| Command::ReturnToQueue { agent, reason, group, notice: notice(id) };
        self.staff_command("return", request, command).await
    }
}

/// The id of the notice to the customer.
pub(super) fn notice(id: &crate::CommandId) -> MessageId {
    MessageId(id.derive_id("notice"))
}
