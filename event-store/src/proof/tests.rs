//! Proof files: a valid one is accepted, any changed one is refused, and arbitrary input never panics.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    checkpoint::CheckpointKey,
    event::{Actor, Position, SealedEvent, StreamName},
    memory::MemoryStore,
    merkle::TreeSize,
    port::{EventReader, EventStore, Expected},
};

const EVENTS: u64 = 21;
const STREAMS: u64 = 3;

struct Signed {
    store: MemoryStore,
    key: CheckpointKey,
    note: String,
    tree: Tree,
}

fn stream(n: u64) -> StreamName {
    StreamName::of("session", Uuid::from_u128(u128::from(n)))
}

fn event(n: u64) -> SealedEvent {
    let is_personal = n.is_multiple_of(2);
    SealedEvent {
        event_id: Uuid::from_u128(0xe000 + u128::from(n)),
        event_type: "session.noted".into(),
        schema: 1,
        actor: Actor::new("agent", "小明"),
        subject: is_personal.then(|| Uuid::from_u128(7)),
        key_id: is_personal.then(|| "key".into()),
        correlation_id: Uuid::from_u128(8),
        causation_id: None,
        data: format!("{{\"n\":{n},\"t\":\"刹车🚲\\u00e9\u{7f}\"}}").into(),
        personal: is_personal.then(|| [n as u8; 20].as_slice().into()),
    }
}

/// A log of three streams in turn, and a checkpoint over all but its last two events.
async fn signed() -> Signed {
    let store = MemoryStore::new(Uuid::from_u128(0x0b9f));
    for n in 0..EVENTS {
        store.append(&stream(n % STREAMS), Expected::Any, vec![event(n)]).await.expect("it is stored");
    }
    let identity = store.identity().await.expect("it has one");
    let size = TreeSize(EVENTS - 2);
    let tree = tree_of(&store, size, |_, _| {}).await.expect("it is read");
    let key = CheckpointKey::generate(identity);
    let root = tree.root(size).expect("it is that large");
    let signed_at = "2026-11-25T20:55:00.000001Z".parse().expect("a time");
    let checkpoint = Checkpoint { log: identity, size, root, position: Position(size.0), signed_at };
    Signed { note: checkpoint.sign(&key), store, key, tree }
}

impl Signed {
    /// A proof of a range of a stream's events.
    async fn proof(&self, of: u64, places: std::ops::Range<usize>) -> Proof {
        let events = self.store.read_stream(&stream(of), Default::default(), 100).await.expect("it is read");
        let chosen = events[places].iter().map(|event| (LeafIndex(event.position.0 - 1), &**event));
        Proof::new(&self.note, self.key.public(), &self.tree, chosen).expect("the note is right")
    }

    fn check(&self, proof: &Proof) -> Result<(Checkpoint, Proof), ProofError> {
        check(proof.text().as_bytes(), self.key.public())
    }

    fn flaw(&self, proof: &Proof) -> Option<(usize, EntryFlaw)> {
        match self.check(proof) {
            Err(ProofError::Entry { number, flaw, .. }) => Some((number, flaw)),
            _otherwise => None,
        }
    }
}

#[tokio::test]
async fn a_valid_proof_is_accepted() {
    let signed = signed().await;
    for of in 0..STREAMS {
        let proof = signed.proof(of, 0..6).await;
        let (checkpoint, checked) = signed.check(&proof).expect("it is right");
        assert_eq!((checkpoint.size, &checked), (TreeSize(EVENTS - 2), &proof));
        assert_eq!(checked.events()[0].position, Some(Position(of + 1)));
    }
    assert!(signed.check(&signed.proof(1, 3..4).await).is_ok(), "one event out of the middle");
}

#[tokio::test]
async fn events_newer_than_the_checkpoint_are_refused() {
    let signed = signed().await;
    let proof = signed.proof(2, 6..7).await;
    assert_eq!(signed.flaw(&proof), Some((1, EntryFlaw::NotIncluded)));
}

#[tokio::test]
async fn another_key_is_refused() {
    let signed = signed().await;
    let other = CheckpointKey::generate(signed.store.identity().await.expect("it has one"));
    let text = signed.proof(0, 0..2).await.text();
    assert!(matches!(check(text.as_bytes(), other.public()), Err(ProofError::Note(NoteError::OtherKey))));
}

