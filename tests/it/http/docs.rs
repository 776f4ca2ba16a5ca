//! The OpenAPI document and the page that shows it.

use std::{collections::BTreeSet, process::Command};

use domain::agent::Role;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tests::desk::program;

use super::{customer_with, desk, staff::Member};

/// Routes whose paths describe them.
const WITHOUT_BODY: [&str; 6] = [
    "/api/token/refresh",
    "/api/agent/logout",
    "/api/agent/heartbeat",
    "/api/agent/status/heartbeat",
    "/api/agents/{id}/reactivate",
    "/api/agents/{id}/reset-second-factor",
];
/// Commands that return secrets take no key (design 6); these may be repeated all the same.
const WITHOUT_KEY: &[&str] = &[
    "/api/customer/identify",
    "/api/customer/sign-out",
    "/api/sessions/{name}/typing",
    "/api/sessions/{name}/viewing",
    "/api/quick-replies/{id}/render",
];

/// Sets what a session's events tell, each time that it is called.
const SET_TWICE: &str = "/api/sessions/{name}/priority";

#[tokio::test]
async fn openapi_document_is_complete() {
    let document = super::document().await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let what = format!("{method} {path}");
            assert!(operation["summary"].is_string() || operation["description"].is_string(), "{what} is described");
            assert!(operation["responses"].as_object().unwrap().len() > 1, "{what} says what it answers");
            assert!(operation["responses"]["429"].is_object(), "{what} says that it may be called too often");
            let has_body = matches!(method.as_str(), "post" | "put") && !WITHOUT_BODY.contains(&&**path);
            assert_eq!(operation["requestBody"].is_object(), has_body, "{what}");
            let keyed =
                operation["parameters"].as_array().into_iter().flatten().any(|one| one["name"] == "Idempotency-Key");
            // Routes about accounts and settings set a state, so a repeat changes nothing.
            let of_sessions = ["/api/sessions/", "/api/manual/", "/api/transfer-requests/", "/api/quick-replies"];
            let is_of_sessions = of_sessions.iter().any(|start| path.starts_with(start));
            let is_keyed = ["chat", "customers"].iter().any(|tag| operation["tags"][0] == *tag) || is_of_sessions;
            let parameters = || operation["parameters"].as_array().into_iter().flatten();
            // What somebody saw and changes is another thing once it is changed.
            let changes = method == "post" || path == SET_TWICE || parameters().any(|one| one["name"] == "If-Match");
            let repeatable = changes && is_keyed && !WITHOUT_KEY.contains(&path.as_str());
            assert_eq!(keyed, repeatable, "{what} says that it may be repeated");
            let named = operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "path");
            assert_eq!(named.count(), path.matches('{').count(), "{what} has its path's parameters");
        }
    }
}

/// Routes whose 503 is an answer and no error.
const TELLS_HOW_IT_IS: &str = "/readyz";

