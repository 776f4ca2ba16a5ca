//! Once log and vault are restored: every event finds its key, and whoever was erased is erased in both.
//!
//! Invariant: the record of an erasure is in the restored log before its keys are destroyed.

use std::{
    collections::{BTreeSet, HashSet},
    pin::pin,
    sync::Arc,
};

use commands::{
    Erasure,
    erasure::{Person, erased_subject},
};
use domain::ErasureCause;
use event_store::{
    Actor, EventReader, Log, Position,
    pages::{Page, pages},
    sql::Database,
    vault::{KeyRecord, KeyStore as _, SqlKeys, key_migration::read_erasures},
};
use futures::StreamExt as _;
use uuid::Uuid;

use super::{AnyError, Differs, filling::Filled};

/// What was done and found.
#[derive(Debug, Default)]
pub(crate) struct AfterRestore {
    /// Keys that events use, and that are there or destroyed.
    pub(crate) keys: usize,
    /// Persons whose keys are destroyed.
    pub(crate) erased: usize,
    /// Those of them whose erasure the restored log did not know.
    pub(crate) recorded_again: usize,
    /// Keys that events use and nobody has.
    pub(crate) missing_keys: usize,
    /// The first event whose key is missing.
    pub(crate) first_missing: Option<Position>,
}

impl AfterRestore {
    pub(crate) fn complaint(&self) -> Differs {
        let position = self.first_missing.unwrap_or(Position::START);
        Differs(format!(
            "{} keys are in no file of the backup; the first is that of the event at position {position}",
            self.missing_keys
        ))
    }
}

/// Erases again, and records what the restored log does not know.
///
/// # Errors
/// Log or vault do not answer, or the master key does not open the restored keys.
pub(super) async fn settle_erasures(log: &Log, vault: &Database, filled: &Filled) -> Result<AfterRestore, AnyError> {
    let (reader, erasure) = (log.reader(), Erasure::new(log.clone()));
    open_one(log, &*reader).await?;
    let mut after = AfterRestore::default();
    let on_record =
        look_at_events(&*reader, vault, &mut after, async |person| Ok(erasure.destroy(person).await?)).await?;
    for later in &filled.later_erasures {
        if on_record.contains(&later.person.subject()) {
            continue;
        }
        erasure.erase(later.person, later.cause, later.actor.clone()).await?;
    }
    let known: HashSet<Uuid> =
        filled.later_erasures.iter().map(|later| later.person.subject()).chain(on_record.iter().copied()).collect();
    // The keys went out after the last event that did.
    let mut unknown = 0;
    for stored in read_erasures(vault).await?.into_iter().filter(|stored| !known.contains(&stored.subject)) {
        let key_ids = log.vault().close_subject(stored.subject, log.clock().now()).await?;
        let person = Person::of_keys(stored.subject, &key_ids);
        erasure.erase(person, ErasureCause::Request, Actor::new("system", "restore")).await?;
        unknown += 1;
    }
    (after.erased, after.recorded_again) = (known.len() + unknown, known.len() - on_record.len() + unknown);
    Ok(after)
}

/// The master key opens what was restored.
async fn open_one(log: &Log, reader: &dyn EventReader) -> Result<(), AnyError> {
    let first = reader.read_all(Position::START, 1000).await?;
    match first.iter().find(|event| event.event.personal.is_some()) {
        Some(event) => Ok(log.open(event).await.map(drop)?),
        None => Ok(()),
    }
}

/// Looks for the key of each event, and gives every erased person to `destroy`. Returns who was erased.
///
/// # Errors
/// Log or vault do not answer.
pub(crate) async fn look_at_events(
    reader: &dyn EventReader,
    vault: &Database,
    after: &mut AfterRestore,
    mut destroy: impl AsyncFnMut(Person) -> Result<(), AnyError>,
) -> Result<HashSet<Uuid>, AnyError> {
    let (keys, mut looked_for, mut erased) = (SqlKeys::new(vault.clone()), HashSet::new(), HashSet::new());
    let mut pages = pin!(pages(reader));
    while let Some(page) = pages.next().await {
        let page = page?;
        let new: BTreeSet<Arc<str>> = page.iter().filter_map(|event| event.event.key_id.clone()).collect();
        let new: Vec<Arc<str>> = new.into_iter().filter(|id| looked_for.insert(id.clone())).collect();
        let found: HashSet<Arc<str>> =
            keys.get_many(&new).await?.into_iter().map(|(id, _): (_, KeyRecord)| id).collect();
        after.keys += found.len();
        note_missing(&page, new.iter().filter(|id| !found.contains(*id)).collect(), after);
        for person in page.iter().filter_map(|event| erased_subject(event)) {
            destroy(person).await?;
            erased.insert(person.subject());
        }
    }
    Ok(erased)
}

fn note_missing(page: &Page, missing: HashSet<&Arc<str>>, after: &mut AfterRestore) {
    after.missing_keys += missing.len();
    let first = page.iter().find(|event| event.event.key_id.as_ref().is_some_and(|id| missing.contains(id)));
    after.first_missing = after.first_missing.or(first.map(|event| event.position));
}
