//! What the model may call: look something up in the FAQ, and hand over to a person.
//!
//! Every call gets a result; one that cannot be understood gets one that says why, so that the model can do better.

use commands::Question;
use domain::Language;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    prompt::data,
    request::{FunctionCall, Message, ToolCall},
    round::Call,
};
use crate::grounding::{Grounding, Passage};

const HAND_OVER: &str = "hand_over_to_person";
const SEARCH: &str = "search_faq";

/// The tools as the request lists them.
pub(super) fn definitions() -> Value {
    json!([
        function(
            SEARCH,
            "Looks up the shop's FAQ: products, orders, delivery, returns, warranty, repairs.",
            "question",
            "What to look up, as a short question in the customer's language.",
        ),
        function(
            HAND_OVER,
            "Hands the customer over to a person of the shop. Call it instead of answering when the rules say so.",
            "reason",
            "Why, in a few words.",
        ),
    ])
}

fn function(name: &str, description: &str, argument: &str, about: &str) -> Value {
    json!({"type": "function", "function": {"name": name, "description": description, "parameters": {
        "type": "object",
        "properties": {argument: {"type": "string", "description": about}},
        "required": [argument],
        "additionalProperties": false,
    }}})
}

/// What a call asks for.
enum Asked {
    HandOver,
    Search(String),
    /// Nothing that can be done; this is what the model is told.
    Wrong(String),
}

#[derive(Deserialize)]
struct HandOver {
    // Only makes the model think of one: nobody reads it.
    #[serde(rename = "reason")]
    _reason: String,
}

#[derive(Deserialize)]
struct Search {
    question: String,
}

fn understand(call: &Call) -> Asked {
    let wrong = |argument: &str| {
        Asked::Wrong(format!("the arguments must be a JSON object with the text {argument:?}, and nothing was done"))
    };
    match call.name.as_str() {
        HAND_OVER => match serde_json::from_str::<HandOver>(&call.arguments) {
            Ok(_) => Asked::HandOver,
            Err(_) => wrong("reason"),
        },
        SEARCH => match serde_json::from_str::<Search>(&call.arguments) {
            Ok(Search { question }) if !question.trim().is_empty() => Asked::Search(question),
            Ok(_) | Err(_) => wrong("question"),
        },
        _ => Asked::Wrong(format!("there is no such tool; there are {HAND_OVER} and {SEARCH}")),
    }
}

/// Whether one of these calls asks for a person.
pub(super) fn hands_over(calls: &[Call]) -> bool {
    calls.iter().any(|call| matches!(understand(call), Asked::HandOver))
}

/// What the model looks up in.
pub(super) struct Lookup<'a> {
    grounding: &'a dyn Grounding,
    language: Language,
    most: usize,
}

impl<'a> Lookup<'a> {
    /// Looks up in what the shop knows, for one customer.
    pub(super) fn new(grounding: &'a dyn Grounding, question: &Question, most: u32) -> Self {
        Self { grounding, language: question.language, most: most as usize }
    }

    /// What fits a text.
    pub(super) async fn passages(&self, text: &str) -> Vec<Passage> {
        if self.most == 0 {
            return Vec::new();
        }
        self.grounding.passages(text, self.language, self.most).await
    }

    /// The result of a call, and the entries that are in it.
    pub(super) async fn result(&self, call: &Call) -> (Message, Vec<String>) {
        let (content, keys) = match understand(call) {
            // It ends the answer, so no model reads this.
            Asked::HandOver => (json!({"done": true}), Vec::new()),
            Asked::Wrong(error) => (json!({"error": error}), Vec::new()),
            Asked::Search(question) => {
                let passages = self.passages(&question).await;
                (found(&passages), passages.into_iter().map(|passage| passage.key).collect())
            }
        };
        (Message::Tool { tool_call_id: call.id.clone(), content: content.to_string() }, keys)
    }
}

fn found(passages: &[Passage]) -> Value {
    let entries: Vec<Value> = passages
        .iter()
        .map(|passage| json!({"question": data(&passage.question), "answer": data(&passage.answer)}))
        .collect();
    if entries.is_empty() {
        return json!({"entries": [], "note": "the FAQ says nothing about it"});
    }
    json!({"entries": entries})
}

/// A call as it is sent back: unchanged, for it is the server's own.
pub(super) fn echo(call: &Call) -> ToolCall {
    let Call { id, name, arguments, .. } = call.clone();
    ToolCall { id, kind: "function", function: FunctionCall { name, arguments } }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
