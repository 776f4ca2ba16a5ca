//! Examples that a client may send as they are: of each parameter that must be there, of each body, and of each operation as a
//! line of `curl`. `tests/it/http/docs.rs` sends all of them.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::plain::{SCHEMAS, operations_at};

/// By the name of the schema, a body that a client may send.
pub(super) static BODIES: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).expect("the file is JSON, as a test reads"));

/// By the name of the parameter that must be there, a value that a client may send.
const PARAMETERS: [(&str, &str); 5] = [
    ("name", "session_1795651200_k3x9"),
    ("id", "11111111-2222-4333-8444-555555555566"),
    ("kind", "reply"),
    ("version", "0"),
    ("If-Match", "\"1\""),
];

/// Adds them to the document.
pub(super) fn add_samples(document: &mut Value) {
    for (name, example) in &*BODIES {
        if let Some(Value::Object(schema)) = document["components"]["schemas"].get_mut(name) {
            schema.insert("examples".to_owned(), json!([example]));
        }
    }
    for (path, method, operation) in operations_at(document) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        parameters.into_iter().flatten().for_each(add_example);
        let sample = sample(&path, &method, operation);
        operation.insert("x-codeSamples".to_owned(), json!([{"lang": "Shell", "label": "curl", "source": sample}]));
    }
}

fn add_example(parameter: &mut Value) {
    let known = PARAMETERS.iter().find(|(name, _)| parameter["name"] == *name && parameter["required"] == true);
    let Some((_, example)) = known else { return };
    let is_number = parameter["schema"]["type"] == "integer";
    parameter["example"] = if is_number { json!(example.parse::<u32>().unwrap_or_default()) } else { json!(example) };
}

fn sample(path: &str, method: &str, operation: &Map<String, Value>) -> String {
    let filled =
        PARAMETERS.iter().fold(path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
    let stream = operation["responses"].pointer("/200/content/text~1event-stream").map(|_| "-N ").unwrap_or_default();
    let mut lines = vec![format!("curl {stream}-X {} \"$DESK{filled}\"", method.to_uppercase())];
    let needs_token = operation["security"].as_array().is_some_and(|all| !all.is_empty());
    lines.extend(needs_token.then(|| "-H \"Authorization: Bearer $TOKEN\"".to_owned()));
    lines.extend(required_headers(operation));
    if let Some(body) = body(operation) {
        lines.push("-H \"Content-Type: application/json\"".to_owned());
        lines.push(format!("-d '{body}'"));
    }
    lines.join(" \\\n  ")
}

fn required_headers(operation: &Map<String, Value>) -> Vec<String> {
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let required = parameters.filter(|one| one["in"] == "header" && one["required"] == true);
    let line = |one: &Value| Some(format!("-H '{}: {}'", one["name"].as_str()?, one["example"].as_str()?));
    required.filter_map(line).collect()
}

fn body(operation: &Map<String, Value>) -> Option<&'static Value> {
    let reference = operation.get("requestBody")?.pointer("/content/application~1json/schema/$ref")?;
    BODIES.get(reference.as_str()?.strip_prefix(SCHEMAS)?)
}
