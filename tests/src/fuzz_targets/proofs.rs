//! Signed notes, proof files and sealed parts: what an auditor is handed, and what a database may have been made to hold.

use std::sync::LazyLock;

use event_store::{
    Actor, EventReader as _, EventStore as _, Expected, Position, SealedEvent, StreamName, StreamVersion,
    checkpoint::{Checkpoint, CheckpointKey},
    memory::MemoryStore,
    merkle::{LeafIndex, Tree, TreeSize, leaf_hash},
    proof::{Proof, check},
    vault::seal::{self, DataKey},
};
use jiff::Timestamp;
use uuid::Uuid;

use super::text;

/// A log of some events, signed.
struct Signed {
    key: CheckpointKey,
    checkpoint: Checkpoint,
    proof: String,
}

const EVENTS: u64 = 5;

static SIGNED: LazyLock<Signed> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made");
    runtime.block_on(signed())
});

async fn signed() -> Signed {
    let store = MemoryStore::new(Uuid::from_u128(1));
    let stream = StreamName::of("session", Uuid::from_u128(2));
    for number in 0..EVENTS {
        store.append(&stream, Expected::Any, vec![event(number)]).await.expect("it is stored");
    }
    let events = store.read_stream(&stream, StreamVersion::NONE, 100).await.expect("it is read");
    let tree: Tree = events.iter().map(|event| leaf_hash(&event.hash)).collect();
    let (log, size) = (store.identity().await.expect("it has one"), TreeSize(EVENTS));
    let root = tree.root(size).expect("it is that large");
    let checkpoint = Checkpoint { log, size, root, position: Position(EVENTS), signed_at: Timestamp::UNIX_EPOCH };
    let key = CheckpointKey::generate(log);
    let places = (0..EVENTS).map(LeafIndex).zip(events.iter().map(|event| &**event));
    let proof = Proof::new(&checkpoint.sign(&key), key.public(), &tree, places).expect("it is signed").text();
    Signed { key, checkpoint, proof }
}

fn event(number: u64) -> SealedEvent {
    let is_personal = number.is_multiple_of(2);
    SealedEvent {
        event_id: Uuid::from_u128(0xe000 + u128::from(number)),
        event_type: "session.noted".into(),
        schema: 1,
        actor: Actor::new("agent", "小明"),
        subject: is_personal.then(|| Uuid::from_u128(7)),
        key_id: is_personal.then(|| "key".into()),
        correlation_id: Uuid::from_u128(8),
        causation_id: None,
        data: format!("{{\"n\":{number},\"t\":\"刹车🚲\"}}").into(),
        personal: is_personal.then(|| [7; 20].as_slice().into()),
    }
}

/// A note says what was signed, or nothing.
pub(super) fn note(bytes: &[u8]) -> bool {
    let Some(note) = text(bytes) else { return false };
    let opened = Checkpoint::open(note, SIGNED.key.public());
    if let Ok(checkpoint) = &opened {
        assert_eq!(checkpoint, &SIGNED.checkpoint);
        let alone = Checkpoint::without_countersignatures(note, SIGNED.key.public());
        assert_eq!(alone.as_deref(), Ok(&*SIGNED.checkpoint.sign(&SIGNED.key)));
    }
    opened.is_ok()
}

pub(super) fn notes() -> Vec<Vec<u8>> {
    let note = SIGNED.checkpoint.sign(&SIGNED.key);
    let countersigned = format!("{note}\u{2014} witness.example {}\n", "A".repeat(92));
    vec![note.into_bytes(), countersigned.into_bytes()]
}

/// A proof file proves some of the events that were signed, or nothing.
pub(super) fn proof(bytes: &[u8]) -> bool {
    let checked = check(bytes, SIGNED.key.public());
    if let Ok((checkpoint, proof)) = &checked {
        assert_eq!(checkpoint, &SIGNED.checkpoint);
        assert!(SIGNED.proof.contains(proof.text().lines().nth(2).expect("it has its note")), "{}", proof.text());
        assert!(proof.events().iter().all(|event| event.event_type == "session.noted"));
    }
    checked.is_ok()
}

pub(super) fn files() -> Vec<Vec<u8>> {
    vec![SIGNED.proof.clone().into_bytes()]
}

const PLACE: &[u8] = b"here";
const PARTS: [&str; 3] = ["", "{}", "{\"text\":\"刹车异响，怎么办？\"}"];

static KEY: LazyLock<DataKey> = LazyLock::new(|| DataKey::from_secret([7; 32].into()));

/// A sealed part is one that was sealed, or none.
pub(super) fn sealed(bytes: &[u8]) -> bool {
    let opened = seal::open(&KEY, PLACE, bytes);
    if let Some(plain) = &opened {
        assert!(PARTS.iter().any(|part| part.as_bytes() == plain), "{plain:?}");
        assert!(seal::holds(&KEY, bytes, plain));
    }
    opened.is_some()
}

pub(super) fn parts() -> Vec<Vec<u8>> {
    PARTS.map(|part| seal::seal(&KEY, PLACE, part.as_bytes())).to_vec()
}
