//! Presence: chosen, and begun again after a loss.

use domain::{
    AgentId, SignInId,
    agent::{Command, Presence},
};
use uuid::Uuid;

use super::{Accounts, Managed, actor_of};
use crate::error::CommandError;

impl Accounts {
    /// Records what the owner of a sign-in chose; the same again is no event.
    ///
    /// # Errors
    /// The sign-in is over, or the log did not take it.
    pub async fn choose_presence(
        &self,
        agent: AgentId,
        sign_in: SignInId,
        presence: Presence,
        correlation_id: Uuid,
    ) -> Result<Managed, CommandError> {
        self.manage(agent, actor_of(agent), Command::ChoosePresence { sign_in, presence }, correlation_id).await
    }

    /// Makes an agent online who was lost and has given a sign of life; who chose to be offline stays so.
    ///
    /// # Errors
    /// The sign-in is over, or the log did not take it.
    pub async fn come_back(
        &self,
        agent: AgentId,
        sign_in: SignInId,
        correlation_id: Uuid,
    ) -> Result<Managed, CommandError> {
        self.manage(agent, actor_of(agent), Command::ComeBack { sign_in }, correlation_id).await
    }
}
