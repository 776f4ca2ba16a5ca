//! What is refused before a route has its say: by the middleware, by who calls, by the body that does not parse. Each operation of
//! the document is told so here, from what it says of itself (its method, path, parameters, body and `security`); a route
//! writes down only the refusals that are its own, as `(status = 409, description = "CODE: when")`.
//!
//! Invariant: every status of 400 and more is a problem with its body and headers, unless the route says what else it is.

use utoipa::{
    Modify,
    openapi::{
        ContentBuilder, HeaderBuilder, HttpMethod, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Response, Type,
        path::{Operation, Parameter, ParameterIn},
    },
};

/// Said of a success that is no more than that: the document has to say something.
const DONE: &str = "Done";

/// A status, and when it is answered.
type Refusal = (u16, &'static str);

/// By the middleware, whatever the route is.
const ALWAYS: [Refusal; 2] = [
    (429, "RATE_LIMITED: too many requests; `RateLimit` says what is left"),
    (431, "HEAD_TOO_LARGE: path and headers are too long"),
];
/// Where something may change.
const UNSAFE: [Refusal; 2] = [
    (403, "FOREIGN_ORIGIN: without a token in `Authorization`, from a page of another house"),
    (415, "NOT_JSON: the body is not called `application/json`"),
];
/// Where there is a body.
const BODY: [Refusal; 4] = [
    (400, "BAD_REQUEST, INVALID_FIELD: the body does not parse; `field` is the one at fault"),
    (408, "BODY_TOO_SLOW"),
    (413, "BODY_TOO_LARGE"),
    (415, "NOT_JSON: the body is not called `application/json`"),
];
/// Where there are parameters that do not only lead to something. A session's name has rules of its own; an id that is none leads to
/// nothing.
const PARAMETERS: [Refusal; 1] = [(400, "INVALID_FIELD: a parameter does not parse; `field` is its name")];
/// Where the views are asked to have read up to a position.
const WAITING: [Refusal; 1] = [(409, "CURSOR_AHEAD: `min_position` is beyond the log's head")];
/// Where a part of the path names something.
const NAMED: [Refusal; 1] = [(404, "NOT_FOUND: there is none, or it is not the caller's")];
/// Where a request can be repeated.
const KEYED: [Refusal; 1] = [(422, "IDEMPOTENCY_KEY_REUSED: the key came with another body before")];
/// Where the log or the views are asked; a route that does so for anybody says `(status = 503)`.
const STORE: Refusal = (503, "the store cannot be reached at this moment; `code` says what of it");
/// Where staff acts.
const STAFF: [Refusal; 3] = [
    (401, "UNAUTHORIZED, TOKEN_EXPIRED, SIGNED_OUT: sign in; API_KEY_INVALID"),
    (403, "PERMISSION_DENIED: role or key do not allow it; PASSWORD_CHANGE_REQUIRED, SECOND_FACTOR_SETUP_REQUIRED"),
    STORE,
];
/// Where a visitor acts.
const VISITOR: [Refusal; 3] =
    [(401, "UNAUTHORIZED: the visitor's token is not good"), (410, "ERASED: the visitor's data was erased"), STORE];

/// Tells every operation what it may be refused with.
pub(super) struct Refusals;

impl Modify for Refusals {
    fn modify(&self, document: &mut OpenApi) {
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                for (status, told) in before_the_route(path, &method, operation) {
                    add_refusal(operation, status, told);
                }
                operation.responses.responses.iter_mut().for_each(|(status, response)| complete(status, response));
                operation.description = operation.description.take().and_then(|text| without_errors(&text));
            }
        }
    }
}

pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (HttpMethod, &mut Operation)> {
    let all = [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

fn before_the_route(path: &str, method: &HttpMethod, operation: &Operation) -> Vec<Refusal> {
    let is_safe = matches!(method, HttpMethod::Get);
    let parameters = operation.parameters.iter().flatten().filter_map(parameter);
    let named = |name| parameters.clone().any(|one| one.name == name);
    let rules: [(bool, &[Refusal]); 8] = [
        (!is_safe, &UNSAFE),
        (operation.request_body.is_some(), &BODY),
        (parameters.clone().any(|one| one.parameter_in != ParameterIn::Path || one.name == "name"), &PARAMETERS),
        (named("Idempotency-Key"), &KEYED),
        (named("min_position"), &WAITING),
        (path.contains('{'), &NAMED),
        (asks_for(operation, "bearer"), &STAFF),
        (asks_for(operation, "visitor"), &VISITOR),
    ];
    let applying = rules.into_iter().filter(|(applies, _)| *applies).flat_map(|(_, refusals)| refusals);
    ALWAYS.iter().chain(applying).copied().collect()
}

fn parameter(parameter: &RefOr<Parameter>) -> Option<&Parameter> {
    match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    }
}

/// Whether a token of this kind is looked at. A requirement keeps its names to itself, but for its JSON.
fn asks_for(operation: &Operation, scheme: &str) -> bool {
    let names = |requirement| serde_json::to_value(requirement).is_ok_and(|names| names.get(scheme).is_some());
    operation.security.iter().flatten().any(names)
}

/// Beside what the route says of the same status.
fn add_refusal(operation: &mut Operation, status: u16, told: &str) {
    let response = operation.responses.responses.entry(status.to_string()).or_insert_with(|| Response::new("").into());
    let RefOr::T(response) = response else { return };
    if response.description.contains(told) {
        return;
    }
    let joint = if response.description.is_empty() { "" } else { "; " };
    response.description = format!("{}{joint}{told}", response.description);
}

fn complete(status: &str, response: &mut RefOr<Response>) {
    let RefOr::T(response) = response else { return };
    if response.description.is_empty() {
        let told = if status == "503" { STORE.1 } else { DONE };
        told.clone_into(&mut response.description);
    }
    if status < "400" {
        return;
    }
    if response.content.is_empty() {
        let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        response.content.insert("application/problem+json".to_owned(), body.into());
        let header = match status {
            "401" => ("WWW-Authenticate", Type::String, "Bearer"),
            "429" | "503" => ("Retry-After", Type::Integer, "Seconds to wait"),
            _other => return,
        };
        response.headers.insert(header.0.to_owned(), described(header.1, header.2));
    }
}

/// The code's own section on errors says the same as the responses, in other words.
fn without_errors(text: &str) -> Option<String> {
    let text = text.split("# Errors").next().unwrap_or_default().trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn described(kind: Type, description: &str) -> RefOr<utoipa::openapi::Header> {
    let schema = ObjectBuilder::new().schema_type(kind).build();
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build().into()
}
