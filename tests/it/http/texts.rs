//! Every accepted string is shown unchanged everywhere, and a name in its one form.

use domain::text::{
    SessionName,
    form::{composed, is_blank},
};
use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};
use serde_json::{Map, Value, json};
use tests::desk::{Customer, Frames};

use super::{LIMIT, desk, ok};

/// Any text without U+0000, often with characters that are special in databases, JSON, HTML or terminals.
fn text(longest: usize) -> impl Strategy<Value = String> {
    let special = prop::sample::select(&[
        '"',
        '\\',
        '\'',
        '%',
        '_',
        ';',
        '<',
        '&',
        '\n',
        '\r',
        '\t',
        '\u{1}',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{2028}',
        '\u{202e}',
        '\u{feff}',
        '\u{fffd}',
        '\u{fffe}',
        '\u{ffff}',
        '\u{10ffff}',
        '\u{300}',
        '\u{200d}',
        '电',
        '😀',
        '𠮷',
        '$',
        '{',
        ' ',
    ]);
    let character = prop_oneof![special, any::<char>().prop_map(|c| if c == '\0' { '\u{1}' } else { c })];
    prop::collection::vec(character, 1..longest).prop_map(|characters| characters.into_iter().collect())
}

fn message() -> impl Strategy<Value = String> {
    text(120).prop_map(|text| if is_blank(&text) { text + "m" } else { text })
}

/// A valid name in NFC: forbidden characters are removed, and a letter is added.
fn name() -> impl Strategy<Value = String> {
    let is_allowed = |c: &char| SessionName::parse(format!("n{c}")).is_ok();
    let parsed = text(100).prop_map(move |text| text.chars().filter(is_allowed).chain(['n']).collect::<String>());
    parsed.prop_map(|name| composed(&name).into_owned())
}

fn parameters() -> impl Strategy<Value = Map<String, Value>> {
    let leaf = prop_oneof![
        text(20).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null)
    ];
    let value = leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text(10), inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map(text(20), value, 0..4).prop_map(|map| map.into_iter().collect())
}

/// A name as a path segment.
fn escaped(name: &str) -> String {
    name.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn message_text_round_trips_through_every_view() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cases = u32::try_from(tests::test_scale::count(64, 2_000)).unwrap();
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let run = TestRunner::new(config).run(&(name(), message(), parameters()), |(name, message, parameters)| {
        runtime.block_on(comes_back(&name, &message, &parameters))
    });
    run.unwrap();
}

async fn comes_back(name: &str, message: &str, parameters: &Map<String, Value>) -> Result<(), TestCaseError> {
    let (customer, path) = (desk().customer(), format!("/api/sessions/{}", escaped(name)));
    let body = json!({"user_id": name, "message": message, "parameters": parameters});
    let answer = ok(customer.post("/api/chat", &body).await.unwrap()).await;
    prop_assert_eq!(&answer["session_name"], name);
    let shown = ok(customer.get(&format!("{path}?min_position={}", answer["position"])).await.unwrap()).await;
    prop_assert_eq!(&shown["data"]["session"]["session_name"], name);
    prop_assert_eq!(&shown["data"]["session"]["history"][0]["content"], message);
    let sent = in_session_events(&customer, &path).await;
    prop_assert_eq!(&sent["text"], message);
    prop_assert_eq!(sent.get("parameters").cloned().unwrap_or(json!({})), Value::Object(parameters.clone()));
    let position = answer["position"].as_u64().unwrap();
    prop_assert_eq!(in_log(&answer, position).await, sent);
    in_list(&answer, name).await
}

async fn in_session_events(customer: &Customer, path: &str) -> Value {
    let mut frames = Frames::of(customer.get(&format!("{path}/events")).await.unwrap());
    frames.next_within(LIMIT).await.unwrap();
    frames.next_within(LIMIT).await.unwrap().data["personal"].clone()
}

/// The message in the log, read from shortly before the answer.
async fn in_log(answer: &Value, position: u64) -> Value {
    let after = format!("/api/events?after={}", position.saturating_sub(40));
    let request = desk().staff().request(reqwest::Method::GET, &after).header("Accept", "application/x-ndjson");
    let text = request.send().await.unwrap().text().await.unwrap();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let stream = format!("session-{}", answer["session_id"].as_str().unwrap());
    let mut of_session = events.filter(|event| event["stream"] == stream.as_str());
    of_session.find(|event| event["type"] == "session.customer_message_sent").unwrap()["personal"].clone()
}

async fn in_list(answer: &Value, name: &str) -> Result<(), TestCaseError> {
    let path = format!("/api/sessions?limit=200&min_position={}", answer["position"]);
    let list = ok(desk().staff().get(&path).await.unwrap()).await["data"]["sessions"].clone();
    let row = list.as_array().unwrap().iter().find(|row| row["session_id"] == answer["session_id"]).unwrap().clone();
    prop_assert_eq!(&row["session_name"], name);
    let reply = answer["message"].as_str().unwrap();
    let beginning: String = reply.chars().take(50).collect();
    let preview = if reply.chars().count() > 50 { beginning + "..." } else { beginning };
    prop_assert_eq!(&row["last_message_preview"]["content"], &preview);
    Ok(())
}
