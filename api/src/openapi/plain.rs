//! The document as it is served: in words that every generator of clients takes. What utoipa makes of the code is right, and some
//! of it is read by few; here it is said in another way, or in addition.
//!
//! Invariants are those that `structure.rs` tests.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

use super::{in_place::rewrite_choices, samples::add_samples, streams::tell_streams};

/// Tags in the order of a newcomer's day, each with what its routes are for.
const TAGS: [(&str, &str); 11] = [
    (
        "chat",
        "What a shop's page, app or script does first: ask, be answered at once or as a stream, ask for a person, rate.",
    ),
    ("customers", "Who the customer is, by a token of the shop, and what is known of whoever asks."),
    ("sign-in", "How staff signs in and stays signed in: passwords, second factors, one's own profile and sign-ins."),
    ("sessions", "The sessions that a caller may see: lists, one of them, its events as they come."),
    ("hand-off", "How a session comes to a person and goes on: queue, takeover, transfer, release, closing, mail."),
    (
        "workbench",
        "What agents add to a session: notes, tags, priority, drafts, quick replies, who reads and who types.",
    ),
    ("availability", "Who of the team is there, and what an agent did today."),
    ("team", "The accounts of the team and the keys of programs, for administrators."),
    ("rules", "What decides without a person: policies, calendars, flags and the FAQ, each in versions."),
    ("audit", "What happened and the proof of it: the trail, the log's events, a session's proof."),
    ("operation", "How the running server is, for those who run it."),
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

/// What references to schemas begin with.
pub(super) const SCHEMAS: &str = "#/components/schemas/";

/// The document in plain words.
///
/// # Panics
/// It is no JSON.
#[must_use]
pub(crate) fn plain(document: &OpenApi) -> Value {
    let mut document = serde_json::to_value(document).expect("a document is JSON");
    let schemas = document["components"]["schemas"].clone();
    rewrite_choices(&mut document, &schemas);
    tell_streams(&mut document);
    document["servers"] = json!([{"url": "/"}]);
    document["tags"] = TAGS.iter().map(|(name, told)| json!({"name": name, "description": told})).collect();
    document["components"]["headers"] = HEADERS.iter().map(|(name, told)| ((*name).to_owned(), header(told))).collect();
    for (_, _, operation) in operations_at(&mut document) {
        let security = operation.entry("security").or_insert_with(|| json!([]));
        let is_visitors = security.as_array().is_some_and(|all| all.iter().any(|one| one.get("visitor").is_some()));
        tell_headers(operation, is_visitors);
    }
    add_samples(&mut document);
    drop_unused(&mut document);
    document
}

fn header(told: &str) -> Value {
    json!({"description": told, "schema": {"type": "string"}})
}

/// Every operation with its path and method.
pub(super) fn operations_at(document: &mut Value) -> impl Iterator<Item = (String, String, &mut Map<String, Value>)> {
    let items = document["paths"].as_object_mut().into_iter().flatten();
    items.flat_map(|(path, item)| {
        let operations = item.as_object_mut().into_iter().flatten();
        operations
            .filter_map(move |(method, operation)| Some((path.clone(), method.clone(), operation.as_object_mut()?)))
    })
}

pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("{SCHEMAS}{name}")})
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

/// Drops schemas that nothing refers to any more: what became of them stands in place.
fn drop_unused(document: &mut Value) {
    let mut used = BTreeSet::new();
    let mut open = references(&document["paths"]);
    while let Some(name) = open.pop() {
        if used.insert(name.clone()) {
            open.extend(references(&document["components"]["schemas"][&name]));
        }
    }
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| used.contains(name));
    }
}

/// Names of the schemas that a value refers to, in a discriminator as well.
pub(super) fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members.values().flat_map(references).collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::String(text) => text.strip_prefix(SCHEMAS).map(str::to_owned).into_iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}
