//! What Coze is asked: bodies of its two kinds of chat.
//!
//! Invariants: customers' words stand only where words belong (`content`, values of parameters), never in a name of ours; what the
//! shop's page passes along changes no field of ours and names no conversation.

use commands::assistant::{Question, Speaker};
use serde_json::{Map, Value, json};

use super::config::Target;

/// Coze takes this many messages with a question: for a chatflow, and for a bot.
const MOST_MESSAGES: (usize, usize) = (50, 100);
/// The most that earlier messages may have together; the oldest are left out first.
const MOST_HISTORY_BYTES: usize = 64 << 10;
/// Parameters of a chatflow that mean something to Coze itself. `CONVERSATION_NAME` would choose a conversation.
const RESERVED: [&str; 2] = ["USER_INPUT", "CONVERSATION_NAME"];

/// What is asked: all unanswered messages as one, for a chatflow sees only the last. `None` if nothing is left of them.
pub(super) fn asked(question: &Question) -> Option<String> {
    let text = question.messages.join("\n");
    (!text.trim().is_empty()).then_some(text)
}

/// The path of the chat's endpoint.
pub(super) fn path(target: &Target) -> &'static [&'static str] {
    match target {
        Target::Workflow { .. } => &["v1", "workflows", "chat"],
        Target::Bot { .. } => &["v3", "chat"],
    }
}

/// The query of the chat's endpoint.
pub(super) fn query<'a>(target: &Target, conversation: &'a str) -> Vec<(&'static str, &'a str)> {
    match target {
        Target::Workflow { .. } => Vec::new(),
        Target::Bot { .. } => vec![("conversation_id", conversation)],
    }
}

/// The body of a chat. `with_history`: the conversation knows nothing yet.
pub(super) fn body(target: &Target, question: &Question, text: &str, conversation: &str, with_history: bool) -> Value {
    let most = match target {
        Target::Workflow { .. } => MOST_MESSAGES.0,
        Target::Bot { .. } => MOST_MESSAGES.1,
    };
    let mut messages = if with_history { history(question, most - 1) } else { Vec::new() };
    messages.push(message("user", "question", text));
    let parameters = parameters(&question.parameters);
    match target {
        Target::Workflow { workflow_id, place: (place, id) } => json!({
            "workflow_id": workflow_id,
            *place: id,
            "conversation_id": conversation,
            "parameters": parameters,
            "additional_messages": messages,
        }),
        Target::Bot { bot_id } => json!({
            "bot_id": bot_id,
            "user_id": question.session.to_string(),
            "stream": true,
            "auto_save_history": true,
            "additional_messages": messages,
            "custom_variables": variables(&parameters),
            "parameters": parameters,
        }),
    }
}

/// The body that makes a conversation.
pub(super) fn conversation(target: &Target) -> Value {
    target.bot_id().map_or_else(|| json!({}), |bot_id| json!({"bot_id": bot_id}))
}

/// The newest turns that fit, oldest first.
fn history(question: &Question, most: usize) -> Vec<Value> {
    let mut bytes = 0;
    let spoken = question.history.iter().rev().filter(|turn| !turn.text.trim().is_empty());
    let fitting = spoken.take(most).take_while(|turn| {
        bytes += turn.text.len();
        bytes <= MOST_HISTORY_BYTES
    });
    let mut messages: Vec<Value> = fitting
        .map(|turn| match turn.speaker {
            Speaker::Customer => message("user", "question", &turn.text),
            Speaker::Assistant => message("assistant", "answer", &turn.text),
        })
        .collect();
    messages.reverse();
    messages
}

fn message(role: &str, kind: &str, text: &str) -> Value {
    json!({"role": role, "type": kind, "content": text, "content_type": "text"})
}

fn parameters(given: &Map<String, Value>) -> Map<String, Value> {
    let own = given.iter().filter(|(name, _)| !RESERVED.contains(&name.as_str()));
    own.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A bot's variables are texts: other values of one word are written as text, and the rest is left to `parameters`.
fn variables(parameters: &Map<String, Value>) -> Map<String, Value> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    parameters.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?.into()))).collect()
}
