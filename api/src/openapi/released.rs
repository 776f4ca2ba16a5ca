//! The description that was released last, `docs/openapi.json`, against the document of today: nothing may be in it that breaks
//! clients made from the released one. After a release, and for a change that is meant to break: `desk openapi > docs/openapi.json`.

use serde_json::{Map, Value, json};

use super::{compatibility::breaks, plain::plain};

const RELEASED: &str = include_str!("../../../docs/openapi.json");

fn released() -> Value {
    serde_json::from_str(RELEASED).expect("docs/openapi.json is JSON")
}

#[test]
fn nothing_breaks_clients_of_the_released_description() {
    let found = breaks(&released(), &plain(&crate::routes::document()));
    assert!(found.is_empty(), "this breaks clients:\n{}", found.join("\n"));
}

#[test]
fn the_released_description_is_written_as_desk_openapi_writes_it() {
    let written = serde_json::to_string_pretty(&released()).expect("it is JSON") + "\n";
    assert!(written == RELEASED, "docs/openapi.json: write it by `desk openapi > docs/openapi.json`");
}

/// The breaks that a change of the released description makes.
fn breaks_of(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut changed = released();
    change(&mut changed);
    breaks(&released(), &changed)
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    value.as_object_mut().expect("an object")
}

fn schema<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    &mut document["components"]["schemas"][name]
}

#[test]
fn changes_that_break_clients_are_found() {
    /// What is changed, by a name for people.
    type Change = (&'static str, fn(&mut Value));
    let changes: [Change; 16] = [
        ("the operation is gone", |document| drop(object(&mut document["paths"]).remove("/api/chat"))),
        ("its name is another", |document| document["paths"]["/api/chat"]["post"]["operationId"] = json!("ask")),
        ("its tag is another", |document| document["paths"]["/api/chat"]["post"]["tags"] = json!(["operation"])),
        ("a way to say who calls is gone", |document| {
            document["paths"]["/api/config"]["get"]["security"] = json!([{"bearer": []}]);
        }),
        ("the parameter is gone", |document| document["paths"]["/api/sessions"]["get"]["parameters"] = json!([])),
        ("parameters are new and required", |document| {
            let parameter = json!({"name": "shop", "in": "query", "required": true, "schema": {"type": "string"}});
            document["paths"]["/api/config"]["get"]["parameters"] = json!([parameter]);
        }),
        ("fields are new and required: [\"shop\"]", |document| {
            let request = schema(document, "ChatRequest");
            request["properties"]["shop"] = json!({"type": "string"});
            request["required"] = json!(["message", "shop"]);
        }),
        ("the field is required now", |document| {
            schema(document, "ChatRequest")["required"] = json!(["message", "user_id"])
        }),
        (".user_id: a type is no longer taken", |document| {
            schema(document, "ChatRequest")["properties"]["user_id"]["type"] = json!("string");
        }),
        ("bounds, pattern or format fit no longer", |document| schema(document, "Text")["maxLength"] = json!(2000)),
        ("the words of the enumeration fit no longer", |document| {
            schema(document, "SpeakerRole")["enum"] = json!(["user"]);
        }),
        (".history: the field is gone", |document| {
            drop(object(&mut schema(document, "SessionState")["properties"]).remove("history"))
        }),
        (".session_name: the field may be left out now", |document| {
            schema(document, "ChatAnswer")["required"] = json!(["success", "session_id", "position"])
        }),
        (".position: a type is new in an answer", |document| {
            schema(document, "ChatAnswer")["properties"]["position"]["type"] = json!(["integer", "null"]);
        }),
        ("the status is gone", |document| {
            drop(object(&mut document["paths"]["/api/chat"]["post"]["responses"]).remove("202"))
        }),
        ("the schema is gone", |document| drop(object(&mut document["components"]["schemas"]).remove("Text"))),
    ];
    for (expected, change) in changes {
        let found = breaks_of(change);
        assert!(found.iter().any(|told| told.contains(expected)), "{expected}: {found:?}");
    }
}

#[test]
fn frames_stay_with_what_they_hold() {
    let path =
        "/paths/~1api~1agent~1events/get/responses/200/content/text~1event-stream/schema/contentSchema/properties";
    let found = breaks_of(|document| drop(object(document.pointer_mut(path).expect("frames")).remove("answering")));
    assert!(found.iter().any(|told| told.contains(".answering: the field is gone")), "{found:?}");
    let found =
        breaks_of(|document| drop(object(&mut schema(document, "ChatDoneData")["properties"]).remove("position")));
    assert!(found.iter().any(|told| told.contains(".position: the field is gone")), "{found:?}");
}

#[test]
fn changes_that_clients_do_not_notice_are_none() {
    let changes: [fn(&mut Value); 4] = [
        |document| document["paths"]["/api/new"] = json!({"get": {"operationId": "show_new", "responses": {}}}),
        |document| schema(document, "ChatAnswer")["properties"]["model"] = json!({"type": "string"}),
        |document| schema(document, "ChatRequest")["properties"]["model"] = json!({"type": "string"}),
        |document| schema(document, "Text")["maxLength"] = json!(9000),
    ];
    for change in changes {
        assert_eq!(breaks_of(change), Vec::<String>::new());
    }
}
