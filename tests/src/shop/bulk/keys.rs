//! The vault's keys, added by many at once: a transaction for each of them would take most of the time.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use event_store::{
    event::time_text,
    sql::{Database, SqlError, Value},
    vault::{KeyRecord, KeyStore, SqlKeys, VaultError},
};
use jiff::Timestamp;
use uuid::Uuid;

/// Keys of one insert statement.
const AT_ONCE: usize = 100;

/// Keys that are kept in a database, the newest of them not yet.
pub(super) struct BulkKeys {
    stored: SqlKeys,
    database: Database,
    hasher: RandomState,
    fresh: Mutex<Fresh>,
}

#[derive(Default)]
struct Fresh {
    /// By id.
    keys: HashMap<String, NewKey>,
    /// Hashes of all ids that were ever added: a key that is not among them need not be looked for. Two ids with one hash would
    /// only cost a look.
    known: HashSet<u64>,
}

struct NewKey {
    subject: Uuid,
    wrapped: Vec<u8>,
    created_at: String,
}

impl BulkKeys {
    pub(super) fn new(database: Database) -> Self {
        Self { stored: SqlKeys::new(database.clone()), database, hasher: RandomState::new(), fresh: Mutex::default() }
    }

    /// Brings every key into the database.
    pub(super) async fn flush(&self) -> Result<(), SqlError> {
        let fresh: Vec<(String, NewKey)> = std::mem::take(&mut self.lock().keys).into_iter().collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let mut tx = self.database.begin().await?;
        for keys in fresh.chunks(AT_ONCE) {
            let values: Vec<Value<'_>> = keys.iter().flat_map(values).collect();
            tx.execute(&insert_sql(keys.len()), &values).await?;
        }
        tx.commit().await
    }

    fn lock(&self) -> MutexGuard<'_, Fresh> {
        self.fresh.lock().expect("no code panics while it holds this lock")
    }
}

fn values((key_id, key): &(String, NewKey)) -> [Value<'_>; 4] {
    [key_id.as_str().into(), key.subject.into(), key.wrapped.as_slice().into(), key.created_at.as_str().into()]
}

fn insert_sql(rows: usize) -> String {
    let mut sql = "insert into data_key (key_id, subject, wrapped, created_at) values ".to_owned();
    for row in 0..rows {
        let separator = if row == 0 { "" } else { ", " };
        let first = 4 * row + 1;
        let _ = write!(sql, "{separator}(${first}, ${}, ${}, ${})", first + 1, first + 2, first + 3);
    }
    sql
}

#[async_trait]
impl KeyStore for BulkKeys {
    async fn get(&self, key_id: &str) -> Result<Option<KeyRecord>, VaultError> {
        {
            let fresh = self.lock();
            if !fresh.known.contains(&self.hasher.hash_one(key_id)) {
                return Ok(None);
            }
            if let Some(key) = fresh.keys.get(key_id) {
                return Ok(Some(KeyRecord::Wrapped(key.wrapped.clone())));
            }
        }
        self.stored.get(key_id).await
    }

    async fn get_many(&self, key_ids: &[Arc<str>]) -> Result<Vec<(Arc<str>, KeyRecord)>, VaultError> {
        let mut found = Vec::new();
        for key_id in key_ids {
            found.extend(self.get(key_id).await?.map(|record| (key_id.clone(), record)));
        }
        Ok(found)
    }

    async fn add(
        &self,
        key_id: &str,
        subject: Uuid,
        wrapped: Vec<u8>,
        now: Timestamp,
    ) -> Result<KeyRecord, VaultError> {
        let mut fresh = self.lock();
        fresh.known.insert(self.hasher.hash_one(key_id));
        let key = NewKey { subject, wrapped: wrapped.clone(), created_at: time_text(now) };
        fresh.keys.insert(key_id.to_owned(), key);
        Ok(KeyRecord::Wrapped(wrapped))
    }

    async fn close_subject(&self, subject: Uuid, now: Timestamp) -> Result<Vec<Arc<str>>, VaultError> {
        self.flush().await?;
        self.stored.close_subject(subject, now).await
    }

    async fn unfinished_erasures(&self) -> Result<Vec<Uuid>, VaultError> {
        self.stored.unfinished_erasures().await
    }

    async fn destroy_subject(&self, subject: Uuid, now: Timestamp) -> Result<Vec<Arc<str>>, VaultError> {
        self.flush().await?;
        self.stored.destroy_subject(subject, now).await
    }
}
