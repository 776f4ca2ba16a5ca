//! Why a command did not happen.

use std::sync::Arc;

use domain::{
    agent, customer,
    session::Rejection,
    settings::{self, DocumentError},
};
use event_store::{AppendError, ReadError, log::LogError, vault::VaultError};
use journal::JournalError;

/// A rule said no, the key was used before, or the log did not take it.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A rule said no.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// A rule of accounts said no.
    #[error(transparent)]
    Account(#[from] agent::Rejection),
    /// A rule of customers said no.
    #[error(transparent)]
    Customer(#[from] customer::Rejection),
    /// A rule of settings said no.
    #[error(transparent)]
    Settings(#[from] settings::Rejection),
    /// A settings document is not right.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The same idempotency key came with other content before.
    #[error("the idempotency key was used with other content")]
    KeyReused,
    /// Others changed the stream faster than we could decide, for 2 s in which the log answered.
    #[error("it changes too fast")]
    Contention,
    /// The customer was erased: nothing more is recorded about it.
    #[error("the customer was erased")]
    Erased,
    /// Log or vault cannot be reached. Whether the command happened is not known; repeating it is safe with a key.
    #[error("the event log is unavailable")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The stream's history cannot be read: an operator has to look.
    #[error("the history is unreadable")]
    Unreadable(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl CommandError {
    /// Whether the same command may well be taken a little later.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Contention)
    }

    /// Whether no command to this stream can be decided until an operator has looked.
    pub(crate) fn is_unreadable(&self) -> bool {
        matches!(self, Self::Unreadable(_))
    }
}

impl From<JournalError> for CommandError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Read(error) => error.into(),
            JournalError::Vault(error) => error.into(),
            JournalError::Unreadable(_) | JournalError::Missing { .. } => Self::Unreadable(Arc::new(error)),
        }
    }
}

impl From<ReadError> for CommandError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Unavailable(source) => Self::Unavailable(source),
            ReadError::Gap { .. } | ReadError::Damaged { .. } => Self::Unreadable(Arc::new(error)),
        }
    }
}

impl From<VaultError> for CommandError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Unavailable(source) => Self::Unavailable(source),
            VaultError::SubjectErased(_) => Self::Erased,
            VaultError::KeyMissing { .. } | VaultError::WrongMasterKey(_) | VaultError::Damaged(_) => {
                Self::Unreadable(Arc::new(error))
            }
        }
    }
}

impl From<LogError> for CommandError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Read(error) => error.into(),
            LogError::Vault(error) => error.into(),
            LogError::Append(AppendError::Unavailable(source)) => Self::Unavailable(source),
            LogError::AnotherStreams | LogError::Append(AppendError::DifferentContent { .. }) => Self::KeyReused,
            LogError::Append(AppendError::WrongExpectedVersion { .. }) => Self::Contention,
            LogError::Append(refused @ AppendError::Refused(_)) => Self::Unreadable(Arc::new(refused)),
        }
    }
}
