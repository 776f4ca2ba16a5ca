//! The document as it is served: in words that every generator of clients takes. What utoipa makes of the code is right, and some
//! of it is read by few; here it is said in another way, or in addition.
//!
//! Invariants: no schema is a choice between a reference and null; each operation says whether it needs a token; each tag is declared;
//! each body of a request has an example.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

/// By the name of the schema, a body that a client may send.
static EXAMPLES: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).expect("the file is JSON, as a test reads"));

/// Tags in the order of a newcomer's day, each with what its routes are for.
const TAGS: [(&str, &str); 3] = [
    (
        "customer",
        "What a shop's page, app or script does for a customer: chat, ask for a person, say who the customer is.",
    ),
    ("staff", "What agents, supervisors, auditors and programs do: answer, watch, replay, administer."),
    ("operator", "How the running server is, for those who run it."),
];

/// Headers of answers, and what each says.
const HEADERS: [(&str, &str); 6] = [
    ("X-Request-Id", "The id of the request, as in the log of the server; the caller's own where it sent a UUID"),
    ("RateLimit", "What is left of the limits that apply, and in how many seconds that is more"),
    ("RateLimit-Policy", "The limits that apply"),
    ("X-Visitor-Token", "A new or renewed token of the visitor, to be sent as `Authorization: Bearer` from now on"),
    ("ETag", "The version of what is shown, for `If-Match`"),
    ("Preference-Applied", "`respond-async`, where the answer was not waited for"),
];

/// The document in plain words.
///
/// # Panics
/// It is no JSON.
#[must_use]
pub(crate) fn plain(document: &OpenApi) -> Value {
    let mut document = serde_json::to_value(document).expect("a document is JSON");
    let schemas = document["components"]["schemas"].clone();
    in_place(&mut document, &schemas);
    STREAMS.iter().for_each(|stream| name_frames(&mut document, stream));
    name_chat_frames(&mut document);
    document["tags"] = TAGS.iter().map(|(name, told)| json!({"name": name, "description": told})).collect();
    document["components"]["headers"] = HEADERS.iter().map(|(name, told)| ((*name).to_owned(), header(told))).collect();
    for (name, example) in &*EXAMPLES {
        if let Some(Value::Object(schema)) = document["components"]["schemas"].get_mut(name) {
            schema.insert("examples".to_owned(), json!([example]));
        }
    }
    for operation in operations(&mut document) {
        let security = operation.entry("security").or_insert_with(|| json!([]));
        let is_visitors = security.as_array().is_some_and(|all| all.iter().any(|one| one.get("visitor").is_some()));
        tell_headers(operation, is_visitors);
        operation.get_mut("responses").into_iter().for_each(as_text);
    }
    document
}

/// A stream is a text to clients that read an answer as a whole; what its frames are stands beside it.
fn as_text(responses: &mut Value) {
    for response in responses.as_object_mut().into_iter().flat_map(Map::values_mut) {
        let Some(stream) = response.pointer_mut("/content/text~1event-stream") else { continue };
        let frame = stream["schema"].take();
        let name = frame["$ref"].as_str().and_then(|frame| frame.strip_prefix(SCHEMAS)).unwrap_or_default();
        let told = format!("Server-sent events, each as `{name}` (`x-frame`) has it");
        stream["schema"] = json!({"type": "string", "description": told});
        stream["x-frame"] = frame;
    }
}

fn header(told: &str) -> Value {
    json!({"description": told, "schema": {"type": "string"}})
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(Map::values_mut);
    paths.filter_map(Value::as_object_mut).flat_map(Map::values_mut).filter_map(Value::as_object_mut)
}

