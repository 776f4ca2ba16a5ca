//! Streams in the document: each is a text, and what is in it are frames, which are schemas with names. They are told in lists by
//! their kind (`contentSchema`): a union would need a word that tells them apart, and the frame of an event has as many words as there
//! are types of events.

use serde_json::{Map, Value, json};

use super::plain::{SCHEMAS, operations_at, reference};

/// Schemas of streams' frames, each a choice.
const STREAMS: [&str; 3] = ["EventFrame", "SessionFrame", "WorkbenchFrame"];

/// Names all frames, and makes the streams texts.
pub(super) fn tell_streams(document: &mut Value) {
    STREAMS.iter().for_each(|stream| name_frames(document, stream));
    name_chat_frames(document);
    let schemas = document["components"]["schemas"].clone();
    for (_, _, operation) in operations_at(document) {
        operation.get_mut("responses").into_iter().for_each(|responses| as_text(responses, &schemas));
    }
}

/// A stream is a text to clients that read an answer as a whole; what its frames are stands in the text's own schema.
fn as_text(responses: &mut Value, schemas: &Value) {
    for response in responses.as_object_mut().into_iter().flat_map(Map::values_mut) {
        let Some(stream) = response.pointer_mut("/content/text~1event-stream") else { continue };
        let frame = stream["schema"].take();
        let name = frame["$ref"].as_str().and_then(|frame| frame.strip_prefix(SCHEMAS)).unwrap_or_default();
        let told = schemas[name]["description"].as_str().unwrap_or("`message`: what happens to the answer");
        let kinds: Map<String, Value> = match schemas[name]["oneOf"].as_array() {
            Some(frames) => frames.iter().map(|frame| (kind(frame, schemas), list_of(frame))).collect(),
            // A frame without an event is a message to whatever reads server-sent events.
            None => Map::from_iter([("message".to_owned(), list_of(&frame))]),
        };
        stream["schema"] = json!({
            "type": "string",
            "description": format!("Server-sent events. {told}"),
            "contentMediaType": "text/event-stream",
            "contentSchema": {"type": "object", "description": "The frames by their kind", "properties": kinds},
        });
    }
}

fn list_of(frame: &Value) -> Value {
    json!({"type": "array", "items": frame})
}

/// The word that a frame has as its event; `recorded` where that is the type of an event of the log.
fn kind(frame: &Value, schemas: &Value) -> String {
    let name = frame["$ref"].as_str().and_then(|frame| frame.strip_prefix(SCHEMAS)).unwrap_or_default();
    word(&schemas[name]).to_owned()
}

fn word(frame: &Value) -> &str {
    frame["properties"]["event"]["enum"][0].as_str().unwrap_or("recorded")
}

/// Each frame of a stream as a schema with a name, so that clients have a type for it.
fn name_frames(document: &mut Value, stream: &str) {
    let schemas = &mut document["components"]["schemas"];
    let frames = schemas[stream]["oneOf"].as_array().cloned().unwrap_or_default();
    let name = |frame: &Value| format!("{}Frame", capital(word(frame)));
    schemas[stream]["oneOf"] = frames.iter().map(|frame| reference(&name(frame))).collect();
    for frame in frames {
        let named = name(&frame);
        schemas[named] = frame;
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

/// `session_visible` as `SessionVisible`.
fn capital(word: &str) -> String {
    word.split('_')
        .flat_map(|part| part.chars().take(1).flat_map(char::to_uppercase).chain(part.chars().skip(1)))
        .collect()
}
