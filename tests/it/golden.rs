//! Stored events stay readable: every file in `tests/golden` decodes, and events of the current schema encode to the same bytes.
//!
//! Invariant: no test here writes over a golden file; `GOLDEN_ADD=1` only adds those that are missing.

pub(crate) mod example;
mod vault;

use std::{collections::BTreeSet, fs, path::PathBuf};

use domain::{Class, Encoded, PersonalText, access, agent, customer, session, settings};
use serde::{Deserialize, Serialize};

/// A golden file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    event_type: String,
    schema: u32,
    data: String,
    personal: Option<String>,
    personal_class: Option<String>,
    personal_state: PersonalState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PersonalState {
    Absent,
    Known,
    Erased,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn class_name(class: Class) -> &'static str {
    match class {
        Class::Message => "message",
        Class::Contact => "contact",
        Class::Note => "note",
        Class::Staff => "staff",
    }
}

impl Golden {
    fn of(stored: &Encoded) -> Self {
        Self {
            event_type: stored.event_type.to_owned(),
            schema: stored.schema,
            data: stored.data.clone(),
            personal: stored.personal.as_ref().map(|(_, json)| json.clone()),
            personal_class: stored.personal.as_ref().map(|(class, _)| class_name(*class).to_owned()),
            personal_state: if stored.personal.is_some() { PersonalState::Known } else { PersonalState::Absent },
        }
    }

    fn erased(self) -> Self {
        match self.personal_state {
            PersonalState::Known => Self { personal: None, personal_state: PersonalState::Erased, ..self },
            PersonalState::Absent | PersonalState::Erased => self,
        }
    }

    fn file_name(&self, twin: bool) -> String {
        format!("{}.{}{}.json", self.event_type, self.schema, if twin { ".erased" } else { "" })
    }

    /// Decoded and encoded by the codec of its kind of stream.
    fn written_back(&self) -> Encoded {
        let personal = match (self.personal_state, &self.personal) {
            (PersonalState::Known, Some(json)) => PersonalText::Known(json.clone()),
            (PersonalState::Erased, None) => PersonalText::Erased,
            (PersonalState::Absent, None) => PersonalText::Absent,
            (state, _) => panic!("{} is {state:?} and says otherwise", self.event_type),
        };
        let (event_type, schema, data) = (&*self.event_type, self.schema, &*self.data);
        let written = match event_type.split_once('.') {
            Some(("access", _)) => {
                access::decode(event_type, schema, data, personal).map(|event| access::encode(&event))
            }
            Some(("agent", _)) => agent::decode(event_type, schema, data, personal).map(|event| agent::encode(&event)),
            Some(("customer", _)) => {
                customer::decode(event_type, schema, data, personal).map(|event| customer::encode(&event))
            }
            Some(("settings" | "log", _)) => {
                settings::decode(event_type, schema, data, personal).map(|event| settings::encode(&event))
            }
            _session => session::decode(event_type, schema, data, personal).map(|event| session::encode(&event)),
        };
        written.unwrap_or_else(|error| panic!("{event_type} schema {schema}: {error}"))
    }
}

/// Every golden event with its file's name.
fn all() -> Vec<(String, Golden)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".json") && name.contains('.') && !vault::FILES.contains(&name.as_str()) {
            let text = fs::read_to_string(folder().join(&name)).unwrap();
            let golden = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            found.push((name, golden));
        }
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

/// Of every kind of stream.
fn every_known_type() -> impl Iterator<Item = &'static str> {
    let kinds = [
        session::codec::EVENT_TYPES,
        agent::codec::EVENT_TYPES,
        customer::codec::EVENT_TYPES,
        access::codec::EVENT_TYPES,
        settings::codec::EVENT_TYPES,
    ];
    kinds.into_iter().flatten().copied()
}

fn current_schemas() -> BTreeSet<(&'static str, u32)> {
    example::every_type().iter().map(|stored| (stored.event_type, stored.schema)).collect()
}

/// Fails if the file is missing, or writes it with `GOLDEN_ADD`.
fn must_be_there(name: &str, content: &impl Serialize) {
    let path = folder().join(name);
    if path.exists() {
        return;
    }
    assert!(std::env::var_os("GOLDEN_ADD").is_some(), "tests/golden/{name} is missing: see the README there");
    fs::write(path, serde_json::to_string_pretty(content).unwrap() + "\n").unwrap();
}

#[test]
fn every_event_type_has_a_golden_example_and_its_erased_twin() {
    let types: BTreeSet<&str> = current_schemas().into_iter().map(|(event_type, _)| event_type).collect();
    assert_eq!(types, every_known_type().collect(), "example.rs names every type");
    for stored in example::every_type() {
        let golden = Golden::of(&stored);
        must_be_there(&golden.file_name(false), &golden);
        let twin = golden.erased();
        must_be_there(&twin.file_name(true), &twin);
    }
}

#[test]
fn every_golden_event_decodes() {
    let all = all();
    assert!(all.len() >= 2 * every_known_type().count(), "only {} files", all.len());
    for (name, golden) in all {
        assert_eq!(name, golden.file_name(name.ends_with(".erased.json")));
        golden.written_back();
    }
}

#[test]
fn golden_events_of_the_current_schema_encode_byte_for_byte() {
    for (name, golden) in all() {
        let stored = golden.written_back();
        if stored.schema != golden.schema {
            continue;
        }
        assert_eq!(stored.data, golden.data, "{name}");
        assert_eq!(stored.personal.as_ref().map(|(_, json)| json), golden.personal.as_ref(), "{name}");
    }
}

#[test]
fn key_class_of_an_event_type_never_changes() {
    for (name, golden) in all() {
        let Some((class, _)) = golden.written_back().personal else { continue };
        assert_eq!(Some(class_name(class)), golden.personal_class.as_deref(), "{name}");
    }
}

#[test]
fn every_earlier_schema_has_golden_files() {
    let files: BTreeSet<String> = all().into_iter().map(|(name, _)| name).collect();
    for (event_type, current) in current_schemas() {
        for schema in 1..=current {
            for twin in ["", ".erased"] {
                let name = format!("{event_type}.{schema}{twin}.json");
                assert!(files.contains(&name), "{name} is missing");
            }
        }
    }
}

#[test]
fn erased_twin_differs_only_in_its_personal_part() {
    let all = all();
    for (name, golden) in all.iter().filter(|(name, _)| !name.ends_with(".erased.json")) {
        let twin = all.iter().find(|(other, _)| *other == golden.file_name(true));
        let twin = &twin.unwrap_or_else(|| panic!("{name} has no twin")).1;
        assert_eq!(*twin, golden.clone().erased(), "{name}");
        assert_eq!(twin.written_back().data, golden.written_back().data, "{name}");
    }
}

#[test]
fn plain_parts_of_golden_events_hold_nothing_personal() {
    for (name, golden) in all() {
        for marked in ["王小明", "xiaoming", "刹车", "session_17638", "shop-4711", "anna", "argon2", "192.0.2.7"] {
            assert!(!golden.data.contains(marked), "{name} shows {marked}");
        }
    }
}
