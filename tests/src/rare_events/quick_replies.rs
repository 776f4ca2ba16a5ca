//! Quick replies are written, changed and removed: the shop's, an agent's own, and one of the first set.

use domain::settings::quick_reply::first_set;
use event_store::{Actor, Expected, KeyClass, NewEvent, PersonalPart, StreamName};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::shop::{Append, Step};

const AGENT: Uuid = Uuid::from_u128(0xa9e7);
const SHARED: Uuid = Uuid::from_u128(0x5a4ed);
const REMOVED: Uuid = Uuid::from_u128(0x4e307ed);
const OWN: Uuid = Uuid::from_u128(0x0e4);

/// So many steps lie between two of these events: early enough for short logs.
const APART: usize = 12;

/// The events, each some steps after the one before.
pub(super) fn are_written(steps: &mut Vec<Step>) {
    let changed = first_set::all()[0].0.0;
    let removed = first_set::all()[11].0.0;
    let events = [
        saved(SHARED, 1, "Hello", "en"),
        own(1, "Mein Gruß"),
        saved(REMOVED, 1, "Soon gone", "en"),
        saved(changed, 2, "欢迎光临", "zh"),
        saved(SHARED, 2, "Bonjour", "fr"),
        gone(REMOVED, 2),
        gone(removed, 2),
        own(2, "Mein anderer Gruß"),
    ];
    for (place, what) in (1..).map(|number| number * (APART + 1)).zip(events) {
        let Some(at) = steps.iter().take(place).rev().find_map(time_of) else { return };
        if place > steps.len() {
            return;
        }
        steps.insert(place, step(what, at));
    }
}

fn time_of(step: &Step) -> Option<Timestamp> {
    match step {
        Step::Appended(append) => Some(append.at),
        Step::Erased { .. } => None,
    }
}

/// Type, plain part, and of an agent's own the personal part.
type What = (&'static str, Value, Option<Value>);

fn saved(reply: Uuid, version: u32, title: &str, language: &str) -> What {
    let data = json!({"reply": reply, "version": version, "title": title, "content": format!("{title}, {{{{customer.name}}}}"),
        "category": if version == 1 { "greeting" } else { "自定义" }, "language": language});
    ("settings.quick_reply_saved", data, None)
}

fn own(version: u32, title: &str) -> What {
    let data = json!({"reply": OWN, "version": version, "owner": AGENT, "category": "greeting", "language": "de"});
    ("settings.personal_quick_reply_saved", data, Some(json!({"title": title, "content": title})))
}

fn gone(reply: Uuid, version: u32) -> What {
    ("settings.quick_reply_removed", json!({"reply": reply, "version": version}), None)
}

fn step((event_type, data, personal): What, at: Timestamp) -> Step {
    let id = Uuid::new_v5(&AGENT, data.to_string().as_bytes());
    let stream = if personal.is_some() {
        format!("settings-quick_replies-{AGENT}")
    } else {
        "settings-quick_replies".to_owned()
    };
    let event = NewEvent {
        event_id: id,
        event_type,
        schema: 1,
        actor: Actor::new("agent", &AGENT.to_string()),
        correlation_id: id,
        causation_id: None,
        data: data.to_string(),
        personal: personal.map(|part| PersonalPart { subject: AGENT, class: KeyClass::Staff, json: part.to_string() }),
    };
    let stream = StreamName::parse(&stream).expect("a word and an id are a good name");
    Step::Appended(Append { stream, expected: Expected::Any, at, events: vec![event] })
}
