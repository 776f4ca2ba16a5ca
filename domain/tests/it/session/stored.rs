//! The codec: what is written is read back the same, what is erased keeps its plain part, and no bytes make it panic.

use std::collections::BTreeSet;

use domain::{
    DecodeError, Encoded, Language, PersonalText,
    session::{
        Event,
        codec::EVENT_TYPES,
        decode, encode,
        event::{Recipient, ReturnReason},
        priority::PriorityClass,
    },
};
use proptest::{prelude::*, strategy::ValueTree};
use serde_json::{Map, Value, json};

use super::{arbitrary, samples};

/// The personal part as a reader with keys gets it.
pub(crate) fn known(stored: &Encoded) -> PersonalText {
    stored.personal.as_ref().map_or(PersonalText::Absent, |(_, json)| PersonalText::Known(json.clone()))
}

/// The personal part after its key was destroyed.
pub(crate) fn erased(stored: &Encoded) -> PersonalText {
    stored.personal.as_ref().map_or(PersonalText::Absent, |_| PersonalText::Erased)
}

fn sealed(stored: &Encoded) -> PersonalText {
    stored.personal.as_ref().map_or(PersonalText::Absent, |_| PersonalText::Sealed)
}

/// Writes an event and reads it again.
pub(crate) fn reread(event: &Event) -> Result<Event, DecodeError> {
    let stored = encode(event);
    decode(stored.event_type, stored.schema, &stored.data, known(&stored))
}

fn any_type() -> impl Strategy<Value = &'static str> {
    prop::sample::select(EVENT_TYPES)
}

/// A personal part of any kind, made in two steps because the real one is not to be printed.
fn any_personal() -> impl Strategy<Value = (u8, String)> {
    (0..4u8, prop_oneof![any::<String>(), arbitrary::json().prop_map(|json| json.to_string())])
}

fn personal_of((kind, text): (u8, String)) -> PersonalText {
    match kind {
        0 => PersonalText::Absent,
        1 => PersonalText::Erased,
        2 => PersonalText::Sealed,
        _ => PersonalText::Known(text),
    }
}

/// One field of an object is left out, renamed or filled with something else.
fn damage(json: &str, at: &prop::sample::Index, how: u8, with: Value) -> String {
    let mut map: Map<String, Value> = serde_json::from_str(json).unwrap();
    let keys: Vec<String> = map.keys().cloned().collect();
    if !keys.is_empty() {
        let key = at.get(&keys);
        let value = map.remove(key).unwrap();
        match how {
            0 => {}
            1 => drop(map.insert(format!("{key}_"), value)),
            _ => drop(map.insert(key.clone(), with)),
        }
    }
    Value::Object(map).to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn stored_events_round_trip(event in arbitrary::event()) {
        prop_assert_eq!(reread(&event).unwrap(), event);
    }

    #[test]
    fn encoding_a_decoded_event_gives_the_same_bytes(event in arbitrary::event()) {
        let stored = encode(&event);
        prop_assert!(encode(&reread(&event).unwrap()) == stored);
    }

    #[test]
    fn an_erased_event_keeps_everything_plain(event in arbitrary::event()) {
        let stored = encode(&event);
        for (part, shown) in [(erased(&stored), "[erased]"), (sealed(&stored), "[sealed]")] {
            let twin = decode(stored.event_type, stored.schema, &stored.data, part).unwrap();
            let says_so = format!("{twin:?}").contains(shown);
            prop_assert!(says_so || stored.personal.is_none());
            let twin = encode(&twin);
            prop_assert_eq!(&twin.data, &stored.data);
            prop_assert_eq!((twin.event_type, twin.schema), (stored.event_type, stored.schema));
            prop_assert!(twin.personal.is_none());
        }
    }

    #[test]
    fn nothing_personal_is_in_the_plain_part_or_in_a_debug_line(event in arbitrary::event()) {
        let mut stored = encode(&event);
        if let Some((_, part)) = &mut stored.personal {
            let mut map: Map<String, Value> = serde_json::from_str(part).unwrap();
            for field in ["text", "session_name", "shown", "details", "reason", "email", "comment"] {
                if map.contains_key(field) {
                    map.insert(field.to_owned(), json!("Frau Müller"));
                }
            }
            *part = Value::Object(map).to_string();
        }
        let marked = decode(stored.event_type, stored.schema, &stored.data, known(&stored)).unwrap();
        prop_assert!(!encode(&marked).data.contains("Müller"));
        let line = format!("{marked:?}");
        prop_assert!(!line.contains("Müller"));
    }

    #[test]
    fn arbitrary_text_does_not_make_decoding_panic(event_type in any_type(), schema in 0..4u32, data: String, personal in any_personal()) {
        drop(decode(event_type, schema, &data, personal_of(personal)));
    }

    #[test]
    fn arbitrary_json_does_not_make_decoding_panic(event_type in any_type(), data in arbitrary::json(), personal in any_personal()) {
        drop(decode(event_type, 1, &data.to_string(), personal_of(personal)));
    }

    #[test]
    fn a_damaged_event_is_refused_or_read_but_never_quoted(
        event in arbitrary::event(), at: prop::sample::Index, how in 0..3u8, with in arbitrary::json(),
    ) {
        let stored = encode(&event);
        drop(decode(stored.event_type, stored.schema, &damage(&stored.data, &at, how, with), known(&stored)));
        if let Some((_, part)) = &stored.personal {
            let part = damage(part, &at, how, json!({"Frau Müller": "Frau Müller"}));
            let refused = decode(stored.event_type, stored.schema, &stored.data, PersonalText::Known(part));
            let quoted = refused.is_err_and(|error| format!("{error} {error:?}").contains("Müller"));
            prop_assert!(!quoted);
        }
    }

    #[test]
    fn a_personal_part_must_be_there_exactly_where_the_type_has_one(event in arbitrary::event()) {
        let stored = encode(&event);
        let wrong = match stored.personal {
            Some(_) => PersonalText::Absent,
            None => PersonalText::Erased,
        };
        let refused = decode(stored.event_type, stored.schema, &stored.data, wrong);
        let said_so = matches!(refused, Err(DecodeError::PersonalPart { .. }));
        prop_assert!(said_so);
    }
}

