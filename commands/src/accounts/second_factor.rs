//! The second factor of an account: offered, put to use, turned off.

use domain::{
    AgentId,
    agent::{
        Command,
        command::SecondFactorProof,
        event::{RecoveryDigest, TotpSecret},
    },
};
use event_store::Actor;
use uuid::Uuid;

use super::{Accounts, Managed, actor_of};
use crate::error::CommandError;

impl Accounts {
    /// Keeps a secret that its owner has yet to prove a code of.
    ///
    /// # Errors
    /// There is a second factor already, or the log did not take it.
    pub async fn offer_second_factor(
        &self,
        agent: AgentId,
        secret: TotpSecret,
        correlation_id: Uuid,
    ) -> Result<Managed, CommandError> {
        self.manage(agent, actor_of(agent), Command::OfferSecondFactor(secret), correlation_id).await
    }

    /// Puts the secret to use, of which a code came.
    ///
    /// # Errors
    /// Another secret was offered meanwhile, there is a second factor already, or the log did not take it.
    pub async fn enable_second_factor(
        &self,
        agent: AgentId,
        secret: TotpSecret,
        step: u64,
        recovery: Vec<RecoveryDigest>,
        correlation_id: Uuid,
    ) -> Result<Managed, CommandError> {
        let command = Command::EnableSecondFactor { secret, step, recovery };
        self.manage(agent, actor_of(agent), command, correlation_id).await
    }

    /// Makes all recovery codes from before worthless, and these good.
    ///
    /// # Errors
    /// The proof is not good, there is no second factor, or the log did not take it.
    pub async fn replace_recovery_codes(
        &self,
        agent: AgentId,
        proof: Option<SecondFactorProof>,
        recovery: Vec<RecoveryDigest>,
        correlation_id: Uuid,
    ) -> Result<Managed, CommandError> {
        self.manage(agent, actor_of(agent), Command::ReplaceRecoveryCodes { proof, recovery }, correlation_id).await
    }

    /// Turns one's own second factor off.
    ///
    /// # Errors
    /// The proof is not good, or the log did not take it.
    pub async fn disable_second_factor(
        &self,
        agent: AgentId,
        proof: Option<SecondFactorProof>,
        correlation_id: Uuid,
    ) -> Result<Managed, CommandError> {
        self.manage(agent, actor_of(agent), Command::DisableSecondFactor { proof }, correlation_id).await
    }

    /// Turns the second factor of somebody off who has lost it.
    ///
    /// # Errors
    /// There is no such account, or the log did not take it.
    pub async fn reset_second_factor(
        &self,
        agent: AgentId,
        by: Actor,
        correlation_id: Uuid,
    ) -> Result<Managed, CommandError> {
        self.manage(agent, by, Command::ResetSecondFactor, correlation_id).await
    }
}
