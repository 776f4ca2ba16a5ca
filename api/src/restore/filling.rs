//! Fills a log from segments, and a vault from files of keys.
//!
//! Invariant: each event is checked by the import as `verify` would; what lies behind the end that was asked for is read for its
//! erasures and nothing else.

use std::pin::pin;

use ::backup::{KeyFiles, Segments};
use commands::erasure::{Person, cause_of, erased_subject};
use domain::ErasureCause;
use event_store::{
    Actor, Position, RecordedEvent,
    import::{Chain, Import, ImportTarget},
    port::{Exemption, Positions},
    position_map::MapWriter,
    sql::Database,
    vault::key_migration::{write_erasures, write_keys},
};
use futures::StreamExt as _;
use jiff::Timestamp;

use super::AnyError;
use crate::copy_log::progress::Progress;

/// Up to where; everything where nothing is said.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Until {
    pub(crate) position: Option<Position>,
    pub(crate) time: Option<Timestamp>,
}

impl Until {
    fn includes(&self, event: &RecordedEvent) -> bool {
        self.position.is_none_or(|last| event.position <= last)
            && self.time.is_none_or(|last| event.recorded_at <= last)
    }
}

/// An erasure that the backup knows and the restored log does not.
#[derive(Debug, Clone)]
pub(crate) struct LaterErasure {
    pub(crate) person: Person,
    pub(crate) cause: ErasureCause,
    pub(crate) actor: Actor,
}

/// What was restored.
#[derive(Debug)]
pub(crate) struct Filled {
    pub(crate) events: u64,
    /// Position of the last event in the log that was backed up.
    pub(crate) position: Position,
    /// Its position in the restored log.
    pub(crate) last: Position,
    /// Its hash.
    pub(crate) last_hash: [u8; 32],
    /// When it was recorded.
    pub(crate) recorded_at: Option<Timestamp>,
    pub(crate) later_erasures: Vec<LaterErasure>,
}

/// Restores events. `sign` may sign up to where times rise in each stream only.
///
/// # Errors
/// A segment is missing or damaged, an event does not prove itself, or the log cannot be written.
pub(crate) async fn fill(
    segments: &Segments,
    keys: &KeyFiles,
    until: Until,
    target: Box<dyn ImportTarget>,
    mut map: Option<&mut MapWriter>,
    sign: impl FnOnce(Position) -> Exemption,
    progress: &Progress,
) -> Result<Filled, AnyError> {
    let newest = segments.newest().await?;
    let rises_after = newest.as_ref().map_or(0, |newest| match newest.head.positions() {
        Positions::Dense => newest.head.times_rise_after,
        Positions::Increasing => u64::MAX,
    });
    let mut import = Import::new(target, Chain::rising_after(rises_after));
    let (mut reading, mut is_over) = (pin!(segments.read()), false);
    let (mut position, mut recorded_at, mut later_erasures) = (Position::START, None, Vec::new());
    while let Some(segment) = reading.next().await {
        let segment = segment?;
        keys.reach(segment.head.keys)?;
        let wanted = if is_over { 0 } else { segment.events.iter().take_while(|event| until.includes(event)).count() };
        let (wanted, later) = segment.events.split_at(wanted);
        is_over |= !later.is_empty();
        let places = import.take(wanted).await?;
        for (event, place) in wanted.iter().zip(places) {
            if let Some(map) = &mut map {
                map.add(event.position, place)?;
            }
            (position, recorded_at) = (event.position, Some(event.recorded_at));
        }
        later_erasures.extend(later.iter().filter_map(|event| later_erasure(event)));
        progress.reached(segment.head.number, import.chain().events());
    }
    import.finish(sign).await?;
    let (events, last, last_hash) = (import.chain().events(), import.last(), import.chain().last_hash());
    Ok(Filled { events, position, last, last_hash, recorded_at, later_erasures })
}

fn later_erasure(event: &RecordedEvent) -> Option<LaterErasure> {
    let person = erased_subject(event)?;
    Some(LaterErasure { person, cause: cause_of(event), actor: event.event.actor.clone() })
}

/// Restores keys; those that are destroyed in any file are destroyed afterwards. Returns how many files there were.
///
/// # Errors
/// A file is missing or damaged, or the vault cannot be written.
pub(crate) async fn fill_keys(keys: &KeyFiles, vault: &Database) -> Result<u64, AnyError> {
    let (mut reading, mut files) = (pin!(keys.read()), 0);
    while let Some(file) = reading.next().await {
        let (erasures, keys) = file?;
        write_erasures(vault, &erasures).await?;
        write_keys(vault, keys).await?;
        files += 1;
    }
    Ok(files)
}
