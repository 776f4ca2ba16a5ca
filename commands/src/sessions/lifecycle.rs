//! An episode ends or begins by somebody's wish, and so does the wish for a person.

use domain::session::{
    Command,
    event::{CancelReason, CloseReason},
};

use super::{Author, Commanded, Request, Sessions, StaffRequest, hand_off::notice};
use crate::error::CommandError;

impl Sessions {
    /// Ends the episode: staff because the matter is settled, the customer by leaving.
    ///
    /// # Errors
    /// Another agent has the session, or it is not there, or the log did not take it.
    pub async fn close(&self, request: Request) -> Result<Commanded, CommandError> {
        let by = request.by.staff();
        let reason = match request.by {
            Author::Staff(_) => CloseReason::Resolved,
            Author::Customer(_) => CloseReason::CustomerLeft,
        };
        self.command("close", request, |id| Command::Close { reason, notice: notice(id), by }).await
    }

    /// Begins a new episode with the assistant.
    ///
    /// # Errors
    /// The session is not closed, or it is not there, or the log did not take it.
    pub async fn reopen(&self, request: StaffRequest) -> Result<Commanded, CommandError> {
        self.staff_command("reopen", request, |_| Command::Reopen).await
    }

    /// No person is wanted any more.
    ///
    /// # Errors
    /// None is asked for, or the session is not there, or the log did not take it.
    pub async fn cancel_escalation(&self, request: Request) -> Result<Commanded, CommandError> {
        let reason = CancelReason::Cancelled;
        let command = |id: &crate::CommandId| Command::CancelEscalation { reason, notice: notice(id) };
        self.command("cancel_escalation", request, command).await
    }
}
