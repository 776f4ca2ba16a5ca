//! The store of wrapped data keys: `keys.db` or a separate database, so that its backups can have a short retention.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    event::time_text,
    sql::{Database, Row, SqlError, Transaction, Value},
    vault::VaultError,
};

/// A stored key.
#[derive(Clone, PartialEq, Eq)]
pub enum KeyRecord {
    /// Wrapped by the master key.
    Wrapped(Vec<u8>),
    /// Destroyed permanently.
    Destroyed,
}

/// Stores wrapped keys. Changes are on disk when a method returns.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// The key with this id, or its tombstone.
    async fn get(&self, key_id: &str) -> Result<Option<KeyRecord>, VaultError>;

    /// The keys, or tombstones, that exist for these ids, in any order.
    async fn get_many(&self, key_ids: &[Arc<str>]) -> Result<Vec<(Arc<str>, KeyRecord)>, VaultError>;

    /// Adds a key unless the id exists, and returns the stored record: `Destroyed` for an erased subject.
    async fn add(&self, key_id: &str, subject: Uuid, wrapped: Vec<u8>, now: Timestamp)
    -> Result<KeyRecord, VaultError>;

    /// Records that a subject gets no new keys, and returns the ids of those it has, in order.
    async fn close_subject(&self, subject: Uuid, now: Timestamp) -> Result<Vec<Arc<str>>, VaultError>;

    /// The subjects that get no new keys and whose keys are not destroyed yet.
    async fn unfinished_erasures(&self) -> Result<Vec<Uuid>, VaultError>;

    /// Destroys all keys of a subject and records that it gets no new ones. Returns the ids of its keys.
    async fn destroy_subject(&self, subject: Uuid, now: Timestamp) -> Result<Vec<Arc<str>>, VaultError>;

    /// Writes to disk what changes nothing, to learn whether writing works again after it has failed. Default: it does.
    async fn probe_write(&self) -> Result<(), VaultError> {
        Ok(())
    }
}

/// Keys in SQLite or PostgreSQL: tables of `migrations/*/vault`.
pub struct SqlKeys(Database);

impl SqlKeys {
    /// Keys in a database whose schema is up to date.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

impl From<SqlError> for VaultError {
    fn from(error: SqlError) -> Self {
        Self::Unavailable(Arc::new(error))
    }
}

const GET: &str = "select wrapped from data_key where key_id = $1";
/// Keys per query.
const MANY: usize = 64;
/// SQLite's placeholders have no numbers: the driver would look up the name of each.
static GET_MANY_SQLITE: LazyLock<String> = LazyLock::new(|| get_many_sql(|_| "?".to_owned()));
static GET_MANY_POSTGRES: LazyLock<String> = LazyLock::new(|| get_many_sql(|number| format!("${number}")));
const ADD: &str = "insert into data_key (key_id, subject, wrapped, created_at) values ($1, $2, $3, $4)
     on conflict (key_id) do nothing";
const IS_ERASED: &str = "select 1 from erased_subject where subject = $1";
const ERASE: &str = "insert into erased_subject (subject, erased_at) values ($1, $2) on conflict (subject) do nothing";
const DESTROY: &str =
    "update data_key set wrapped = null, destroyed_at = $2 where subject = $1 and wrapped is not null";
const KEYS_OF: &str = "select key_id from data_key where subject = $1 order by key_id";
const UNFINISHED: &str = "select distinct erased_subject.subject from erased_subject
     join data_key on data_key.subject = erased_subject.subject where data_key.wrapped is not null";

fn get_many_sql(placeholder: impl Fn(usize) -> String) -> String {
    let placeholders: Vec<String> = (1..=MANY).map(placeholder).collect();
    format!("select key_id, wrapped from data_key where key_id in ({})", placeholders.join(", "))
}

fn record(row: &Row, column: usize) -> Result<KeyRecord, SqlError> {
    Ok(row.optional_bytes(column)?.map_or(KeyRecord::Destroyed, KeyRecord::Wrapped))
}

#[async_trait]
impl KeyStore for SqlKeys {
    async fn get(&self, key_id: &str) -> Result<Option<KeyRecord>, VaultError> {
        let rows = self.0.fetch(GET, &[key_id.into()]).await?;
        Ok(rows.first().map(|row| record(row, 0)).transpose()?)
    }

