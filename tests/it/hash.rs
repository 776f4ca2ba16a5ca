//! The program's hash matches the vectors of `docs/event-hash.md`, so that neither can change without the other.

use event_store::{
    Actor, SealedEvent, StreamName, StreamVersion,
    event::parse_time_text,
    hash::{NO_HASH, event_hash},
};
use serde::Deserialize;
use uuid::Uuid;

/// As printed in the page.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Vector {
    prev_hash: String,
    stream: String,
    version: u64,
    event_id: Uuid,
    r#type: String,
    schema: u32,
    recorded_at: String,
    actor: String,
    subject: Option<Uuid>,
    key_id: Option<String>,
    correlation_id: Uuid,
    causation_id: Option<Uuid>,
    data: String,
    personal: Option<String>,
    input_bytes: usize,
    hash: String,
}

impl Vector {
    fn event(&self) -> SealedEvent {
        SealedEvent {
            event_id: self.event_id,
            event_type: self.r#type.as_str().into(),
            schema: self.schema,
            actor: Actor::from_stored(&self.actor),
            subject: self.subject,
            key_id: self.key_id.as_deref().map(Into::into),
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            data: self.data.as_str().into(),
            personal: self.personal.as_ref().map(|hex| hex::decode(hex).unwrap().into()),
        }
    }

    fn computed(&self) -> String {
        let prev_hash = hex::decode(&self.prev_hash).unwrap().try_into().unwrap();
        let stream = StreamName::parse(&self.stream).unwrap();
        let recorded_at = parse_time_text(&self.recorded_at).unwrap();
        hex::encode(event_hash(&prev_hash, &stream, StreamVersion(self.version), recorded_at, &self.event()))
    }

    /// Label, previous hash, thirteen lengths, and the fields.
    fn input_length(&self) -> usize {
        let numbers = self.version.to_string().len() + self.schema.to_string().len();
        let texts = self.stream.len() + self.r#type.len() + self.recorded_at.len() + self.actor.len() + self.data.len();
        let ids = 16 * (2 + usize::from(self.subject.is_some()) + usize::from(self.causation_id.is_some()));
        let sealed =
            self.key_id.as_ref().map_or(0, String::len) + self.personal.as_ref().map_or(0, |hex| hex.len() / 2);
        18 + 32 + 13 * 4 + numbers + texts + ids + sealed
    }
}

fn published() -> Vec<Vector> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/event-hash.md")).unwrap();
    let blocks = page.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap().to_owned());
    blocks.map(|block| serde_json::from_str(&block).unwrap()).collect()
}

#[test]
fn event_hash_matches_the_published_vectors() {
    let vectors = published();
    assert!(vectors.len() >= 5);
    for (n, vector) in vectors.iter().enumerate() {
        assert_eq!(vector.computed(), vector.hash, "vector {}", n + 1);
        assert_eq!(vector.input_length(), vector.input_bytes, "vector {}", n + 1);
    }
}

#[test]
fn published_hash_vectors_cover_every_case() {
    let vectors = published();
    assert!(
        vectors
            .iter()
            .any(|v| v.subject.is_some() && v.key_id.is_some() && v.causation_id.is_some() && v.personal.is_some())
    );
    assert!(
        vectors
            .iter()
            .any(|v| v.subject.is_none() && v.key_id.is_none() && v.causation_id.is_none() && v.personal.is_none())
    );
    assert!(vectors.iter().any(|v| !v.data.is_ascii()));
    let first = vectors.iter().find(|v| v.prev_hash == hex::encode(NO_HASH)).unwrap();
    assert!(vectors.iter().any(|v| v.version == 2 && v.stream == first.stream && v.prev_hash == first.hash));
}

/// A change of any field, also from absent to empty, gives another hash.
#[test]
fn event_hash_covers_every_field() {
    let vector = published().remove(0);
    let change = |change: fn(&mut Vector)| {
        let mut other = vector.clone();
        change(&mut other);
        other.computed()
    };
    let mut hashes = vec![
        vector.computed(),
        change(|v| v.prev_hash = v.hash.clone()),
        change(|v| v.stream.push('0')),
        change(|v| v.version += 1),
        change(|v| v.event_id = Uuid::nil()),
        change(|v| v.r#type.push('x')),
        change(|v| v.schema += 1),
        change(|v| v.recorded_at = "2026-11-23T02:40:07.123457Z".into()),
        change(|v| v.actor.push('x')),
        change(|v| v.subject = None),
        change(|v| v.subject = Some(Uuid::nil())),
        change(|v| v.key_id = None),
        change(|v| v.key_id = Some(String::new())),
        change(|v| v.correlation_id = Uuid::nil()),
        change(|v| v.causation_id = None),
        change(|v| v.causation_id = Some(Uuid::nil())),
        change(|v| v.data.push(' ')),
        change(|v| v.data.clear()),
        change(|v| v.personal = None),
        change(|v| v.personal = Some(String::new())),
    ];
    let count = hashes.len();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}
