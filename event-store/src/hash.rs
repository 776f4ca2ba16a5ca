//! The hash that binds an event to its content and to the event before it in its stream. `docs/event-hash.md` has the
//! test vectors; `tests/verify_log.py` is a second implementation that must agree.
//!
//! Invariant: only stored bytes are hashed, each field preceded by its length, so two different events never give the same input.

use sha2::{Digest, Sha256};

use crate::event::{RecordedEvent, SealedEvent, StreamName, StreamVersion, time_text};

/// Separates this hash from every other use of SHA-256.
pub const LABEL: &[u8] = b"fiido-desk/event/1";

/// Written instead of the length of an absent field.
const ABSENT: u32 = u32::MAX;

/// `prev_hash` of a stream's first event.
pub const NO_HASH: [u8; 32] = [0; 32];

/// The hash of an event with this `version` in `stream`, after the event with `prev_hash`.
#[must_use]
pub fn event_hash(
    prev_hash: &[u8; 32],
    stream: &StreamName,
    version: StreamVersion,
    recorded_at: jiff::Timestamp,
    event: &SealedEvent,
) -> [u8; 32] {
    let mut hash = FieldHash::new(prev_hash);
    hash.field(stream.as_str().as_bytes());
    hash.field(version.to_string().as_bytes());
    hash.field(event.event_id.as_bytes());
    hash.field(event.event_type.as_bytes());
    hash.field(event.schema.to_string().as_bytes());
    hash.field(time_text(recorded_at).as_bytes());
    hash.field(event.actor.as_str().as_bytes());
    hash.optional(event.subject.as_ref().map(|id| id.as_bytes().as_slice()));
    hash.optional(event.key_id.as_ref().map(|id| id.as_bytes()));
    hash.field(event.correlation_id.as_bytes());
    hash.optional(event.causation_id.as_ref().map(|id| id.as_bytes().as_slice()));
    hash.field(event.data.as_bytes());
    hash.optional(event.personal.as_deref());
    hash.0.finalize().into()
}

/// Whether the stored hash is that of the event's content and `prev_hash`.
#[must_use]
pub fn is_intact(recorded: &RecordedEvent) -> bool {
    let RecordedEvent { prev_hash, stream, version, recorded_at, event, hash, .. } = recorded;
    event_hash(prev_hash, stream, *version, *recorded_at, event) == *hash
}

struct FieldHash(Sha256);

impl FieldHash {
    fn new(prev_hash: &[u8; 32]) -> Self {
        let mut hash = Sha256::new();
        hash.update(LABEL);
        hash.update(prev_hash);
        Self(hash)
    }

    fn field(&mut self, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).expect("a field is far below 4 GiB: sequencer::MAX_EVENT_BYTES");
        self.0.update(length.to_be_bytes());
        self.0.update(bytes);
    }

    fn optional(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.field(bytes),
            None => self.0.update(ABSENT.to_be_bytes()),
        }
    }
}
