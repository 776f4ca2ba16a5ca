//! The vault: data keys per subject, class of data and month, wrapped by a master key, and the sealing of personal parts with
//! them. Destroying the keys erases a person's data without rewriting the log.
//!
//! Invariants: a new key is on disk before it seals anything; a destroyed key never comes back (its row stays as a tombstone, and
//! an erased subject gets no new keys); `Erased` is only returned where there is a tombstone.

pub mod key_migration;
pub mod keys;
pub mod master;
pub mod row;
pub mod seal;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use moka::{future::Cache, policy::EvictionPolicy};
use uuid::Uuid;

pub use keys::{KeyRecord, KeyStore, MemoryKeys, SqlKeys};
pub use master::{MasterKey, MasterKeyError};
pub use row::SealedRow;

use crate::{
    event::{Position, RecordedEvent, SealedEvent},
    vault::seal::DataKey,
};

/// How long an unwrapped key stays in memory. An erasure made by another node takes effect within this time.
const KEY_CACHE: Duration = Duration::from_secs(60);
/// Unwrapped keys in memory: about 10 MB, 0.8 kB each with the keys derived from it.
const KEY_CACHE_ENTRIES: u64 = 10_000;

/// The class of personal data that a key seals; retention is set per class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyClass {
    /// Messages of customers, agents and assistants.
    Message,
    /// Names, addresses, names of sessions.
    Contact,
    /// Notes of staff about a customer.
    Note,
    /// Personal data of staff.
    Staff,
}

impl KeyClass {
    /// The name used in key ids.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Contact => "contact",
            Self::Note => "note",
            Self::Staff => "staff",
        }
    }
}

/// The personal part of an event before it is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalPart {
    /// The person whose data it is.
    pub subject: Uuid,
    /// The class of key that seals it.
    pub class: KeyClass,
    /// JSON text.
    pub json: String,
}

/// The id of a data key: `<subject>/<class>/<yyyy-mm>`, the month in UTC.
#[must_use]
pub fn key_id(subject: Uuid, class: KeyClass, at: Timestamp) -> Arc<str> {
    let day = at.to_zoned(TimeZone::UTC);
    format!("{subject}/{}/{:04}-{:02}", class.as_str(), day.year(), day.month()).into()
}

/// The result of opening a sealed part.
#[derive(Clone, PartialEq, Eq)]
pub enum Unsealed {
    /// The event has no personal part.
    Nothing,
    /// The JSON text.
    Known(String),
    /// Its key was destroyed.
    Erased,
}

impl fmt::Debug for Unsealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Known(_) => "Known(…)",
            Self::Erased => "Erased",
        })
    }
}

/// Why a part could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key store cannot be reached, or is full.
    #[error("the vault is unavailable")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The subject was erased; no personal data about it is recorded any more.
    #[error("the keys of subject {0} were destroyed")]
    SubjectErased(Uuid),
    /// The vault has neither the key of an event nor a tombstone for it.
    #[error("key {key_id} of the event at position {position} is missing from the vault")]
    KeyMissing {
        /// Position of the event.
        position: Position,
        /// Id of the key.
        key_id: Arc<str>,
    },
    /// The key exists but is not wrapped by this master key.
    #[error("key {0} cannot be unwrapped: wrong master key, or the vault is damaged")]
    WrongMasterKey(Arc<str>),
    /// The sealed bytes belong to another event, or were changed.
    #[error("the personal part of the event at position {0} is damaged")]
    Damaged(Position),
}

/// Seals and opens personal parts.
pub struct Vault {
    keys: Arc<dyn KeyStore>,
    master: MasterKey,
    unwrapped: Cache<Arc<str>, Arc<DataKey>>,
}

impl Vault {
    /// A vault over stored keys.
    #[must_use]
    pub fn new(keys: Arc<dyn KeyStore>, master: MasterKey) -> Self {
        Self::with_capacity(keys, master, KEY_CACHE_ENTRIES)
    }

    fn with_capacity(keys: Arc<dyn KeyStore>, master: MasterKey, entries: u64) -> Self {
        let unwrapped = Cache::builder()
            .max_capacity(entries)
            .time_to_live(KEY_CACHE)
            // The default policy refuses new keys while old ones have been used more often, so that keys which were fetched
            // for a batch would be gone before the batch is opened.
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { keys, master, unwrapped }
    }

