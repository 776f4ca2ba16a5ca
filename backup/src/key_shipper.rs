//! Ships the vault's keys: all of them at the begin of a round, later those that events use and that are not there yet.
//!
//! Invariants: the keys of a segment's events are stored before the segment; a round that is older than the retention goes once a
//! newer one is complete, so a key that was destroyed is gone from the backup when the retention has passed.

use std::{
    collections::{BTreeSet, HashSet},
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
    time::Duration,
};

use event_store::{
    Clock, RecordedEvent,
    sql::Database,
    vault::key_migration::{StoredKey, read_erasures, read_key, read_keys},
};
use uuid::Uuid;

use crate::{
    error::BackupError,
    key::BackupKey,
    key_file::{self, KeyFileKind, KeyHead, KeyRows},
    names,
    sealed_file::FileDigest,
    target::{Created, Target},
};

/// Keys in one file: about 3 MB.
const KEYS_AT_ONCE: u64 = 20_000;
/// A day, which is also the longest that a round goes on.
const DAY: u64 = 24 * 60 * 60;

pub(crate) struct KeyShipper {
    target: Arc<dyn Target>,
    key: Arc<BackupKey>,
    log_id: Uuid,
    vault: Database,
    clock: Arc<dyn Clock>,
    keep: Duration,
    round: Option<Round>,
    /// Hashes of the ids in this round, as far as this process knows: a key that comes twice does no harm.
    known: HashSet<u64>,
    hasher: RandomState,
}

/// The round that is written.
#[derive(Clone, Copy)]
struct Round {
    began: u64,
    /// Files that it has.
    files: u64,
    last: FileDigest,
}

impl KeyShipper {
    pub(crate) fn new(
        target: Arc<dyn Target>,
        key: Arc<BackupKey>,
        log_id: Uuid,
        vault: Database,
        clock: Arc<dyn Clock>,
        keep: Duration,
    ) -> Self {
        Self { target, key, log_id, vault, clock, keep, round: None, known: HashSet::new(), hasher: RandomState::new() }
    }

    /// Goes on with the newest round of the target, if that is complete.
    pub(crate) async fn resume(&mut self) -> Result<(), BackupError> {
        (self.round, self.known) = (None, HashSet::new());
        let Some(began) = rounds(&*self.target).await?.pop() else { return Ok(()) };
        let files = files_of(&*self.target, began).await?;
        let is_complete = files.iter().any(|(_, kind)| *kind == KeyFileKind::End);
        let Some((number, kind)) = files.last().copied().filter(|_| is_complete) else { return Ok(()) };
        let name = names::keys(began, number, kind);
        // A damaged one is left as it is; a new round begins beside it.
        let read = self.target.read(&name).await?.and_then(|file| key_file::open(&self.key, &file).ok());
        self.round = read.map(|file| Round { began, files: number, last: file.digest });
        Ok(())
    }

    /// Stores the keys that these events use, where they are not there yet; answers the newest round and file.
    pub(crate) async fn ship_for(&mut self, events: &[Arc<RecordedEvent>]) -> Result<(u64, u64), BackupError> {
        if self.round.is_none_or(|round| self.now() >= round.began + DAY.min(self.keep.as_secs())) {
            self.begin_round().await?;
        }
        let used: BTreeSet<&str> = events.iter().filter_map(|event| event.event.key_id.as_deref()).collect();
        let mut keys = Vec::new();
        for id in used.into_iter().filter(|id| !self.known.contains(&self.hasher.hash_one(*id))) {
            match read_key(&self.vault, id).await? {
                Some(key) => keys.push(key),
                None => {
                    tracing::warn!(key.id = id, "the vault has no such key: an event that it sealed cannot be opened")
                }
            }
        }
        if !keys.is_empty() {
            self.store(KeyFileKind::More, KeyRows { keys, ..KeyRows::default() }).await?;
        }
        Ok(self.round.map_or((0, 0), |round| (round.began, round.files)))
    }

    /// Stores all keys, and then removes the rounds that are too old.
    async fn begin_round(&mut self) -> Result<(), BackupError> {
        let newest = rounds(&*self.target).await?.pop().unwrap_or(0);
        let began = self.now().max(newest + 1);
        self.round = Some(Round { began, files: 0, last: FileDigest::default() });
        self.known.clear();
        let begun = self.store_all().await;
        if begun.is_err() {
            // Without its end it counts for nothing; the next try begins another.
            self.round = None;
        }
        begun?;
        self.remove_older_than(self.now().saturating_sub(self.keep.as_secs())).await
    }

    async fn store_all(&mut self) -> Result<(), BackupError> {
        let (mut erasures, mut after) = (read_erasures(&self.vault).await?, String::new());
        loop {
            let keys = read_keys(&self.vault, &after, KEYS_AT_ONCE).await?;
            let is_last = (keys.len() as u64) < KEYS_AT_ONCE;
            if let Some(last) = keys.last() {
                after.clone_from(&last.id);
            }
            let kind = if is_last { KeyFileKind::End } else { KeyFileKind::Part };
            self.store(kind, KeyRows { erasures: std::mem::take(&mut erasures), keys }).await?;
            if is_last {
                return Ok(());
            }
        }
    }

    async fn store(&mut self, kind: KeyFileKind, rows: KeyRows) -> Result<(), BackupError> {
        let Some(round) = self.round else { return Ok(()) };
        let (number, previous) = (round.files + 1, hex::encode(round.last));
        let head = KeyHead { log_id: self.log_id, round: round.began, number, kind, previous };
        let (file, last) = key_file::seal(&self.key, &head, &rows);
        let name = names::keys(round.began, number, kind);
        if self.target.create(&name, &file).await? == Created::Exists
            && self.target.read(&name).await?.is_none_or(|there| there != file)
        {
            return Err(BackupError::Overtaken(name));
        }
        self.round = Some(Round { files: number, last, ..round });
        let ids: Vec<u64> = rows.keys.iter().map(|StoredKey { id, .. }| self.hasher.hash_one(id.as_str())).collect();
        self.known.extend(ids);
        Ok(())
    }

    async fn remove_older_than(&self, second: u64) -> Result<(), BackupError> {
        let newest = self.round.map_or(0, |round| round.began);
        for round in rounds(&*self.target).await?.into_iter().filter(|round| *round < second.min(newest)) {
            for (number, kind) in files_of(&*self.target, round).await? {
                self.target.remove(&names::keys(round, number, kind)).await?;
            }
            tracing::info!(round, "keys that are older than the retention were removed from the backup");
        }
        Ok(())
    }

    fn now(&self) -> u64 {
        u64::try_from(self.clock.now().as_second()).unwrap_or(0)
    }
}

/// The rounds of a target, oldest first.
pub(crate) async fn rounds(target: &dyn Target) -> Result<Vec<u64>, BackupError> {
    let names = target.children(names::KEYS).await?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// The files of a round, by number.
pub(crate) async fn files_of(target: &dyn Target, round: u64) -> Result<Vec<(u64, KeyFileKind)>, BackupError> {
    let names = target.children(&names::round_folder(round)).await?;
    Ok(names.iter().filter_map(|name| names::keys_number(name)).collect())
}
