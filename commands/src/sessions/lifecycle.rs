//! An episode ends or begins by somebody's wish, and so does the wish for a person; and the customer says how well it went.

use domain::{
    session::{
        Command, Rejection,
        event::{CancelReason, CloseReason},
        rating::Score,
    },
    text::MessageText,
};
use jiff::Timestamp;

use super::{Author, Commanded, Request, Sessions, StaffRequest, hand_off::notice};
use crate::error::CommandError;

impl Sessions {
    /// Ends the episode at this time: staff because the matter is settled, the customer by leaving.
    ///
    /// # Errors
    /// Another agent has the session, or it is not there, or the log did not take it.
    pub async fn close(&self, request: Request, at: Timestamp) -> Result<Commanded, CommandError> {
        let by = request.by.staff();
        let reason = match request.by {
            Author::Staff(_) => CloseReason::Resolved,
            Author::Customer(_) => CloseReason::CustomerLeft,
        };
        self.command("close", request, |id| Command::Close { reason, notice: notice(id), by, at }).await
    }

    /// Begins a new episode with the assistant.
    ///
    /// # Errors
    /// The session is not closed, or it is not there, or the log did not take it.
    pub async fn reopen(&self, request: StaffRequest) -> Result<Commanded, CommandError> {
        self.staff_command("reopen", request, |_| Command::Reopen).await
    }

    /// The customer rates the last service that a rating was asked for.
    ///
    /// # Errors
    /// None was asked for, or it is too late; or the log did not take it.
    pub async fn rate(
        &self,
        request: Request,
        score: Score,
        comment: Option<MessageText>,
        at: Timestamp,
    ) -> Result<Commanded, CommandError> {
        match request.by {
            Author::Customer(_) => self.command("rate", request, |_| Command::Rate { score, comment, at }).await,
            Author::Staff(_) => Err(Rejection::RatingNotAsked.into()),
        }
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