    /// A vault in memory, for tests.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(Arc::new(MemoryKeys::default()), MasterKey::generate())
    }

    /// Fills in subject, key and sealed bytes of an event.
    ///
    /// # Errors
    /// The subject was erased, or the key store is unavailable.
    pub async fn seal(&self, event: &mut SealedEvent, part: &PersonalPart, now: Timestamp) -> Result<(), VaultError> {
        let key_id = key_id(part.subject, part.class, now);
        let key = self.key_for_sealing(part, &key_id, now).await?;
        let sealed = seal::seal(&key, &seal::binding(event, &key_id), part.json.as_bytes());
        event.subject = Some(part.subject);
        event.key_id = Some(key_id);
        event.personal = Some(sealed.into());
        Ok(())
    }

    /// Opens the sealed part of a recorded event.
    ///
    /// # Errors
    /// The key is missing without a tombstone, the master key is wrong, or the bytes are damaged.
    pub async fn open(&self, recorded: &RecordedEvent) -> Result<Unsealed, VaultError> {
        let (Some(key_id), Some(sealed)) = (&recorded.event.key_id, &recorded.event.personal) else {
            return Ok(Unsealed::Nothing);
        };
        let Some(key) = self.stored_key(key_id, recorded.position).await? else {
            return Ok(Unsealed::Erased);
        };
        let plain = seal::open(&key, &seal::binding(&recorded.event, key_id), sealed);
        let text = plain.and_then(|bytes| String::from_utf8(bytes).ok());
        text.map(Unsealed::Known).ok_or(VaultError::Damaged(recorded.position))
    }

    /// Fetches the keys of many events at once, so that opening them needs no query per event.
    ///
    /// # Errors
    /// The key store is unavailable, or the master key is wrong.
    pub async fn fetch_keys(&self, events: impl Iterator<Item = &RecordedEvent>) -> Result<(), VaultError> {
        let missing = events.filter_map(|event| event.event.key_id.clone());
        let missing: BTreeSet<Arc<str>> = missing.filter(|key_id| !self.unwrapped.contains_key(key_id)).collect();
        let missing: Vec<Arc<str>> = missing.into_iter().collect();
        for (key_id, record) in self.keys.get_many(&missing).await? {
            if let KeyRecord::Wrapped(wrapped) = record {
                self.unwrap(&key_id, &wrapped).await?;
            }
        }
        Ok(())
    }

    /// Whether the key of a recorded event has been destroyed; queries the key store, not the cache.
    ///
    /// # Errors
    /// The key store is unavailable.
    pub async fn is_erased(&self, recorded: &RecordedEvent) -> Result<bool, VaultError> {
        let Some(key_id) = &recorded.event.key_id else { return Ok(false) };
        Ok(self.keys.get(key_id).await? == Some(KeyRecord::Destroyed))
    }

    /// Whether a stored event seals exactly this part; also true if its key is destroyed, since nobody can tell then.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn sealed_the_same(&self, stored: &SealedEvent, part: Option<&PersonalPart>) -> Result<bool, VaultError> {
        let (Some(key_id), Some(sealed), Some(part)) = (&stored.key_id, &stored.personal, part) else {
            return Ok(stored.key_id.is_none() && part.is_none());
        };
        let Some(key) = self.stored_key(key_id, Position::START).await? else {
            return Ok(true);
        };
        Ok(seal::holds(&key, sealed, part.json.as_bytes()))
    }

    /// Refuses a subject new keys from now on, and returns the ids of those it has: the first half of an erasure, so that the log
    /// can name every key before [`Self::erase_subject`] destroys them.
    ///
    /// # Errors
    /// The key store is unavailable.
    pub async fn close_subject(&self, subject: Uuid, now: Timestamp) -> Result<Vec<Arc<str>>, VaultError> {
        let key_ids = self.keys.close_subject(subject, now).await?;
        for key_id in &key_ids {
            self.unwrapped.invalidate(key_id).await;
        }
        Ok(key_ids)
    }

    /// The subjects whose erasure was begun and not finished.
    ///
    /// # Errors
    /// The key store is unavailable.
    pub async fn unfinished_erasures(&self) -> Result<Vec<Uuid>, VaultError> {
        self.keys.unfinished_erasures().await
    }

    /// Destroys every key of a subject permanently, and refuses it new ones.
    ///
    /// # Errors
    /// The key store is unavailable; nothing was destroyed.
    pub async fn erase_subject(&self, subject: Uuid, now: Timestamp) -> Result<(), VaultError> {
        let destroyed = self.keys.destroy_subject(subject, now).await?;
        for key_id in destroyed {
            self.unwrapped.invalidate(&key_id).await;
        }
        Ok(())
    }

    /// Writes to disk what changes nothing, to learn whether keys can be stored again.
    ///
    /// # Errors
    /// The key store cannot be written.
    pub async fn probe_write(&self) -> Result<(), VaultError> {
        self.keys.probe_write().await
    }

    async fn key_for_sealing(
        &self,
        part: &PersonalPart,
        key_id: &Arc<str>,
        now: Timestamp,
    ) -> Result<Arc<DataKey>, VaultError> {
        if let Some(key) = self.unwrapped.get(key_id).await {
            return Ok(key);
        }
        let record = match self.keys.get(key_id).await? {
            Some(record) => record,
            None => {
                let wrapped = self.master.wrap(&DataKey::generate(), key_id);
                self.keys.add(key_id, part.subject, wrapped, now).await?
            }
        };
        match record {
            KeyRecord::Destroyed => Err(VaultError::SubjectErased(part.subject)),
            KeyRecord::Wrapped(wrapped) => self.unwrap(key_id, &wrapped).await,
        }
    }

    /// `None` when the key was destroyed.
    async fn stored_key(&self, key_id: &Arc<str>, position: Position) -> Result<Option<Arc<DataKey>>, VaultError> {
        if let Some(key) = self.unwrapped.get(key_id).await {
            return Ok(Some(key));
        }
        match self.keys.get(key_id).await? {
            None => Err(VaultError::KeyMissing { position, key_id: key_id.clone() }),
            Some(KeyRecord::Destroyed) => Ok(None),
            Some(KeyRecord::Wrapped(wrapped)) => self.unwrap(key_id, &wrapped).await.map(Some),
        }
    }

    async fn unwrap(&self, key_id: &Arc<str>, wrapped: &[u8]) -> Result<Arc<DataKey>, VaultError> {
        let key = self.master.unwrap(wrapped, key_id).ok_or_else(|| VaultError::WrongMasterKey(key_id.clone()))?;
        let key = Arc::new(key);
        self.unwrapped.insert(key_id.clone(), key.clone()).await;
        Ok(key)
    }
}
