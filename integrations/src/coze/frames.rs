//! What an event of a chat's stream means. Every field may be missing, null or misspelled, for all of that was seen.
//!
//! Invariant: only an assistant's answer in plain text is ever read as something to show.

use domain::session::event::Tokens;
use serde_json::Value;

use super::Failure;
use crate::sse::SseEvent;

/// Ids that an event bears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ids {
    pub(super) chat: Option<String>,
    pub(super) conversation: Option<String>,
}

/// What a message is to a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text to show.
    Answer,
    /// Nothing: verbose, follow_up, knowledge, function_call, tool_output, tool_response, cards, audio, other people's.
    Hidden,
}

/// A message, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) kind: Kind,
    pub(super) content: String,
    pub(super) created_at: i64,
}

/// A chat as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chat {
    pub(super) ids: Ids,
    pub(super) status: String,
    pub(super) tokens: Option<Tokens>,
    /// Code and text of `last_error`, or of the object itself: both occur.
    pub(super) error: Option<(i64, String)>,
}

/// An event of a chat's stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Frame {
    /// The chat exists, or is being answered.
    Began(Chat),
    /// More text of a message.
    Delta(Ids, Message),
    /// A message as a whole.
    Whole(Ids, Message),
    /// The chat is answered.
    Completed(Chat),
    /// The chat is not answered.
    Failed(Chat),
    /// The chat waits for something that we do not do.
    RequiresAction(Chat),
    /// Nothing follows.
    Done,
    /// Nothing to us.
    Other,
}

/// Reads an event.
///
/// # Errors
/// It is one of those that count and its data is no JSON object.
pub(super) fn frame(event: &SseEvent) -> Result<Frame, Failure> {
    let name = event.event.as_deref().unwrap_or_default().trim();
    if name.rsplit('.').next() == Some("done") {
        return Ok(Frame::Done);
    }
    let of_chat = || object(&event.data).map(|data| chat(&data));
    let of_message = || object(&event.data).map(|data| (ids_of_message(&data), message(&data)));
    Ok(match name {
        "conversation.chat.created" | "conversation.chat.in_progress" => Frame::Began(of_chat()?),
        "conversation.chat.completed" => Frame::Completed(of_chat()?),
        "conversation.chat.requires_action" => Frame::RequiresAction(of_chat()?),
        // What failed has failed, whatever its data.
        "conversation.chat.failed" | "error" => Frame::Failed(of_chat().unwrap_or_else(|_| chat(&Value::Null))),
        "conversation.message.delta" => of_message().map(|(ids, message)| Frame::Delta(ids, message))?,
        "conversation.message.completed" => of_message().map(|(ids, message)| Frame::Whole(ids, message))?,
        _ => Frame::Other,
    })
}

fn object(data: &str) -> Result<Value, Failure> {
    match serde_json::from_str(data) {
        Ok(Value::Object(fields)) => Ok(Value::Object(fields)),
        Ok(_) | Err(_) => Err(Failure::malformed("an event's data is no JSON object")),
    }
}

pub(super) fn chat(data: &Value) -> Chat {
    let error = error(&data["last_error"]).or_else(|| error(data));
    let ids = Ids { chat: text(&data["id"]), conversation: text(&data["conversation_id"]) };
    Chat { ids, status: text(&data["status"]).unwrap_or_default(), tokens: tokens(&data["usage"]), error }
}

pub(super) fn message(data: &Value) -> Message {
    Message {
        id: text(&data["id"]).unwrap_or_default(),
        kind: kind(data),
        content: data["content"].as_str().unwrap_or_default().to_owned(),
        created_at: data["created_at"].as_i64().unwrap_or_default(),
    }
}

fn ids_of_message(data: &Value) -> Ids {
    Ids { chat: text(&data["chat_id"]), conversation: text(&data["conversation_id"]) }
}

fn kind(data: &Value) -> Kind {
    let is_text = data["content_type"].as_str().is_none_or(|content_type| content_type == "text");
    match (data["role"].as_str(), data["type"].as_str()) {
        (Some("assistant"), Some("answer")) if is_text => Kind::Answer,
        _ => Kind::Hidden,
    }
}

/// Code and text of an error; `None` if there is none, which is code 0, null or nothing.
pub(super) fn error(data: &Value) -> Option<(i64, String)> {
    let code = number(&data["code"]).filter(|code| *code != 0)?;
    let message = data["msg"].as_str().or_else(|| data["message"].as_str()).unwrap_or_default();
    Some((code, message.to_owned()))
}

/// Coze counts both or nothing; its documents also call them `input_tokens` and `output_tokens`.
fn tokens(usage: &Value) -> Option<Tokens> {
    let count = |name: &str, other: &str| usage[name].as_u64().or_else(|| usage[other].as_u64());
    let (input, output) = (count("input_count", "input_tokens"), count("output_count", "output_tokens"));
    (input.is_some() || output.is_some())
        .then(|| Tokens { input: input.unwrap_or_default(), output: output.unwrap_or_default() })
}

/// An id. They are strings of 19 digits; a number keeps all of them as well.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(super) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}
