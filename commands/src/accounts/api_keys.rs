//! Keys of programs: issued and revoked. A key is an account of its own, so that what a program does has an actor and what
//! it reads is on record like what a person reads.

use domain::{
    AgentId,
    agent::{ApiKey, Command, Rejection, command::NewApiKey},
};
use event_store::{Actor, Position};
use uuid::Uuid;

use super::{Accounts, metadata};
use crate::{error::CommandError, executor::Execution};

/// A key as a command left it.
#[derive(Debug, Clone)]
pub struct IssuedKey {
    /// Its id: the program is known by it.
    pub id: AgentId,
    /// How it is.
    pub key: ApiKey,
    /// Where the log stood.
    pub position: Position,
}

impl Accounts {
    /// Issues a key under an id that was made with it.
    ///
    /// # Errors
    /// The log did not take it.
    pub async fn issue_api_key(
        &self,
        id: AgentId,
        by: Actor,
        new: NewApiKey,
        correlation_id: Uuid,
    ) -> Result<IssuedKey, CommandError> {
        self.change_key(id, by, Command::IssueApiKey(Box::new(new)), correlation_id).await
    }

    /// Revokes a key.
    ///
    /// # Errors
    /// There is none of this id, or the log did not take it.
    pub async fn revoke_api_key(
        &self,
        id: AgentId,
        by: Actor,
        correlation_id: Uuid,
    ) -> Result<IssuedKey, CommandError> {
        self.change_key(id, by, Command::RevokeApiKey, correlation_id).await
    }

    async fn change_key(
        &self,
        id: AgentId,
        by: Actor,
        command: Command,
        correlation_id: Uuid,
    ) -> Result<IssuedKey, CommandError> {
        let metadata = metadata(self.log_id(), by, correlation_id);
        let (folded, position) = match self.execute(id, &metadata, command).await? {
            Execution::Done(done) => (done.state, done.position),
            Execution::Repeated(recorded) => (self.current(id).await?, recorded.position),
        };
        let key = folded.state.api_key().ok_or(Rejection::NoApiKey)?.clone();
        Ok(IssuedKey { id, key, position })
    }
}