/// An optional thing as its own schema that may be null, instead of a choice between a reference and null: of that some generators
/// make an empty class, which nobody can fill.
fn in_place(value: &mut Value, schemas: &Value) {
    if let Some((nullable, described)) = optional_reference(value, schemas) {
        *value = nullable;
        if let (Some(described), Value::Object(schema)) = (described, &mut *value) {
            schema.insert("description".to_owned(), described);
        }
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| in_place(member, schemas)),
        Value::Array(items) => items.iter_mut().for_each(|item| in_place(item, schemas)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The schema behind `oneOf: [null, reference]`, with null; and what the place itself says.
fn optional_reference(value: &Value, schemas: &Value) -> Option<(Value, Option<Value>)> {
    let [one, other] = value.get("oneOf")?.as_array()?.as_slice() else { return None };
    let reference = if one["type"] == "null" { other } else { one };
    if one["type"] != "null" && other["type"] != "null" {
        return None;
    }
    let name = reference.get("$ref")?.as_str()?.strip_prefix(SCHEMAS)?;
    let mut schema = schemas.get(name)?.clone();
    let kind = schema.get("type").filter(|kind| kind.is_string())?.clone();
    schema["type"] = json!([kind, "null"]);
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
    }
    Some((schema, value.get("description").cloned()))
}

/// Schemas of streams' frames, each a choice.
const STREAMS: [&str; 3] = ["EventFrame", "SessionFrame", "WorkbenchFrame"];

/// Each frame of a stream as a schema with a name, so that clients have a type for it.
fn name_frames(document: &mut Value, stream: &str) {
    let schemas = &mut document["components"]["schemas"];
    let frames = schemas[stream]["oneOf"].as_array().cloned().unwrap_or_default();
    let named: Vec<(String, Value)> = frames
        .into_iter()
        .map(|frame| {
            (format!("{}Frame", capital(frame["properties"]["event"]["enum"][0].as_str().unwrap_or("recorded"))), frame)
        })
        .collect();
    schemas[stream]["oneOf"] = named.iter().map(|(name, _)| reference(name)).collect();
    for (name, frame) in named {
        schemas[name] = frame;
    }
}

/// What the frames of an answer hold, each kind with a name, told apart by its `type`.
fn name_chat_frames(document: &mut Value) {
    let schemas = &mut document["components"]["schemas"];
    let mut choice = schemas["ChatFrame"]["properties"]["data"]["contentSchema"].take();
    let kinds = choice["oneOf"].as_array().cloned().unwrap_or_default();
    let word = |kind: &Value| kind["properties"]["type"]["enum"][0].as_str().unwrap_or_default().to_owned();
    let name = |kind: &Value| format!("Chat{}Data", capital(&word(kind)));
    choice["oneOf"] = kinds.iter().map(|kind| reference(&name(kind))).collect();
    let mapping: Map<String, Value> =
        kinds.iter().map(|kind| (word(kind), json!(format!("{SCHEMAS}{}", name(kind))))).collect();
    choice["discriminator"] = json!({"propertyName": "type", "mapping": mapping});
    for kind in kinds {
        let named = name(&kind);
        schemas[named] = kind;
    }
    schemas["ChatFrameData"] = choice;
    schemas["ChatFrame"]["properties"]["data"]["contentSchema"] = reference("ChatFrameData");
}

const SCHEMAS: &str = "#/components/schemas/";

fn reference(name: &str) -> Value {
    json!({"$ref": format!("{SCHEMAS}{name}")})
}

/// `session_visible` as `SessionVisible`.
fn capital(word: &str) -> String {
    word.split('_')
        .flat_map(|part| part.chars().take(1).flat_map(char::to_uppercase).chain(part.chars().skip(1)))
        .collect()
}

/// Which headers an answer may have.
fn tell_headers(operation: &mut Map<String, Value>, is_visitors: bool) {
    let parameters = operation.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
    let named = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
    let (is_versioned, is_async) = (named("If-Match"), named("Prefer"));
    for (status, response) in operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flatten() {
        let is_success = status.starts_with('2');
        let told = [
            ("X-Request-Id", is_success),
            ("RateLimit", is_success || status == "429"),
            ("RateLimit-Policy", is_success || status == "429"),
            ("X-Visitor-Token", is_success && is_visitors),
            ("ETag", is_success && is_versioned),
            ("Preference-Applied", is_async && status == "202"),
        ];
        for (name, _) in told.into_iter().filter(|(_, applies)| *applies) {
            response["headers"][name] = json!({"$ref": format!("#/components/headers/{name}")});
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served() -> Value {
        plain(&crate::routes::document())
    }

    #[test]
    fn the_document_has_no_words_that_generators_stumble_over() {
        let document = served();
        let text = document.to_string();
        assert!(!text.contains(r"\\p{"), "classes of Unicode in patterns");
        look(&document, "", &mut |value, path| {
            for choice in ["oneOf", "anyOf"] {
                let Some(items) = value.get(choice).and_then(Value::as_array) else { continue };
                let has_null = items.iter().any(|item| item["type"] == "null");
                let has_reference = items.iter().any(|item| item.get("$ref").is_some());
                assert!(!(has_null && has_reference), "{path}: a reference or null");
            }
        });
    }

    #[test]
    fn no_schema_reaches_itself() {
        let document = served();
        let schemas = document["components"]["schemas"].as_object().expect("there are schemas");
        for name in schemas.keys() {
            let (mut open, mut reached) = (vec![name.clone()], std::collections::BTreeSet::new());
            while let Some(next) = open.pop() {
                look(&schemas[&next], "", &mut |value, _| {
                    let reference = value.get("$ref").and_then(Value::as_str);
                    let Some(target) = reference.and_then(|text| text.strip_prefix(SCHEMAS)) else { return };
                    assert_ne!(target, name, "{next} leads back to {name}");
                    if reached.insert(target.to_owned()) {
                        open.push(target.to_owned());
                    }
                });
            }
        }
    }

    #[test]
    fn every_operation_has_security_and_a_declared_tag_and_every_body_an_example() {
        let mut document = served();
        let declared: Vec<Value> =
            document["tags"].as_array().expect("tags").iter().map(|tag| tag["name"].clone()).collect();
        let schemas = document["components"]["schemas"].clone();
        for operation in operations(&mut document) {
            let id = operation["operationId"].clone();
            assert!(operation["security"].is_array(), "{id}");
            let tags = operation["tags"].as_array().cloned().unwrap_or_default();
            assert!(!tags.is_empty() && tags.iter().all(|tag| declared.contains(tag)), "{id}: {tags:?}");
            let Some(body) = operation.get("requestBody") else { continue };
            let reference = body["content"]["application/json"]["schema"]["$ref"].as_str().expect("a named body");
            let name = reference.rsplit('/').next().expect("a name");
            assert!(schemas[name]["examples"][0].is_object(), "{id}: {name} has no example");
        }
        for name in EXAMPLES.keys() {
            assert!(schemas[name].is_object(), "{name} is no schema");
        }
    }

    fn look(value: &Value, path: &str, at: &mut dyn FnMut(&Value, &str)) {
        at(value, path);
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, member)| look(member, &format!("{path}/{name}"), at))
            }
            Value::Array(items) => items.iter().for_each(|item| look(item, path, at)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