    async fn get_many(&self, key_ids: &[Arc<str>]) -> Result<Vec<(Arc<str>, KeyRecord)>, VaultError> {
        let sql = match &self.0 {
            Database::Sqlite { .. } => &*GET_MANY_SQLITE,
            Database::Postgres(_) => &*GET_MANY_POSTGRES,
        };
        let mut found = Vec::with_capacity(key_ids.len());
        for asked in key_ids.chunks(MANY) {
            // A shorter chunk is padded with its last id, so that the statement is always the same.
            let last = asked.last().into_iter().cycle();
            let values: Vec<Value<'_>> = asked.iter().chain(last).take(MANY).map(|id| (&**id).into()).collect();
            for row in self.0.fetch(sql, &values).await? {
                found.push((row.text(0)?.into(), record(&row, 1)?));
            }
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
        let mut tx = self.0.begin().await?;
        lock_subject(&mut tx, subject).await?;
        if !tx.fetch(IS_ERASED, &[subject.into()]).await?.is_empty() {
            return Ok(KeyRecord::Destroyed);
        }
        let now = time_text(now);
        tx.execute(ADD, &[key_id.into(), subject.into(), (&*wrapped).into(), (&*now).into()]).await?;
        tx.commit().await?;
        self.get(key_id).await?.ok_or_else(|| VaultError::WrongMasterKey(key_id.into()))
    }

    async fn close_subject(&self, subject: Uuid, now: Timestamp) -> Result<Vec<Arc<str>>, VaultError> {
        let now = time_text(now);
        let mut tx = self.0.begin().await?;
        lock_subject(&mut tx, subject).await?;
        tx.execute(ERASE, &[subject.into(), (&*now).into()]).await?;
        let rows = tx.fetch(KEYS_OF, &[subject.into()]).await?;
        tx.commit().await?;
        rows.iter().map(|row| Ok(row.text(0)?.into())).collect()
    }

    async fn unfinished_erasures(&self) -> Result<Vec<Uuid>, VaultError> {
        let rows = self.0.fetch(UNFINISHED, &[]).await?;
        rows.iter().map(|row| Ok(row.uuid(0)?)).collect()
    }

    async fn destroy_subject(&self, subject: Uuid, now: Timestamp) -> Result<Vec<Arc<str>>, VaultError> {
        let now = time_text(now);
        let mut tx = self.0.begin().await?;
        lock_subject(&mut tx, subject).await?;
        tx.execute(ERASE, &[subject.into(), (&*now).into()]).await?;
        tx.execute(DESTROY, &[subject.into(), (&*now).into()]).await?;
        let rows = tx.fetch(KEYS_OF, &[subject.into()]).await?;
        tx.commit().await?;
        rows.iter().map(|row| Ok(row.text(0)?.into())).collect()
    }

    async fn probe_write(&self) -> Result<(), VaultError> {
        Ok(self.0.probe_write().await?)
    }
}

/// Prevents adding a key while its subject is being erased: PostgreSQL takes an advisory lock per subject, SQLite has only one
/// write transaction anyway.
async fn lock_subject(tx: &mut Transaction, subject: Uuid) -> Result<(), SqlError> {
    if !tx.is_postgres() {
        return Ok(());
    }
    let number = i64::from_be_bytes(subject.as_bytes()[..8].try_into().expect("a uuid has 16 bytes"));
    tx.fetch("select 1 from pg_advisory_xact_lock($1)", &[number.into()]).await.map(drop)
}

/// Keys in memory, for tests.
#[derive(Default)]
pub struct MemoryKeys(Mutex<KeyTable>);

#[derive(Default)]
struct KeyTable {
    keys: HashMap<String, (Uuid, KeyRecord)>,
    erased: Vec<Uuid>,
}

#[async_trait]
impl KeyStore for MemoryKeys {
    async fn get(&self, key_id: &str) -> Result<Option<KeyRecord>, VaultError> {
        let table = self.0.lock().expect("no code panics while it holds this lock");
        Ok(table.keys.get(key_id).map(|(_, record)| record.clone()))
    }

    async fn get_many(&self, key_ids: &[Arc<str>]) -> Result<Vec<(Arc<str>, KeyRecord)>, VaultError> {
        let table = self.0.lock().expect("no code panics while it holds this lock");
        let found = key_ids.iter().filter_map(|id| Some((id.clone(), table.keys.get(&**id)?.1.clone())));
        Ok(found.collect())
    }

    async fn add(
        &self,
        key_id: &str,
        subject: Uuid,
        wrapped: Vec<u8>,
        _now: Timestamp,
    ) -> Result<KeyRecord, VaultError> {
        let mut table = self.0.lock().expect("no code panics while it holds this lock");
        if table.erased.contains(&subject) {
            return Ok(KeyRecord::Destroyed);
        }
        let entry = table.keys.entry(key_id.to_owned()).or_insert((subject, KeyRecord::Wrapped(wrapped)));
        Ok(entry.1.clone())
    }

    async fn close_subject(&self, subject: Uuid, _now: Timestamp) -> Result<Vec<Arc<str>>, VaultError> {
        let mut table = self.0.lock().expect("no code panics while it holds this lock");
        table.erased.push(subject);
        let own = table.keys.iter().filter(|(_, (of, _))| *of == subject);
        let mut key_ids: Vec<Arc<str>> = own.map(|(key_id, _)| key_id.as_str().into()).collect();
        key_ids.sort();
        Ok(key_ids)
    }

    async fn unfinished_erasures(&self) -> Result<Vec<Uuid>, VaultError> {
        let table = self.0.lock().expect("no code panics while it holds this lock");
        let is_alive = |subject: &&Uuid| {
            table.keys.values().any(|(of, record)| of == *subject && matches!(record, KeyRecord::Wrapped(_)))
        };
        Ok(table.erased.iter().filter(is_alive).copied().collect())
    }

    async fn destroy_subject(&self, subject: Uuid, _now: Timestamp) -> Result<Vec<Arc<str>>, VaultError> {
        let mut table = self.0.lock().expect("no code panics while it holds this lock");
        table.erased.push(subject);
        let mut destroyed = Vec::new();
        for (key_id, (of, record)) in &mut table.keys {
            if *of == subject {
                *record = KeyRecord::Destroyed;
                destroyed.push(key_id.as_str().into());
            }
        }
        Ok(destroyed)
    }
}
