//! Accounts are made and changed: by an administrator, by their owner, or by the first start.

use std::{pin::pin, sync::Arc};

use domain::{
    AgentId, SignInId,
    agent::{
        Account, Command, Event, Rejection,
        command::{Changes, NewAccount},
        event::{PasswordHash, PasswordOrigin},
    },
    text::Username,
};
use event_store::{Actor, Position, StreamVersion};
use futures::StreamExt as _;
use jiff::Timestamp;
use journal::Decoded;
use uuid::Uuid;

use super::{Accounts, LoadedState, metadata, stream_of};
use crate::{error::CommandError, executor::Execution};

/// An account as a command left it.
#[derive(Debug, Clone)]
pub struct Managed {
    /// Its id.
    pub agent: AgentId,
    /// How it is.
    pub account: Account,
    /// Where the log stood.
    pub position: Position,
}

/// An account and how far it was read.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its id.
    pub agent: AgentId,
    /// How it is; `None` where there is none of this name.
    pub folded: Arc<LoadedState>,
}

impl Found {
    /// The account, if there is one.
    #[must_use]
    pub fn account(&self) -> Option<&Account> {
        self.folded.state.account()
    }
}

impl Accounts {
    /// When an account's password was set.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn password_set_at(&self, agent: AgentId) -> Result<Option<Timestamp>, CommandError> {
        let (stream, mut set_at) = (stream_of(agent), None);
        let mut pages = pin!(self.journal().read_stream(&stream, StreamVersion::NONE));
        while let Some(page) = pages.next().await {
            let page = page?;
            let is_set = |decoded: &&Decoded| matches!(decoded.event().agent(), Some((_, Event::PasswordSet(_))));
            set_at = page.iter().rev().find(is_set).map(|decoded| decoded.recorded().recorded_at).or(set_at);
        }
        Ok(set_at)
    }

    /// Makes an account, whose name is in NFC.
    ///
    /// # Errors
    /// There is one of this name, or the log did not take it.
    pub async fn create(&self, by: Actor, mut new: NewAccount, correlation_id: Uuid) -> Result<Managed, CommandError> {
        let agent = self.by_name(&new.username).await?.agent;
        new.username = new.username.composed();
        self.manage(agent, by, Command::Create(Box::new(new)), correlation_id).await
    }

    /// Changes an account.
    ///
    /// # Errors
    /// There is none, or the log did not take it.
    pub async fn change(
        &self,
        agent: AgentId,
        by: Actor,
        changes: Changes,
        correlation_id: Uuid,
    ) -> Result<Managed, CommandError> {
        self.manage(agent, by, Command::Change(Box::new(changes)), correlation_id).await
    }

    /// Lets it be used, or not.
    ///
    /// # Errors
    /// There is no such account, or the log did not take it.
    pub async fn set_active(
        &self,
        agent: AgentId,
        by: Actor,
        is_active: bool,
        correlation_id: Uuid,
    ) -> Result<Managed, CommandError> {
        let command = if is_active { Command::Reactivate } else { Command::Deactivate };
        self.manage(agent, by, command, correlation_id).await
    }

    /// Gives it another password; every sign-in but one is over then.
    ///
    /// # Errors
    /// There is no such account, or the log did not take it.
    pub async fn set_password(
        &self,
        agent: AgentId,
        by: Actor,
        hash: PasswordHash,
        keep: Option<SignInId>,
        correlation_id: Uuid,
    ) -> Result<Managed, CommandError> {
        let is_owner = by.kind() == "agent" && by.id() == agent.to_string();
        let chosen_by = if is_owner { PasswordOrigin::Owner } else { PasswordOrigin::Administrator };
        self.manage(agent, by, Command::SetPassword { hash, by: chosen_by, keep }, correlation_id).await
    }

    /// Looks an account up by what it signs in with: as it was sent, for accounts that are older than the rule, else in NFC.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn by_name(&self, username: &Username) -> Result<Found, CommandError> {
        let composed = username.composed();
        let agent = AgentId::of(self.log_id(), username);
        let found = Found { agent, folded: self.current(agent).await? };
        if found.account().is_some() || composed == *username {
            return Ok(found);
        }
        let agent = AgentId::of(self.log_id(), &composed);
        Ok(Found { agent, folded: self.current(agent).await? })
    }

    pub(super) async fn manage(
        &self,
        agent: AgentId,
        by: Actor,
        command: Command,
        correlation_id: Uuid,
    ) -> Result<Managed, CommandError> {
        let metadata = metadata(self.log_id(), by, correlation_id);
        let (folded, position) = match self.execute(agent, &metadata, command).await? {
            Execution::Done(done) => (done.state, done.position),
            Execution::Repeated(recorded) => (self.current(agent).await?, recorded.position),
        };
        let account = folded.state.account().ok_or(Rejection::NoAccount)?.clone();
        Ok(Managed { agent, account, position })
    }
}
