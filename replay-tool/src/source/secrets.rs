//! What a reader may see of personal parts: everything with the master key, otherwise only which of them are gone for good.
//!
//! A destroyed key leaves a tombstone that needs no master key to be read, so `[erased]` is said wherever the vault is.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use domain::PersonalText;
use event_store::{
    Opened, RecordedEvent,
    location::Location,
    sql::{Access, Database},
    vault::{KeyRecord, KeyStore, MasterKey, SqlKeys, Vault, VaultError},
};

use super::{args::StoreArgs, immutable_check::ImmutableCheck};
use crate::failure::Failure;

/// Connections to a vault on a server.
const CONNECTIONS: u32 = 2;

pub(super) enum Secrets {
    /// Neither master key nor vault.
    None,
    /// No master key, but the vault's tombstones.
    Tombstones(Tombstones),
    /// Both.
    Keys(Arc<Vault>),
}

impl Secrets {
    pub(super) async fn open(beside: Option<&Location>, wanted: &StoreArgs, live: bool) -> Result<Self, Failure> {
        let needed = wanted.master_key.is_some() || wanted.vault.is_some();
        let at = match (&wanted.vault, beside) {
            (Some(vault), _) => Location::parse(vault, "keys.db").map_err(Failure::Location)?,
            (None, Some(Location::Sqlite(path))) => Location::Sqlite(path.with_file_name("keys.db")),
            (None, Some(place)) => place.clone(),
            (None, None) if needed => return Err(Failure::WhereIsTheVault),
            (None, None) => return Ok(Self::None),
        };
        let keys = match open_keys(&at, live).await {
            Ok(keys) => keys,
            Err(failure) if needed => return Err(failure),
            Err(_without_vault) => return Ok(Self::None),
        };
        Ok(match &wanted.master_key {
            Some(file) => Self::Keys(Arc::new(Vault::new(keys, MasterKey::read(file)?))),
            None => Self::Tombstones(Tombstones { keys, known: Mutex::default() }),
        })
    }

    pub(super) fn opens_personal_parts(&self) -> bool {
        matches!(self, Self::Keys(_))
    }

    /// The vault with its keys, where there is a master key.
    pub(super) fn vault(&self) -> Option<Arc<Vault>> {
        match self {
            Self::Keys(vault) => Some(vault.clone()),
            Self::None | Self::Tombstones(_) => None,
        }
    }

    pub(super) async fn personal(&self, recorded: &RecordedEvent) -> Result<PersonalText, Failure> {
        let Some(key_id) = &recorded.event.key_id else { return Ok(PersonalText::Absent) };
        let failed = |source| Failure::Personal { position: recorded.position, source };
        match self {
            Self::None => Ok(PersonalText::Sealed),
            Self::Tombstones(tombstones) => match tombstones.is_destroyed(key_id).await.map_err(failed)? {
                true => Ok(PersonalText::Erased),
                false => Ok(PersonalText::Sealed),
            },
            Self::Keys(vault) => Ok(match vault.open(recorded).await.map_err(failed)? {
                Opened::Nothing => PersonalText::Absent,
                Opened::Known(text) => PersonalText::Known(text),
                Opened::Erased => PersonalText::Erased,
            }),
        }
    }
}

/// Asks for each key once.
pub(super) struct Tombstones {
    keys: Arc<dyn KeyStore>,
    known: Mutex<HashMap<Arc<str>, bool>>,
}

impl Tombstones {
    async fn is_destroyed(&self, key_id: &Arc<str>) -> Result<bool, VaultError> {
        let known = self.known.lock().expect("no code panics while it holds this lock").get(key_id).copied();
        if let Some(destroyed) = known {
            return Ok(destroyed);
        }
        let destroyed = self.keys.get(key_id).await? == Some(KeyRecord::Destroyed);
        self.known.lock().expect("no code panics while it holds this lock").insert(key_id.clone(), destroyed);
        Ok(destroyed)
    }
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
