//! What every schema and operation of the document must be, so that every generator of clients takes it. Each test names the place
//! that breaks a rule, and the rule.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{
    plain::{operations_at, plain, references},
    samples::BODIES,
};

const CHOICES: [&str; 2] = ["oneOf", "anyOf"];

/// First words of operations' names: each is a verb, so that the name reads well as a method.
const VERBS: &[&str] = &[
    "accept",
    "add",
    "cancel",
    "change",
    "chat",
    "check",
    "choose",
    "clear",
    "close",
    "count",
    "create",
    "deactivate",
    "decline",
    "disable",
    "download",
    "edit",
    "enable",
    "escalate",
    "follow",
    "identify",
    "issue",
    "list",
    "mark",
    "prepare",
    "publish",
    "rate",
    "reactivate",
    "refresh",
    "release",
    "remove",
    "render",
    "reopen",
    "replace",
    "report",
    "request",
    "reset",
    "respond",
    "return",
    "revoke",
    "roll",
    "save",
    "send",
    "set",
    "show",
    "sign",
    "start",
    "steal",
    "stream",
    "take",
    "test",
    "transfer",
];

fn served() -> Value {
    plain(&crate::routes::document())
}

/// Every value of the document with the path to it.
fn look(value: &Value, path: &str, at: &mut dyn FnMut(&Value, &str)) {
    at(value, path);
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| look(member, &format!("{path}/{name}"), at)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| look(item, &format!("{path}/{index}"), at))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Every choice between schemas, with the path to it.
fn choices(document: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    look(document, "", &mut |value, path| {
        let is_choice = CHOICES.iter().any(|choice| value.get(choice).is_some_and(Value::is_array));
        found.extend(is_choice.then(|| (path.to_owned(), value.clone())));
    });
    found
}

fn items(choice: &Value) -> Vec<Value> {
    CHOICES.iter().filter_map(|name| choice.get(name)?.as_array()).flatten().cloned().collect()
}

/// Every operation with its name in front of what it is asked for.
fn every_operation(check: impl Fn(&Map<String, Value>) -> Result<(), String>) {
    let mut document = served();
    let faults: Vec<String> = operations_at(&mut document)
        .filter_map(|(path, method, operation)| {
            Some(format!("{} {path}: {}", method.to_uppercase(), check(operation).err()?))
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn text<'a>(operation: &'a Map<String, Value>, name: &str) -> &'a str {
    operation.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn required(holds: bool, rule: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(rule.to_owned()) }
}

#[test]
fn no_choice_is_between_a_schema_and_null() {
    for (place, choice) in choices(&served()) {
        let has_null = items(&choice).iter().any(|item| item["type"] == "null");
        assert!(!has_null, "{place}: write the schema in place with `type: [..., null]`");
    }
}

#[test]
fn every_choice_of_schemas_is_told_apart_by_a_discriminator() {
    for (place, choice) in choices(&served()) {
        let of_texts = items(&choice).iter().all(|item| item["type"] == "string");
        let mapping = choice["discriminator"]["mapping"].as_object();
        let mapped = mapping.is_some_and(|mapping| {
            let items = items(&choice);
            items.iter().all(|item| mapping.values().any(|name| *name == item["$ref"])) && mapping.len() == items.len()
        });
        assert!(of_texts || mapped, "{place}: a discriminator must map to each of the schemas");
        assert!(
            of_texts || choice["discriminator"]["propertyName"].is_string(),
            "{place}: the discriminator has no property"
        );
    }
}

#[test]
fn no_schema_reaches_itself() {
    let document = served();
    let schemas = document["components"]["schemas"].as_object().expect("there are schemas");
    for name in schemas.keys() {
        let (mut open, mut reached) = (vec![name.clone()], BTreeSet::new());
        while let Some(next) = open.pop() {
            for target in references(&schemas[&next]) {
                assert_ne!(&target, name, "{next} leads back to {name}: describe any JSON as `{{}}`");
                open.extend(reached.insert(target.clone()).then_some(target));
            }
        }
    }
}

#[test]
fn every_schema_is_used_and_every_reference_leads_somewhere() {
    let document = served();
    let schemas = document["components"]["schemas"].as_object().expect("there are schemas");
    let used: BTreeSet<String> = references(&document).into_iter().collect();
    let known: BTreeSet<String> = schemas.keys().cloned().collect();
    assert_eq!(used, known);
}

#[test]
fn patterns_have_no_classes_of_unicode() {
    assert!(!served().to_string().contains(r"\\p{"), "not every generator's language has them");
}

#[test]
fn successes_of_an_operation_have_one_shape() {
    every_operation(|operation| {
        let responses = operation["responses"].as_object().expect("there are responses");
        let successes = responses.iter().filter(|(status, _)| status.starts_with('2'));
        let shapes: BTreeSet<String> = successes
            .filter_map(|(_, response)| Some(response.pointer("/content/application~1json/schema")?.to_string()))
            .collect();
        required(shapes.len() <= 1, "its successes have different shapes: generated methods read the first one alone")
    });
}

#[test]
fn every_operation_says_who_it_is_for() {
    let document = served();
    let tags = document["tags"].as_array().expect("there are tags");
    assert!(
        tags.iter().all(|tag| tag["description"].as_str().is_some_and(|told| told.ends_with('.'))),
        "a tag has a sentence"
    );
    let declared: Vec<&Value> = tags.iter().map(|tag| &tag["name"]).collect();
    every_operation(|operation| {
        required(
            operation.get("security").is_some_and(Value::is_array),
            "`security` is missing: [] where no token is needed",
        )?;
        let of = operation.get("tags").and_then(Value::as_array).cloned().unwrap_or_default();
        required(
            of.len() == 1 && of.iter().all(|tag| declared.contains(&tag)),
            "it needs one tag, of those that are declared",
        )
    });
}

#[test]
fn every_operation_has_a_summary_and_a_description_of_what_happens() {
    let event_types = event_types();
    every_operation(|operation| {
        let (summary, description) = (text(operation, "summary"), text(operation, "description").replace('\n', " "));
        required(summary.ends_with('.') && !summary.contains('\n'), "its summary is one line, a sentence")?;
        required(description.contains("Open to "), "its description says who may call it")?;
        let words: Vec<&str> = description.split('`').skip(1).step_by(2).collect();
        let events: Vec<&&str> = words.iter().filter(|word| is_event_type(word)).collect();
        let says_none = ["No event is recorded", "no event is recorded"].iter().any(|told| description.contains(told));
        required(
            !events.is_empty() || says_none || description.contains("Records what"),
            "its description says which events it records",
        )?;
        let unknown = events.iter().find(|event| !event_types.contains::<str>(event));
        required(unknown.is_none(), &format!("{unknown:?} is no type of events"))
    });
}

fn event_types() -> BTreeSet<&'static str> {
    let kinds = [
        domain::access::codec::EVENT_TYPES,
        domain::agent::codec::EVENT_TYPES,
        domain::customer::codec::EVENT_TYPES,
        domain::session::codec::EVENT_TYPES,
        domain::settings::codec::EVENT_TYPES,
    ];
    kinds.into_iter().flatten().copied().collect()
}