#[tokio::test]
async fn openapi_describes_every_response_and_every_error_as_a_problem() {
    let document = super::document().await;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let what = format!("{method} {path} {status}");
                assert!(answer["description"].as_str().is_some_and(|text| !text.is_empty()), "{what} is described");
                if status.as_str() < "400" || path == TELLS_HOW_IT_IS {
                    continue;
                }
                let schema = &answer["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{what}");
                let says_when = answer["headers"]["Retry-After"].is_object();
                assert_eq!(says_when, matches!(status.as_str(), "429" | "503"), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn desk_openapi_prints_the_document_that_is_served() {
    let printed = Command::new(program("desk")).arg("openapi").output().unwrap();
    assert!(printed.status.success());
    let printed: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert!(printed == super::document().await, "another one is served");
}

#[tokio::test]
async fn openapi_operation_ids_are_unique() {
    let document = super::document().await;
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let ids: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
}

#[tokio::test]
async fn openapi_references_resolve() {
    let document = super::document().await;
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Whoever sends it sends nothing else afterwards.
const ENDS_THE_SIGN_IN: &str = "/api/agent/logout";

#[tokio::test]
async fn every_example_is_a_request_that_the_server_reads() {
    let document = super::document().await;
    let member = Member::with_role(Role::Admin).await;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let example = Example::of(&document, path, operation);
            let sample = operation["x-codeSamples"][0]["source"].as_str().unwrap();
            assert!(sample.contains(&example.path), "{path}: {sample}");
            let method: Method = method.to_uppercase().parse().unwrap();
            let security = operation["security"].as_array().unwrap();
            let request = match security.iter().any(|one| one.get("visitor").is_some()) {
                true => customer_with("session_1795651200_k3x9").await.request(method, &example.path),
                false if path == ENDS_THE_SIGN_IN => {
                    Member::with_role(Role::Admin).await.staff.request(method, &example.path)
                }
                false => member.staff.request(method, &example.path),
            };
            let request = example.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
            let request = match &example.body {
                Some(body) => request.json(body),
                None => request,
            };
            if let Some(body) = &example.body {
                assert!(sample.contains(&body.to_string()), "{path}: {sample}");
            }
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            assert!(operation["responses"][status.to_string()].is_object(), "{path}: {status} is not in the document");
            assert!(status != 401 || !security.contains(&json!({"bearer": []})), "{path}: staff is let in");
            if status < 400 {
                continue;
            }
            let told = answer.text().await.unwrap();
            let is_read = !["\"BAD_REQUEST\"", "\"INVALID_FIELD\""].iter().any(|code| told.contains(code));
            let may_be_away = path == TELLS_HOW_IT_IS;
            assert!(is_read && (status < 500 || may_be_away) && status != 415, "{path}: {status} {told}");
        }
    }
}

/// The example of an operation, as the document has it.
struct Example {
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Value>,
}

impl Example {
    fn of(document: &Value, path: &str, operation: &Value) -> Self {
        let parameters = || operation["parameters"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let path = parameters().filter(|one| one["in"] == "path").fold(path.to_owned(), |path, one| {
            path.replace(&format!("{{{}}}", one["name"].as_str().unwrap()), &text(&one["example"]))
        });
        let headers = parameters().filter(|one| one["in"] == "header" && one["example"].is_string());
        let schema = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
        Self {
            path,
            headers: headers.map(|one| (text(&one["name"]), text(&one["example"]))).collect(),
            body: schema.map(|pointer| document.pointer(&format!("{}/examples/0", &pointer[1..])).unwrap().clone()),
        }
    }
}

#[tokio::test]
async fn streams_are_described_as_text_with_schemas_of_their_frames() {
    let document = super::document().await;
    for (method, path, frames) in [
        ("get", "/api/sessions/{name}/events", 5),
        ("get", "/api/agent/events", 8),
        ("get", "/api/events", 3),
        ("post", "/api/chat/stream", 1),
    ] {
        let stream = &document["paths"][path][method]["responses"]["200"]["content"]["text/event-stream"];
        assert_eq!(stream["schema"]["type"], "string", "{path}");
        let kinds = stream["schema"]["contentSchema"]["properties"].as_object().unwrap();
        let named = kinds.values().filter(|kind| kind["items"]["$ref"].is_string()).count();
        assert_eq!((kinds.len(), named), (frames, frames), "{path}: {kinds:?}");
    }
    let answer = &document["components"]["schemas"]["ChatFrameData"];
    assert_eq!(answer["discriminator"]["propertyName"], "type");
    for name in ["X-Request-Id", "X-Visitor-Token", "RateLimit"] {
        let header = &document["paths"]["/api/chat"]["post"]["responses"]["200"]["headers"][name]["$ref"];
        assert_eq!(header, &format!("#/components/headers/{name}"));
    }
}

#[tokio::test]
async fn the_page_of_the_document_is_served_with_and_without_a_slash() {
    for path in ["/docs", "/docs/"] {
        let page = desk().customer().get(path).await.unwrap();
        assert_eq!(page.status(), 200);
        assert_eq!(page.url().path(), "/docs/");
        assert!(page.text().await.unwrap().contains("<rapi-doc"), "{path}");
    }
    assert_eq!(desk().customer().get("/docs/nothing.js").await.unwrap().status(), 404);
}

/// The path of the viewer, out of the page.
async fn viewer_path() -> String {
    let page = desk().customer().get("/docs/").await.unwrap().text().await.unwrap();
    let name = page.split('"').find(|part| part.starts_with("rapidoc-")).unwrap();
    format!("/docs/{name}")
}

async fn viewer(headers: &[(&str, &str)]) -> Response {
    let mut request = desk().customer().request(Method::GET, &viewer_path().await);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn the_viewer_is_sent_in_the_smallest_encoding_that_the_client_accepts() {
    let cases = [
        ("gzip, deflate, br", "br", 200_000),
        ("gzip;q=1, br;q=0", "gzip", 240_000),
        ("identity", "", 1_000_000),
        ("", "", 1_000_000),
    ];
    for (accepted, expected, at_most) in cases {
        let answer = viewer(&[("Accept-Encoding", accepted)]).await;
        assert_eq!(answer.status(), 200, "{accepted}");
        assert_eq!(header(&answer, "content-encoding"), expected, "{accepted}");
        assert_eq!(header(&answer, "content-type"), "text/javascript; charset=utf-8", "{accepted}");
        assert_eq!(header(&answer, "vary"), "Accept-Encoding", "{accepted}");
        assert!(answer.bytes().await.unwrap().len() <= at_most, "{accepted}");
    }
}

#[tokio::test]
async fn the_viewer_is_cached_for_good_and_known_by_its_tag() {
    let first = viewer(&[]).await;
    assert_eq!(header(&first, "cache-control"), "public, max-age=31536000, immutable");
    let tag = header(&first, "etag").to_owned();
    for known in [tag.as_str(), tag.trim_start_matches("W/"), "\"another\", \"W/a\"", "*"] {
        let again = viewer(&[("If-None-Match", known)]).await;
        let is_current = !known.contains("another");
        assert_eq!(again.status(), if is_current { 304 } else { 200 }, "{known}");
        assert_eq!(header(&again, "etag"), tag, "{known}");
        assert_eq!(again.bytes().await.unwrap().is_empty(), is_current, "{known}");
    }
}
