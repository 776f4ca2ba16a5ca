//! Restores on record: `log.restored` says that the log was put back to an earlier state, up to which position, and who says so.
//!
//! The event holds a checkpoint of what was left, signed for the new generation, so that nobody without the key can claim a
//! restore. Invariant: the event is appended before the generation is raised, so a raised generation without one is no restore.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    checkpoint::{Checkpoint, CheckpointKey, PublicKey},
    event::{Actor, Position, RecordedEvent, SealedEvent, StreamName, StreamVersion},
    pages::PAGE,
    port::{AppendError, EventReader, EventStore, Expected, Identity, ReadError},
};

/// The stream of the log's own events.
pub const STREAM: &str = "settings-log";
/// The event's type.
pub const TYPE: &str = "log.restored";

/// The content of the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restored {
    /// The last position that the restore left.
    pub from: Position,
    /// The Merkle root over the events up to there, in hexadecimal digits.
    pub root: String,
    /// The generation from here on.
    pub generation: u64,
    /// Who says so.
    pub who: String,
    /// A checkpoint of what was left, signed for the new generation.
    pub note: String,
}

impl Restored {
    /// The restore that an event records; `None` for any other event.
    #[must_use]
    pub fn of(event: &RecordedEvent) -> Option<Self> {
        let is_restore = &*event.event.event_type == TYPE && event.stream.as_str() == STREAM;
        is_restore.then(|| serde_json::from_str(&event.event.data).ok()).flatten()
    }

    /// Whether the key has signed it.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        Checkpoint::open(&self.note, key).is_ok_and(|signed| {
            (signed.position, signed.log.generation) == (self.from, self.generation)
                && hex::encode(signed.root) == self.root
        })
    }

    fn new(left: &Checkpoint, who: &str, key: &CheckpointKey) -> Self {
        let (root, note) = (hex::encode(left.root), left.sign(key));
        Self { from: left.position, root, generation: left.log.generation, who: who.to_owned(), note }
    }

    fn event(&self, log: Identity) -> SealedEvent {
        let name = format!("{TYPE}/{}", self.generation);
        SealedEvent {
            event_id: Uuid::new_v5(&log.log_id, name.as_bytes()),
            event_type: TYPE.into(),
            schema: 1,
            actor: Actor::new("system", "mark-restored"),
            subject: None,
            key_id: None,
            correlation_id: Uuid::new_v4(),
            causation_id: None,
            data: serde_json::to_string(self).expect("texts and numbers are JSON").into(),
            personal: None,
        }
    }
}

/// The name of the log's own stream.
#[must_use]
pub fn stream() -> StreamName {
    StreamName::parse(STREAM).expect("the name is valid")
}

/// Every restore on record, oldest first.
///
/// # Errors
/// The log cannot be read.
pub async fn restores(reader: &dyn EventReader) -> Result<Vec<Restored>, ReadError> {
    let (stream, mut after, mut found) = (stream(), StreamVersion::NONE, Vec::new());
    loop {
        let page = reader.read_stream(&stream, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.version;
        found.extend(page.iter().filter_map(|event| Restored::of(event)));
    }
}

/// How far a note of an earlier generation holds: up to the first restore after it. `None` if no restore came after it.
#[must_use]
pub fn holds_up_to(restores: &[Restored], generation: u64) -> Option<Position> {
    restores.iter().filter(|restored| restored.generation > generation).map(|restored| restored.from).min()
}

/// Appends the record of a restore, signed. `left` is the log as it is now, in its new generation. May be repeated until the
/// generation is raised: the record made first stays.
///
/// # Errors
/// The log cannot be read or written.
pub async fn record(
    store: &dyn EventStore,
    left: &Checkpoint,
    who: &str,
    key: &CheckpointKey,
) -> Result<Restored, AppendError> {
    let unavailable = |error: ReadError| AppendError::Unavailable(std::sync::Arc::new(error));
    let there = restores(store).await.map_err(unavailable)?;
    if let Some(recorded) = there.into_iter().find(|restored| restored.generation == left.log.generation) {
        return Ok(recorded);
    }
    let restored = Restored::new(left, who, key);
    store.append(&stream(), Expected::Any, vec![restored.event(left.log)]).await?;
    Ok(restored)
}
