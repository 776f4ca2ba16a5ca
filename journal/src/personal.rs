//! What a reader may see of personal parts: all of them with the master key, otherwise only which of them are erased.
//!
//! A destroyed key leaves a tombstone that can be read without the master key.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
};

use domain::PersonalText;
use event_store::{
    RecordedEvent, Unsealed, Vault,
    vault::{KeyRecord, KeyStore, VaultError},
};

/// Opens personal parts as far as the reader may.
#[derive(Clone)]
pub(crate) enum PersonalAccess {
    /// With the master key.
    Vault(Arc<Vault>),
    /// Without the master key, but with the vault's tombstones.
    Tombstones(Arc<Tombstones>),
    /// Without the vault.
    Sealed,
}

impl PersonalAccess {
    pub(crate) fn tombstones(keys: Arc<dyn KeyStore>) -> Self {
        Self::Tombstones(Arc::new(Tombstones { keys, destroyed: Mutex::default() }))
    }

    /// The personal part of an event.
    pub(crate) async fn personal(&self, recorded: &RecordedEvent) -> Result<PersonalText, VaultError> {
        let (Some(key_id), Some(_)) = (&recorded.event.key_id, &recorded.event.personal) else {
            return Ok(PersonalText::Absent);
        };
        match self {
            Self::Vault(vault) => Ok(personal_text(vault.open(recorded).await?)),
            Self::Tombstones(tombstones) if tombstones.has(key_id).await? => Ok(PersonalText::Erased),
            Self::Tombstones(_) | Self::Sealed => Ok(PersonalText::Sealed),
        }
    }
}

/// The tombstones of a vault; each key is looked up once.
pub(crate) struct Tombstones {
    keys: Arc<dyn KeyStore>,
    destroyed: Mutex<HashMap<Arc<str>, bool>>,
}

impl Tombstones {
    async fn has(&self, key_id: &Arc<str>) -> Result<bool, VaultError> {
        let known = self.destroyed().get(key_id).copied();
        if let Some(is_destroyed) = known {
            return Ok(is_destroyed);
        }
        let is_destroyed = self.keys.get(key_id).await? == Some(KeyRecord::Destroyed);
        self.destroyed().insert(key_id.clone(), is_destroyed);
        Ok(is_destroyed)
    }

    fn destroyed(&self) -> MutexGuard<'_, HashMap<Arc<str>, bool>> {
        self.destroyed.lock().expect("no code panics while it holds this lock")
    }
}

/// The result of the vault in the form that decoding takes.
#[must_use]
pub fn personal_text(unsealed: Unsealed) -> PersonalText {
    match unsealed {
        Unsealed::Nothing => PersonalText::Absent,
        Unsealed::Known(text) => PersonalText::Known(text),
        Unsealed::Erased => PersonalText::Erased,
    }
}
