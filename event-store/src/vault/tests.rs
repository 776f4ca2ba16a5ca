//! Which queries opening costs.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;

use super::*;
use crate::{
    event::{StreamName, StreamVersion},
    samples::event,
};

/// Keys in memory that count the queries for single ones.
#[derive(Default)]
struct CountingKeys {
    keys: MemoryKeys,
    queries: AtomicUsize,
}

#[async_trait]
impl KeyStore for CountingKeys {
    async fn get(&self, key_id: &str) -> Result<Option<KeyRecord>, VaultError> {
        self.queries.fetch_add(1, Ordering::Relaxed);
        self.keys.get(key_id).await
    }

    async fn get_many(&self, key_ids: &[Arc<str>]) -> Result<Vec<(Arc<str>, KeyRecord)>, VaultError> {
        self.keys.get_many(key_ids).await
    }

    async fn add(&self, id: &str, subject: Uuid, wrapped: Vec<u8>, now: Timestamp) -> Result<KeyRecord, VaultError> {
        self.keys.add(id, subject, wrapped, now).await
    }

    async fn close_subject(&self, subject: Uuid, now: Timestamp) -> Result<Vec<Arc<str>>, VaultError> {
        self.keys.close_subject(subject, now).await
    }

    async fn unfinished_erasures(&self) -> Result<Vec<Uuid>, VaultError> {
        self.keys.unfinished_erasures().await
    }

    async fn destroy_subject(&self, subject: Uuid, now: Timestamp) -> Result<Vec<Arc<str>>, VaultError> {
        self.keys.destroy_subject(subject, now).await
    }
}

fn vault(keys: &Arc<CountingKeys>, entries: u64) -> Vault {
    let master = MasterKey::parse(&"ab".repeat(32)).unwrap();
    Vault::with_capacity(keys.clone(), master, entries)
}

async fn sealed(vault: &Vault) -> RecordedEvent {
    let mut event = event();
    let part = PersonalPart { subject: Uuid::new_v4(), class: KeyClass::Message, json: "{}".into() };
    vault.seal(&mut event, &part, Timestamp::UNIX_EPOCH).await.unwrap();
    RecordedEvent {
        position: Position(1),
        stream: StreamName::of("session", Uuid::nil()),
        version: StreamVersion(1),
        recorded_at: Timestamp::UNIX_EPOCH,
        event,
        prev_hash: [0; 32],
        hash: [0; 32],
    }
}

#[tokio::test]
async fn fetched_keys_open_their_events_without_further_queries_even_if_memory_is_full_of_keys_in_use() {
    let keys = Arc::new(CountingKeys::default());
    let mut events = Vec::new();
    for _ in 0..300 {
        events.push(sealed(&vault(&keys, 1)).await);
    }
    let (in_use, batches) = events.split_at(100);
    let vault = vault(&keys, 100);
    for _ in 0..20 {
        for event in in_use {
            vault.open(event).await.unwrap();
        }
    }
    vault.unwrapped.run_pending_tasks().await;
    keys.queries.store(0, Ordering::Relaxed);
    for batch in batches.chunks(50) {
        vault.fetch_keys(batch.iter()).await.unwrap();
        vault.unwrapped.run_pending_tasks().await;
        for event in batch {
            assert_eq!(vault.open(event).await.unwrap(), Unsealed::Known("{}".into()));
        }
    }
    assert_eq!(keys.queries.load(Ordering::Relaxed), 0);
}