/// Whether a word has the form of a type of events.
fn is_event_type(word: &str) -> bool {
    let streams = ["access", "agent", "customer", "session", "settings"];
    word.split_once('.').is_some_and(|(stream, _)| streams.contains(&stream))
}

#[test]
fn every_command_says_what_a_repeat_does() {
    let mut document = served();
    for (path, method, operation) in operations_at(&mut document) {
        let told = text(operation, "description").to_lowercase();
        let says_so = ["repeat", "again", "nothing", "already"].iter().any(|word| told.contains(word));
        assert!(method == "get" || says_so, "{method} {path}: its description says what a repeat does");
    }
}

#[test]
fn every_operation_has_an_example() {
    let schemas = served()["components"]["schemas"].clone();
    every_operation(|operation| {
        let sample = operation.get("x-codeSamples").and_then(|all| all[0]["source"].as_str()).unwrap_or_default();
        required(sample.starts_with("curl "), "it has no example")?;
        required(
            !sample.contains('{') || operation.contains_key("requestBody"),
            "its example lacks a part of the path: add it to `samples.rs`",
        )?;
        required(sample.matches('\'').count() % 2 == 0, "a quotation mark ends its example early")?;
        let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
        let lacking = parameters.clone().find(|one| one["required"] == true && one.get("example").is_none());
        required(lacking.is_none(), "a parameter that must be there has no example: add it to `samples.rs`")?;
        let Some(body) = operation.get("requestBody") else { return Ok(()) };
        let reference = body["content"]["application/json"]["schema"]["$ref"].as_str().unwrap_or_default();
        let name = reference.rsplit('/').next().unwrap_or_default();
        required(schemas[name]["examples"][0].is_object(), &format!("{name} has no example: add it to `examples.json`"))
    });
    for name in BODIES.keys() {
        assert!(schemas[name].is_object(), "{name} of `examples.json` is no schema");
    }
}

#[test]
fn every_operations_name_reads_well_as_a_method() {
    every_operation(|operation| {
        let name = text(operation, "operationId");
        let is_snake =
            name.split('_').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase()));
        required(is_snake, &format!("{name} is no snake_case of plain words"))?;
        let verb = name.split('_').next().unwrap_or_default();
        required(VERBS.contains(&verb), &format!("{name} does not begin with a verb of the list"))
    });
}

#[test]
fn the_document_says_where_the_server_is() {
    let servers = served()["servers"].clone();
    assert!(servers[0]["url"].is_string(), "{servers}");
}
