//! Parts of the program for commands that run without the rest.
//!
//! Invariant: the data directory is locked for as long as one of them is open.

use std::sync::Arc;

use commands::Accounts;
use event_store::{Clock, EventStore, Log, Vault};

use super::{
    AnyError, clock,
    databases::{open_log, open_vault},
    lost_parts,
};
use crate::{data_dir::DataDir, settings::Settings};

/// The accounts alone, for a command that runs without the rest; the folder is locked for as long as it is held.
///
/// # Errors
/// Something cannot be used; the error says what, and what to do.
pub async fn open_accounts(settings: &Settings) -> Result<(Accounts, DataDir), AnyError> {
    let data_dir = DataDir::lock(&settings.data_dir)?;
    let (vault, _keys) = open_vault(settings, &data_dir).await?;
    let clock = clock(settings)?;
    let store = open_log(settings, clock.clone()).await?;
    let identity = store.identity().await?;
    Ok((Accounts::new(Log::new(store, vault).with_clock(clock), identity.log_id), data_dir))
}

/// Log and vault alone, for a command that runs without the rest; the folder is locked for as long as it is held.
///
/// # Errors
/// Something cannot be used; the error says what, and what to do.
pub async fn open_log_alone(
    settings: &Settings,
    clock: Arc<dyn Clock>,
) -> Result<(Arc<dyn EventStore>, Arc<Vault>, DataDir), AnyError> {
    let data_dir = DataDir::lock(&settings.data_dir)?;
    lost_parts::refuse(settings).await?;
    let (vault, _keys) = open_vault(settings, &data_dir).await?;
    Ok((open_log(settings, clock).await?, vault, data_dir))
}
