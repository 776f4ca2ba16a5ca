//! Copies the keys of one vault into another unchanged, wrapped by the same master key.
//!
//! Invariant: a key that is destroyed on either side is destroyed afterwards; no key is restored or replaced.

use uuid::Uuid;

use crate::sql::{Database, Row, SqlError, Transaction};

/// Keys in one transaction.
const KEYS_AT_ONCE: u64 = 500;

/// What was copied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MigratedKeys {
    /// Keys in the source, including destroyed ones.
    pub keys: u64,
    /// Keys that are destroyed in the target afterwards.
    pub destroyed: u64,
    /// Subjects that get no new keys.
    pub erased_subjects: u64,
}

/// Why keys could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum KeyMigrationError {
    /// A database did not answer.
    #[error(transparent)]
    Database(#[from] SqlError),
    /// The target has another key under this id: it is the vault of another log.
    #[error("the target has another key {0}: it is the vault of another log")]
    OtherKey(String),
}

/// A key as it is stored: wrapped by the master key, or destroyed.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its id.
    pub id: String,
    /// The person whose data it seals.
    pub subject: Uuid,
    /// The wrapped key; `None` once it is destroyed.
    pub wrapped: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: String,
    /// When it was destroyed.
    pub destroyed_at: Option<String>,
}

impl StoredKey {
    fn of(row: &Row) -> Result<Self, SqlError> {
        Ok(Self {
            id: row.text(0)?,
            subject: row.uuid(1)?,
            wrapped: row.optional_bytes(2)?,
            created_at: row.text(3)?,
            destroyed_at: row.optional_text(4)?,
        })
    }
}

/// A subject that gets no new keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredErasure {
    /// The person.
    pub subject: Uuid,
    /// Since when.
    pub erased_at: String,
}

const ERASED: &str = "select subject, erased_at from erased_subject order by subject";
const ERASE: &str = "insert into erased_subject (subject, erased_at) values ($1, $2) on conflict (subject) do nothing";
const KEYS: &str = "select key_id, subject, wrapped, created_at, destroyed_at from data_key
     where key_id > $1 order by key_id limit $2";
const KEY: &str = "select key_id, subject, wrapped, created_at, destroyed_at from data_key where key_id = $1";
const ADD: &str =
    "insert into data_key (key_id, subject, wrapped, created_at, destroyed_at) values ($1, $2, $3, $4, $5)
     on conflict (key_id) do nothing";
const FOUND: &str = "select wrapped from data_key where key_id = $1";
const IS_ERASED: &str = "select erased_at from erased_subject where subject = $1";
const DESTROYED: &str = "select count(*) from data_key where wrapped is null";
const DESTROY: &str = "update data_key set wrapped = null, destroyed_at = $2 where key_id = $1 and wrapped is not null";

/// Copies every key and every erasure of `from` into `to`, whose schema is up to date. May be repeated.
///
/// # Errors
/// A database does not answer, or the target is the vault of another log; what was copied by then stays.
pub async fn migrate_keys(from: &Database, to: &Database) -> Result<MigratedKeys, KeyMigrationError> {
    // Erasures come first, so that an erased subject gets no key.
    let erasures = read_erasures(from).await?;
    write_erasures(to, &erasures).await?;
    let mut moved = MigratedKeys { erased_subjects: erasures.len() as u64, ..MigratedKeys::default() };
    let mut after = String::new();
    loop {
        let keys = read_keys(from, &after, KEYS_AT_ONCE).await?;
        let Some(last) = keys.last() else { return Ok(moved) };
        after.clone_from(&last.id);
        moved.keys += keys.len() as u64;
        moved.destroyed += write_keys(to, keys).await?;
    }
}

/// Up to `limit` keys behind an id, by id.
///
/// # Errors
/// The database does not answer.
pub async fn read_keys(from: &Database, after: &str, limit: u64) -> Result<Vec<StoredKey>, SqlError> {
    from.fetch(KEYS, &[after.into(), limit.into()]).await?.iter().map(StoredKey::of).collect()
}

/// The key with this id; `None` if there is none.
///
/// # Errors
/// The database does not answer.
pub async fn read_key(from: &Database, id: &str) -> Result<Option<StoredKey>, SqlError> {
    from.fetch(KEY, &[id.into()]).await?.first().map(StoredKey::of).transpose()
}

/// How many keys are destroyed.
///
/// # Errors
/// The database does not answer.
pub async fn count_destroyed(vault: &Database) -> Result<u64, SqlError> {
    vault.fetch(DESTROYED, &[]).await?.first().map_or(Ok(0), |row| row.count(0))
}

/// Every subject that gets no new keys.
///
/// # Errors
/// The database does not answer.
pub async fn read_erasures(from: &Database) -> Result<Vec<StoredErasure>, SqlError> {
    let erasure = |row: &Row| Ok(StoredErasure { subject: row.uuid(0)?, erased_at: row.text(1)? });
    from.fetch(ERASED, &[]).await?.iter().map(erasure).collect()
}

/// Refuses these subjects new keys. May be repeated.
///
/// # Errors
/// The database does not answer.
pub async fn write_erasures(to: &Database, erasures: &[StoredErasure]) -> Result<(), SqlError> {
    let mut tx = to.begin().await?;
    for StoredErasure { subject, erased_at } in erasures {
        tx.execute(ERASE, &[(*subject).into(), (&**erased_at).into()]).await?;
    }
    tx.commit().await
}

/// Adds keys in one transaction, and returns how many of them are destroyed afterwards. May be repeated.
///
/// # Errors
/// The database does not answer, or has another key under one of the ids.
pub async fn write_keys(to: &Database, keys: Vec<StoredKey>) -> Result<u64, KeyMigrationError> {
    let (mut tx, mut destroyed) = (to.begin().await?, 0);
    for key in keys {
        destroyed += u64::from(copy_key(&mut tx, key).await?);
    }
    tx.commit().await?;
    Ok(destroyed)
}

/// Returns whether the key is destroyed in the target.
async fn copy_key(tx: &mut Transaction, mut key: StoredKey) -> Result<bool, KeyMigrationError> {
    let erased = tx.fetch(IS_ERASED, &[key.subject.into()]).await?.first().map(|row| row.text(0)).transpose()?;
    if let Some(erased_at) = key.destroyed_at.clone().or(erased) {
        (key.wrapped, key.destroyed_at) = (None, Some(erased_at));
    }
    let (id, wrapped, destroyed_at) = (&*key.id, key.wrapped.as_deref(), key.destroyed_at.as_deref());
    let values = [id.into(), key.subject.into(), wrapped.into(), (&*key.created_at).into(), destroyed_at.into()];
    tx.execute(ADD, &values).await?;
    if let Some(destroyed_at) = destroyed_at {
        tx.execute(DESTROY, &[id.into(), destroyed_at.into()]).await?;
    }
    let found = tx.fetch(FOUND, &[id.into()]).await?.first().map(|row| row.optional_bytes(0)).transpose()?.flatten();
    match (found, key.wrapped) {
        (None, _) => Ok(true),
        (Some(there), Some(copied)) if there == copied => Ok(false),
        (Some(_another), _) => Err(KeyMigrationError::OtherKey(key.id)),
    }
}
