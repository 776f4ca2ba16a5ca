//! The vault's frozen formats: the id of a data key, and the bytes of a sealed part.

use std::{fs, sync::Arc};

use event_store::{
    Actor, KeyClass, SealedEvent,
    vault::{key_id, seal},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{folder, must_be_there};

/// The files that hold no event.
pub(super) const FILES: [&str; 2] = ["key-id.json", "sealed-part.json"];

const SUBJECT: Uuid = uuid::uuid!("0b5f2c1e-6d1a-4a55-9f5e-1f6f0c9a7d11");
const CLASSES: [KeyClass; 4] = [KeyClass::Message, KeyClass::Contact, KeyClass::Note, KeyClass::Staff];

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyIds {
    subject: Uuid,
    at: Timestamp,
    by_class: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedPart {
    data_key: String,
    event_id: Uuid,
    event_type: String,
    key_id: String,
    plain: String,
    /// Format (1) | content mark (16) | nonce (12) | ciphertext and tag.
    sealed: String,
}

fn read<T: for<'a> Deserialize<'a>>(name: &str) -> T {
    serde_json::from_str(&fs::read_to_string(folder().join(name)).unwrap()).unwrap()
}

/// The last moment of November, UTC, in a zone where it is December: the month is UTC's.
fn last_of_november() -> Timestamp {
    "2026-12-01T07:59:59.999999+08:00".parse().unwrap()
}

fn key_ids(at: Timestamp) -> KeyIds {
    let by_class = CLASSES.map(|class| (class.as_str().to_owned(), key_id(SUBJECT, class, at).to_string()));
    KeyIds { subject: SUBJECT, at, by_class: by_class.to_vec() }
}

fn key_of(part: &SealedPart) -> seal::DataKey {
    let mut secret = [0; 32];
    hex::decode_to_slice(&part.data_key, &mut secret).unwrap();
    seal::DataKey::from_secret(secret.into())
}

fn event_of(part: &SealedPart) -> SealedEvent {
    SealedEvent {
        event_id: part.event_id,
        event_type: part.event_type.as_str().into(),
        schema: 1,
        actor: Actor::new("customer", &SUBJECT.to_string()),
        subject: Some(SUBJECT),
        key_id: Some(part.key_id.as_str().into()),
        correlation_id: Uuid::nil(),
        causation_id: None,
        data: "{}".into(),
        personal: None,
    }
}

fn new_sealed_part() -> SealedPart {
    let secret: Vec<u8> = (0..32).collect();
    let mut part = SealedPart {
        data_key: hex::encode(secret),
        event_id: uuid::uuid!("018f6b5e-0000-7000-8000-00000000002a"),
        event_type: "session.customer_message_sent".to_owned(),
        key_id: format!("{SUBJECT}/message/2026-11"),
        plain: r#"{"text":"刹车异响，怎么办？"}"#.to_owned(),
        sealed: String::new(),
    };
    let binding = seal::binding(&event_of(&part), &part.key_id);
    part.sealed = hex::encode(seal::seal(&key_of(&part), &binding, part.plain.as_bytes()));
    part
}

#[test]
fn key_id_is_subject_class_and_month() {
    must_be_there("key-id.json", &key_ids(last_of_november()));
    let golden: KeyIds = read("key-id.json");
    assert_eq!(golden, key_ids(golden.at));
    assert!(golden.by_class.iter().all(|(class, id)| *id == format!("{SUBJECT}/{class}/2026-11")));
}

#[test]
fn golden_sealed_part_opens() {
    must_be_there("sealed-part.json", &new_sealed_part());
    let part: SealedPart = read("sealed-part.json");
    let sealed = hex::decode(&part.sealed).unwrap();
    let binding = seal::binding(&event_of(&part), &part.key_id);
    let opened = seal::open(&key_of(&part), &binding, &sealed).map(String::from_utf8);
    assert_eq!(opened, Some(Ok(part.plain.clone())));
    assert!(seal::holds(&key_of(&part), &sealed, part.plain.as_bytes()));
}

#[test]
fn sealed_part_is_format_mark_nonce_and_ciphertext() {
    let part: SealedPart = read("sealed-part.json");
    let sealed = hex::decode(&part.sealed).unwrap();
    assert_eq!(sealed[0], 1);
    assert_eq!(sealed.len(), 1 + 16 + 12 + part.plain.len() + 16);
    let again = seal::seal(&key_of(&part), b"elsewhere", part.plain.as_bytes());
    assert_eq!(again[..17], sealed[..17], "the mark depends on key and text alone");
    assert_ne!(again[17..29], sealed[17..29], "a nonce is never used twice");
}

#[test]
fn sealed_part_opens_only_with_its_event_type_and_key() {
    let part: SealedPart = read("sealed-part.json");
    let sealed = hex::decode(&part.sealed).unwrap();
    let other_id = SealedEvent { event_id: Uuid::nil(), ..event_of(&part) };
    let other_type = SealedEvent { event_type: Arc::from("session.opened"), ..event_of(&part) };
    let bindings = [
        seal::binding(&other_id, &part.key_id),
        seal::binding(&other_type, &part.key_id),
        seal::binding(&event_of(&part), "another key"),
    ];
    for binding in bindings {
        assert!(seal::open(&key_of(&part), &binding, &sealed).is_none());
    }
}
