//! Sample events and streams with new ids and distinct contents.

use uuid::Uuid;

use crate::event::{Actor, SealedEvent, StreamName};

/// Length of format byte and content mark, by which repeats are compared.
const MARKED: usize = 17;
/// Length of format, mark and nonce.
const HEADER: usize = 29;

/// A new stream.
pub(super) fn new_stream() -> StreamName {
    StreamName::of("session", Uuid::new_v4())
}

/// An event without personal part.
pub(super) fn plain(data: &str) -> SealedEvent {
    SealedEvent {
        event_id: Uuid::new_v4(),
        event_type: "conformance.noted".into(),
        schema: 1,
        actor: Actor::new("system", "conformance"),
        subject: None,
        key_id: None,
        correlation_id: Uuid::new_v4(),
        causation_id: None,
        data: data.into(),
        personal: None,
    }
}

/// An event with every field.
pub(super) fn full() -> SealedEvent {
    SealedEvent {
        event_type: "conformance.sealed".into(),
        schema: u32::MAX,
        actor: Actor::new("agent", &Uuid::new_v4().to_string()),
        subject: Some(Uuid::new_v4()),
        key_id: Some("3f0c9d1e-message-2026-11".into()),
        causation_id: Some(Uuid::new_v4()),
        personal: Some(sealed(7, b"what nobody but the vault can read").into()),
        ..plain("{\"n\":1}")
    }
}

/// This many numbered events without personal part.
pub(super) fn some(count: usize) -> Vec<SealedEvent> {
    (1..=count).map(|n| plain(&format!("{{\"n\":{n}}}"))).collect()
}

/// Sealed bytes as the vault makes them: the mark identifies the content, the rest is random.
pub(super) fn sealed(mark: u8, ciphertext: &[u8]) -> Vec<u8> {
    let mut bytes = vec![mark; MARKED];
    bytes[0] = 1;
    bytes.extend_from_slice(&Uuid::new_v4().as_bytes()[..HEADER - MARKED]);
    bytes.extend_from_slice(ciphertext);
    bytes
}