#[test]
fn arbitrary_events_are_of_every_type() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = arbitrary::event();
    let seen: BTreeSet<&str> =
        (0..2_000).map(|_| encode(&strategy.new_tree(&mut runner).unwrap().current()).event_type).collect();
    assert_eq!(seen, EVENT_TYPES.iter().copied().collect());
}

#[test]
fn an_unknown_type_or_schema_is_refused_by_name() {
    let unknown = |event_type, schema| match decode(event_type, schema, "{}", PersonalText::Absent) {
        Err(DecodeError::Unknown { event_type, schema }) => Some((event_type, schema)),
        _ => None,
    };
    assert_eq!(unknown("session.flew_away", 1), Some(("session.flew_away".to_owned(), 1)));
    for event_type in EVENT_TYPES {
        for schema in [0, 99, u32::MAX] {
            assert_eq!(unknown(event_type, schema), Some(((*event_type).to_owned(), schema)));
        }
    }
}

/// The JSON of an event as the first program wrote it.
fn first_schema(event_type: &str, data: &str, personal: PersonalText) -> Event {
    decode(event_type, 1, data, personal).unwrap()
}

#[test]
fn messages_of_the_first_schema_went_to_the_assistant_and_were_read_by_no_rule() {
    let id = uuid::Uuid::nil();
    let data = json!({"message": id, "episode": 2, "language": "en", "incarnation": id}).to_string();
    let Event::CustomerMessageSent(sent) = first_schema("session.customer_message_sent", &data, PersonalText::Erased)
    else {
        panic!()
    };
    assert_eq!((sent.recipient, sent.rule_signals, sent.episode), (Recipient::Assistant, vec![], 2));
    let data =
        json!({"run": id, "attempt": 1, "message": id, "answers": [id], "outcome": "answered", "language": "zh"});
    let Event::AssistantReplied(replied) =
        first_schema("session.assistant_replied", &data.to_string(), PersonalText::Erased)
    else {
        panic!()
    };
    assert_eq!((replied.rule_signals, replied.answers.len()), (vec![], 1));
}

#[test]
fn queues_of_the_first_schema_had_neither_class_nor_group() {
    let data = json!({"reason": "keyword", "rule": "R2", "severity": "high", "policy_version": 3, "messages": []});
    let Event::Escalated(escalated) = first_schema("session.escalated", &data.to_string(), PersonalText::Erased) else {
        panic!()
    };
    assert_eq!((escalated.class, escalated.group), (PriorityClass::Normal, None));
    assert_eq!((escalated.language, escalated.rule.as_str()), (Language::Zh, "R2"));
    let data = json!({"agent": uuid::Uuid::nil(), "reason": "agent_lost"}).to_string();
    let Event::ReturnedToQueue(returned) = first_schema("session.returned_to_queue", &data, PersonalText::Absent)
    else {
        panic!()
    };
    assert_eq!((returned.reason, returned.group), (ReturnReason::AgentLost, None));
}

#[test]
fn who_released_a_session_in_the_first_schema_had_it_resolved() {
    let data = json!({"agent": uuid::Uuid::nil()}).to_string();
    let Event::Released(released) = first_schema("session.released", &data, PersonalText::Absent) else { panic!() };
    assert_eq!(released.reason.as_str(), "resolved");
}

#[test]
fn deeply_nested_json_is_refused() {
    let deep = "[".repeat(100_000);
    for event_type in EVENT_TYPES {
        assert!(decode(event_type, 1, &deep, PersonalText::Absent).is_err());
        assert!(decode(event_type, 1, "{}", PersonalText::Known(deep.clone())).is_err());
    }
}

#[test]
fn the_samples_are_read_back_as_well() {
    for event in [samples::opened(), samples::said(1), samples::replied(1, 1, &[1]), samples::closed(&[1])] {
        assert_eq!(reread(&event).unwrap(), event);
    }
}

#[test]
fn a_fraction_that_the_shops_page_passed_along_does_not_drift() {
    let mut sent = samples::said(1);
    let Event::CustomerMessageSent(message) = &mut sent else { unreachable!() };
    let domain::Personal::Known(words) = &mut message.words else { unreachable!() };
    for n in 1..=500u32 {
        let coordinate = f64::from(n).sqrt() * 1e-7;
        words.parameters.insert(n.to_string(), json!(coordinate));
    }
    assert_eq!(reread(&sent).unwrap(), sent);
}
