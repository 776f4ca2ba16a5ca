//! Erasures on record: the keys that the log says were destroyed, compared with those that the vault has destroyed.
//!
//! Invariant: a destroyed key counts as erased only if an event says so, and that event was recorded for its own subject.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use domain::{DomainEvent, agent, customer};
use event_store::{
    EventReader, Position, RecordedEvent, StreamName, StreamVersion,
    pages::stream_pages,
    vault::{KeyRecord, KeyStore, VaultError},
    verify::{FirstFlaw, Flaw},
};
use futures::StreamExt as _;
use journal::Decoded;
use uuid::Uuid;

use crate::failure::Failure;

/// Printed in place of a text whose key is gone without a reason on record.
pub const WITHOUT_RECORD: &str = "[key destroyed without an erasure on record]";
/// Keys looked up at a time.
const AT_ONCE: usize = 1024;

/// The vault, as far as it can be read without the master key.
pub enum Tombstones {
    /// It can be asked.
    Vault(Arc<dyn KeyStore>),
    /// Why not.
    None(String),
}

/// The keys that events were sealed with, and those whose destruction is on record.
#[derive(Default)]
pub struct Erasures {
    /// Each key's first event.
    used: HashMap<Arc<str>, Position>,
    recorded: HashSet<String>,
}

impl Erasures {
    /// Takes the next event of the log.
    pub fn add(&mut self, event: &Arc<RecordedEvent>) {
        if let (Some(key_id), Some(_)) = (&event.event.key_id, &event.event.personal) {
            self.used.entry(key_id.clone()).or_insert(event.position);
        }
        self.recorded.extend(destroyed_by(event));
    }

    /// The first event whose key is destroyed without a record of it, or is in the vault neither as a key nor as a tombstone.
    ///
    /// # Errors
    /// The vault cannot be read.
    pub async fn unrecorded(&self, keys: &dyn KeyStore) -> Result<Option<FirstFlaw>, VaultError> {
        let used: Vec<Arc<str>> =
            self.used.keys().filter(|key_id| !self.recorded.contains(&***key_id)).cloned().collect();
        let mut alive = HashSet::new();
        let mut destroyed = HashSet::new();
        for key_ids in used.chunks(AT_ONCE) {
            for (key_id, record) in keys.get_many(key_ids).await? {
                match record {
                    KeyRecord::Wrapped(_) => alive.insert(key_id),
                    KeyRecord::Destroyed => destroyed.insert(key_id),
                };
            }
        }
        let gone = used.iter().filter(|key_id| !alive.contains(*key_id)).map(|key_id| (self.used[key_id], key_id));
        Ok(gone.min().map(|(position, key_id)| {
            let key = key_id.to_string();
            let is_destroyed = destroyed.contains(key_id);
            let flaw =
                if is_destroyed { Flaw::ErasedWithoutRecord { key_id: key } } else { Flaw::KeyMissing { key_id: key } };
            FirstFlaw { from: position, to: position, flaw }
        }))
    }

    /// What was compared.
    #[must_use]
    pub fn summary(&self) -> String {
        format!(
            "checked: {} keys seal personal parts, {} are destroyed on record",
            self.used.len(),
            self.recorded.len()
        )
    }
}

/// The keys that an event says were destroyed.
fn destroyed_by(recorded: &Arc<RecordedEvent>) -> Vec<String> {
    if !recorded.event.event_type.ends_with(".data_erased") {
        return Vec::new();
    }
    let Ok(decoded) = Decoded::decode(recorded.clone()) else { return Vec::new() };
    let (subject, key_ids) = match decoded.event() {
        DomainEvent::Customer(of, customer::Event::DataErased(erased)) => (of.0, &erased.key_ids),
        DomainEvent::Agent(of, agent::Event::DataErased(erased)) => (of.0, &erased.key_ids),
        _of_something_else => return Vec::new(),
    };
    let own = format!("{subject}/");
    key_ids.iter().filter(|key_id| key_id.starts_with(&own)).cloned().collect()
}

/// Whether destroyed keys are on record, looked up in their subjects' streams, each once.
#[derive(Default)]
pub struct ErasureRecords(Mutex<HashMap<Uuid, Arc<HashSet<String>>>>);

impl ErasureRecords {
    /// Whether the log records that the key of an event was destroyed.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn has(&self, reader: &dyn EventReader, recorded: &RecordedEvent) -> Result<bool, Failure> {
        let (Some(key_id), Some(subject)) = (&recorded.event.key_id, recorded.event.subject) else { return Ok(false) };
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&subject).cloned();
        let of_subject = match known {
            Some(known) => known,
            None => Arc::new(read(reader, subject).await?),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(subject, of_subject.clone());
        Ok(of_subject.contains(&**key_id))
    }
}

async fn read(reader: &dyn EventReader, subject: Uuid) -> Result<HashSet<String>, Failure> {
    let mut destroyed = HashSet::new();
    for category in ["customer", "agent"] {
        let stream = StreamName::of(category, subject);
        let mut pages = std::pin::pin!(stream_pages(reader, &stream, StreamVersion::NONE));
        while let Some(page) = pages.next().await {
            destroyed.extend(page?.iter().flat_map(destroyed_by));
        }
    }
    Ok(destroyed)
}