#[tokio::test]
async fn a_proof_contains_only_the_keys_own_signature() {
    let mut signed = signed().await;
    let witness = CheckpointKey::generate(signed.store.identity().await.expect("it has one"));
    let second = Checkpoint::open(&signed.note, signed.key.public()).expect("signed").sign(&witness);
    let line = second.rsplit_once("\n\n").expect("a note has an empty line").1.to_owned();
    let alone = std::mem::take(&mut signed.note);
    signed.note = format!("{alone}{line}");
    let mut proof = signed.proof(0, 0..2).await;
    assert_eq!(proof.checkpoint, alone);
    proof.checkpoint.push_str(&line);
    assert!(matches!(signed.check(&proof), Err(ProofError::MoreSignatures)));
}

#[tokio::test]
async fn a_chain_with_a_missing_swapped_or_foreign_event_is_refused() {
    let signed = signed().await;
    let whole = signed.proof(0, 0..5).await;
    let misplaced = |number, events: Vec<Entry>| {
        let proof = Proof { events, ..whole.clone() };
        assert_eq!(signed.flaw(&proof), Some((number, EntryFlaw::Misplaced)));
    };
    let mut events = whole.events.clone();
    events.remove(2);
    misplaced(3, events);
    let mut events = whole.events.clone();
    events.swap(1, 2);
    misplaced(2, events);
    let mut events = whole.events.clone();
    events.push(signed.proof(1, 5..6).await.events[0].clone());
    misplaced(6, events);
    let mut events = whole.events.clone();
    events.insert(1, events[0].clone());
    misplaced(2, events);
    assert!(matches!(signed.check(&Proof { events: Vec::new(), ..whole.clone() }), Err(ProofError::NoEvent)));
}

#[tokio::test]
async fn a_forged_event_with_a_matching_hash_is_refused() {
    let signed = signed().await;
    let mut proof = signed.proof(0, 0..1).await;
    proof.events[0].data = "{}".to_owned();
    assert_eq!(signed.flaw(&proof), Some((1, EntryFlaw::Changed)));
    proof.events[0].hash = Hex(proof.events[0].computed_hash().expect("well formed"));
    assert_eq!(signed.flaw(&proof), Some((1, EntryFlaw::NotIncluded)));
}

#[tokio::test]
async fn a_wrong_position_is_refused() {
    let signed = signed().await;
    let mut proof = signed.proof(0, 1..2).await;
    proof.events[0].position = Some(Position(5));
    assert_eq!(signed.flaw(&proof), Some((1, EntryFlaw::OtherPosition)));
    proof.events[0].leaf_index = LeafIndex(4);
    assert_eq!(signed.flaw(&proof), Some((1, EntryFlaw::NotIncluded)));
}

#[tokio::test]
async fn positions_with_holes_are_not_stated() {
    let mut signed = signed().await;
    let dense = Checkpoint::open(&signed.note, signed.key.public()).expect("signed");
    signed.note = Checkpoint { position: Position(900), ..dense }.sign(&signed.key);
    let mut proof = signed.proof(0, 0..2).await;
    assert_eq!(proof.events[1].position, None);
    assert!(signed.check(&proof).is_ok());
    proof.events[1].position = Some(Position(4));
    assert_eq!(signed.flaw(&proof), Some((2, EntryFlaw::OtherPosition)));
}

/// Every byte of a file is changed in several ways, removed and doubled: only the original file is accepted.
#[tokio::test]
async fn a_change_of_any_byte_is_refused() {
    let signed = signed().await;
    let file = signed.proof(1, 0..2).await.text().into_bytes();
    let refused = |changed: &[u8], at: usize, what: &str| {
        assert!(check(changed, signed.key.public()).is_err(), "byte {at}: {what}");
    };
    for at in 0..file.len() {
        let old = file[at];
        for new in [old ^ 1, old ^ 0x20, old ^ 0x80, old.wrapping_add(1), b' ', b'0', b'"', 0] {
            if new != old {
                let mut changed = file.clone();
                changed[at] = new;
                refused(&changed, at, "changed");
            }
        }
        refused(&[&file[..at], &file[at + 1..]].concat(), at, "removed");
        refused(&[&file[..at], b" ", &file[at..]].concat(), at, "a space before it");
        refused(&file[..at], at, "cut off");
    }
    refused(&[&file[..], b"\n"].concat(), file.len(), "a line's end more");
    assert!(check(&file, signed.key.public()).is_ok());
}

