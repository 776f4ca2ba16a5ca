//! A session goes to another agent or group: at once, or asked for and answered; and an offer is declined.

use domain::{
    OfferId, TransferId,
    session::{
        Command, Rejection,
        command::{Staff, Transfer},
        event::{OfferEnd, TransferEnd, TransferTarget},
    },
    text::{MessageText, Skill},
};
use jiff::Timestamp;

use super::{Commanded, Sessions, StaffRequest, hand_off::notice};
use crate::error::CommandError;

/// To whom a session is to go, and why.
#[derive(Debug, Clone)]
pub struct TransferOrder {
    /// To whom.
    pub to: TransferTarget,
    /// Why, for staff.
    pub reason: MessageText,
    /// From whom, where the caller says so: the agent who must have it.
    pub from: Option<domain::AgentId>,
}

impl TransferOrder {
    fn of(self, by: Staff, id: &crate::CommandId) -> Transfer {
        // The one who is named has to be the one who has it, whoever asks.
        let by = self.from.map_or(by, |agent| Staff { agent, is_supervisor: false });
        Transfer { by, to: self.to, reason: self.reason, notice: notice(id) }
    }
}

impl Sessions {
    /// Gives the session to another agent or group at once.
    ///
    /// # Errors
    /// The caller does not have it, it would go to who has it, or the log did not take it.
    pub async fn transfer(&self, request: StaffRequest, order: TransferOrder) -> Result<Commanded, CommandError> {
        let by = request.by;
        self.staff_command("transfer", request, |id| Command::Transfer(order.of(by, id))).await
    }

    /// Asks another agent or group to take the session.
    ///
    /// The transfer's id is that of its event, by which the log finds the session.
    ///
    /// # Errors
    /// The caller does not have it, another transfer waits for an answer, or the log did not take it.
    pub async fn request_transfer(
        &self,
        request: StaffRequest,
        order: TransferOrder,
        expires_at: Timestamp,
    ) -> Result<Commanded, CommandError> {
        let by = request.by;
        let command = |id: &crate::CommandId| Command::RequestTransfer {
            transfer: TransferId(id.event(0)),
            request: order.of(by, id),
            expires_at,
        };
        self.staff_command("request_transfer", request, command).await
    }

    /// Takes the session that was asked about, or declines. `groups`: those of the one who answers.
    ///
    /// # Errors
    /// Somebody else was asked, the transfer is over, or the log did not take it.
    pub async fn answer_transfer(
        &self,
        request: StaffRequest,
        transfer: TransferId,
        groups: Vec<Skill>,
        accept: bool,
    ) -> Result<Commanded, CommandError> {
        let agent = request.agent();
        let route = format!("answer_transfer {transfer}");
        let command =
            |id: &crate::CommandId| Command::AnswerTransfer { transfer, agent, groups, accept, notice: notice(id) };
        self.staff_command(&route, request, command).await
    }

    /// Takes a transfer back that nobody has answered.
    ///
    /// # Errors
    /// The caller does not have the session, or the log did not take it.
    pub async fn withdraw_transfer(
        &self,
        request: StaffRequest,
        transfer: TransferId,
    ) -> Result<Commanded, CommandError> {
        let by = Some(request.by);
        let route = format!("withdraw_transfer {transfer}");
        let command = Command::EndTransfer { transfer, reason: TransferEnd::Withdrawn, by };
        self.staff_command(&route, request, |_| command).await
    }

    /// Declines an offer; quiet about one that is over.
    ///
    /// # Errors
    /// It was made to somebody else, or the log did not take it.
    pub async fn decline_offer(&self, request: StaffRequest, offer: OfferId) -> Result<Commanded, CommandError> {
        let current = self.current(request.session).await?;
        let session = current.state.session().ok_or(Rejection::NoSession)?;
        if session.offer.is_some_and(|open| open.offer == offer && open.agent != request.agent()) {
            return Err(Rejection::NotAsked.into());
        }
        let route = format!("decline_offer {offer}");
        self.staff_command(&route, request, |_| Command::EndOffer { offer, reason: OfferEnd::Declined }).await
    }

    /// The session that a transfer is about, where the log finds events by their ids alone.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn session_of_transfer(&self, transfer: TransferId) -> Result<Option<domain::SessionId>, CommandError> {
        let owner = self.log().reader().owner(transfer.0).await?;
        let session = owner.filter(|stream| stream.category() == "session").and_then(|stream| stream.id());
        Ok(session.map(domain::SessionId))
    }
}
