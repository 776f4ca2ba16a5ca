//! The vault and the master key, as far as they are available.
//!
//! A destroyed key leaves a tombstone that can be read without the master key, so erased parts
//! are recognised with the vault alone.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use event_store::{
    EventReader,
    location::Location,
    sql::{Access, Database},
    vault::{KeyStore, MasterKey, SqlKeys, Vault},
};
use journal::Journal;

use super::{args::StoreArgs, immutable_check::ImmutableCheck};
use crate::{
    erasures::Tombstones,
    failure::{Failure, with_causes},
};

/// Connections to a vault on a server.
const CONNECTIONS: u32 = 2;

pub(super) enum Secrets {
    /// Neither master key nor vault.
    None,
    /// The vault without the master key.
    Tombstones(Arc<dyn KeyStore>),
    /// Both.
    Vault(Arc<Vault>, Arc<dyn KeyStore>),
}

impl Secrets {
    pub(super) async fn open(beside: Option<&Location>, wanted: &StoreArgs, live: bool) -> Result<Self, Failure> {
        let needed = wanted.master_key.is_some() || wanted.vault.is_some();
        let at = match place_of_vault(beside, wanted)? {
            Some(at) => at,
            None if needed => return Err(Failure::WhereIsTheVault),
            None => return Ok(Self::None),
        };
        let keys = match open_keys(&at, live).await {
            Ok(keys) => keys,
            Err(failure) if needed => return Err(failure),
            Err(_without_vault) => return Ok(Self::None),
        };
        Ok(match &wanted.master_key {
            Some(file) => Self::Vault(Arc::new(Vault::new(keys.clone(), MasterKey::read(file)?)), keys),
            None => Self::Tombstones(keys),
        })
    }

    /// The vault, if there is a master key.
    pub(super) fn vault(&self) -> Option<Arc<Vault>> {
        match self {
            Self::Vault(vault, _) => Some(vault.clone()),
            Self::None | Self::Tombstones(_) => None,
        }
    }

    /// The vault as far as it can be read without the master key; why not, if not.
    pub(super) async fn open_tombstones(beside: Option<&Location>, wanted: &StoreArgs) -> Tombstones {
        let opened = match place_of_vault(beside, wanted) {
            Ok(Some(at)) => open_keys(&at, false).await,
            Ok(None) => Err(Failure::WhereIsTheVault),
            Err(failure) => Err(failure),
        };
        opened.map_or_else(|failure| Tombstones::None(with_causes(&failure)), Tombstones::Vault)
    }

    /// The same of what was opened.
    pub(super) fn tombstones(&self) -> Tombstones {
        match self {
            Self::None => Tombstones::None("there is no vault".to_owned()),
            Self::Tombstones(keys) | Self::Vault(_, keys) => Tombstones::Vault(keys.clone()),
        }
    }

    /// Reads a log with these secrets.
    pub(super) fn journal(self, reader: Arc<dyn EventReader>) -> Journal {
        match self {
            Self::None => Journal::sealed(reader),
            Self::Tombstones(keys) => Journal::with_tombstones(reader, keys),
            Self::Vault(vault, _) => Journal::new(reader, vault),
        }
    }
}

fn place_of_vault(beside: Option<&Location>, wanted: &StoreArgs) -> Result<Option<Location>, Failure> {
    Ok(match (&wanted.vault, beside) {
        (Some(vault), _) => Some(Location::parse(vault, "keys.db").map_err(Failure::Location)?),
        (None, Some(Location::Sqlite(path))) => Some(Location::Sqlite(path.with_file_name("keys.db"))),
        (None, beside) => beside.cloned(),
    })
}

async fn open_keys(at: &Location, live: bool) -> Result<Arc<dyn KeyStore>, Failure> {
    let opened = match at {
        Location::Sqlite(path) => Database::sqlite(path, access(path, live)?).await,
        Location::Postgres(url) => Database::postgres(url, "vault", CONNECTIONS).await,
        Location::Kurrent(_) => return Err(Failure::HoldsOnlyTheLog(at.to_string())),
    };
    let failed = |source| Failure::OpenVault { at: at.to_string(), source };
    let database = opened.map_err(failed)?;
    database.fetch("select 1 from data_key limit 1", &[]).await.map_err(failed)?;
    Ok(Arc::new(SqlKeys::new(database)))
}

fn access(path: &Path, live: bool) -> Result<Access, Failure> {
    if !path.is_file() {
        return Err(Failure::NoVault(PathBuf::from(path)));
    }
    Ok(if !live && ImmutableCheck::of(path).is_some() { Access::Immutable } else { Access::ReadOnly })
}