#[tokio::test]
async fn the_line_with_another_encoding_is_named() {
    let signed = signed().await;
    let text = signed.proof(1, 0..1).await.text();
    let changed = text.replace("  \"version\": 1", "  \"version\":  1");
    let line = 1 + text.lines().position(|line| line.contains("\"version\"")).expect("it is there");
    match check(changed.as_bytes(), signed.key.public()) {
        Err(ProofError::NotCanonical { line: named }) => assert_eq!(named, line),
        otherwise => panic!("{otherwise:?}"),
    }
}

#[tokio::test]
async fn an_overlong_file_is_refused() {
    let signed = signed().await;
    assert!(matches!(check(&vec![b' '; MAX_PROOF_BYTES + 1], signed.key.public()), Err(ProofError::TooLong)));
    let deep = "[".repeat(1_000_000);
    assert!(check(deep.as_bytes(), signed.key.public()).is_err());
}

#[tokio::test]
async fn consistency_of_two_checkpoints_is_detected() {
    let signed = signed().await;
    let newer = Checkpoint::open(&signed.note, signed.key.public()).expect("signed");
    let at = |size: u64| {
        let root = signed.tree.root(TreeSize(size)).expect("inside");
        Checkpoint { size: TreeSize(size), root, position: Position(size), ..newer.clone() }
    };
    let all = Consistency { fits_older: true, fits_newer: true, extends: true };
    for size in [0, 1, 2, 7, 8, EVENTS - 2] {
        assert_eq!(Consistency::between(&at(size), &newer, &signed.tree), all, "{size}");
    }
    let forged = Checkpoint { root: [9; 32], ..at(7) };
    assert_eq!(
        Consistency::between(&forged, &newer, &signed.tree),
        Consistency { fits_older: false, extends: false, ..all }
    );
    assert_eq!(
        Consistency::between(&at(3), &forged, &signed.tree),
        Consistency { fits_newer: false, extends: false, ..all }
    );
    assert_eq!(Consistency::between(&newer, &at(7), &signed.tree), Consistency { extends: false, ..all });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_it_is_given_it_ends(bytes in prop::collection::vec(any::<u8>(), 0..400), text in "[\\[\\]{}\":,0-9a-z\\\\ \n]{0,300}") {
        let key = CheckpointKey::generate(crate::port::Identity { log_id: Uuid::from_u128(1), generation: 1 });
        prop_assert!(check(&bytes, key.public()).is_err());
        prop_assert!(check(text.as_bytes(), key.public()).is_err());
    }

    /// Well-formed files with arbitrary fields are refused without a panic.
    #[test]
    fn whatever_stands_in_the_fields_it_ends(
        index in any::<u64>(), version in any::<u64>(), schema in any::<u32>(), text in "\\PC{0,40}", path in 0usize..70, note in "\\PC{0,80}",
    ) {
        let key = CheckpointKey::generate(crate::port::Identity { log_id: Uuid::from_u128(1), generation: 1 });
        let size = TreeSize(index.saturating_add(version));
        let checkpoint = Checkpoint {
            log: crate::port::Identity { log_id: Uuid::from_u128(1), generation: 1 },
            size, root: [1; 32], position: Position(size.0), signed_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let entry = Entry {
            leaf_index: LeafIndex(index), position: Some(Position(index)), stream: text.clone(), version: crate::StreamVersion(version),
            event_id: Uuid::nil(), event_type: text.clone(), schema, recorded_at: text.clone(), actor: text.clone(), subject: None,
            key_id: Some(text.clone()), correlation_id: Uuid::nil(), causation_id: None, data: text, personal: Some(Hex(vec![1; path])),
            prev_hash: Hex([0; 32]), hash: Hex([0; 32]), path: vec![Hex([3; 32]); path],
        };
        let mut well_formed = entry.clone();
        (well_formed.stream, well_formed.recorded_at) = ("session-x".to_owned(), "2026-11-25T20:55:00.000001Z".to_owned());
        well_formed.hash = Hex(well_formed.computed_hash().unwrap_or_default());
        for events in [vec![entry.clone()], vec![well_formed.clone(), entry], vec![well_formed]] {
            for checkpoint in [note.clone(), checkpoint.sign(&key)] {
                let proof = Proof { format: FORMAT.to_owned(), checkpoint, events: events.clone() };
                prop_assert!(check(proof.text().as_bytes(), key.public()).is_err());
            }
        }
    }
}
