//! One event of an answer: a chunk as any of the servers writes it, the end, or an error that came after the 200.
//!
//! What may be missing, `null` or empty at some server is so everywhere: choices, `delta`, `content`, ids, usage. Reasoning is kept
//! apart from the text under any name; where the whole answer comes instead of a stream, it is one chunk.
//!
//! Invariant: an error is looked for before anything else.

use std::fmt;

use domain::session::event::Tokens;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};
use serde_json::Value;

use super::failure::ServerError;

/// What an event says.
#[derive(Debug)]
pub(super) enum Data {
    /// `[DONE]`.
    Done,
    /// A part of the answer.
    Chunk(Chunk),
    /// The server failed.
    Failed(ServerError),
}

/// A part of an answer.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// The answer's id.
    pub(super) id: Option<String>,
    /// Text that goes on.
    pub(super) text: String,
    /// Reasoning that goes on, where it is called `reasoning_content`.
    pub(super) reasoning: Option<String>,
    /// Calls that begin or go on.
    pub(super) calls: Vec<CallPart>,
    /// Why the answer ends here.
    pub(super) finish: Option<Finish>,
    /// What it cost so far.
    pub(super) usage: Option<Tokens>,
}

/// A part of a call.
#[derive(Debug)]
pub(super) struct CallPart {
    /// Which of the round's calls.
    pub(super) index: Option<u64>,
    /// Its id; empty if not told.
    pub(super) id: String,
    /// Its name; empty if not told.
    pub(super) name: String,
    /// Arguments that go on.
    pub(super) arguments: String,
}

/// Why an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finish {
    /// It is complete, or calls tools.
    Stop,
    /// It reached the length limit.
    Length,
    /// A content filter ended it.
    Filtered,
    /// The server gave it up.
    Failed,
}

/// Reads the data of an event; `None` if it is no JSON of a chunk.
pub(super) fn read(data: &str) -> Option<Data> {
    if data.trim() == "[DONE]" {
        return Some(Data::Done);
    }
    let wire: Wire = serde_json::from_str(data).ok()?;
    if let Some(error) = &wire.error {
        return Some(Data::Failed(ServerError::wrapped(error)));
    }
    if wire.object.as_ref().is_some_and(|object| object == "error") {
        return Some(Data::Failed(ServerError::flat(&wire.code, &wire.kind, &wire.message)));
    }
    Some(Data::Chunk(wire.into_chunk()))
}

#[derive(Deserialize)]
struct Wire {
    id: Option<Value>,
    object: Option<Value>,
    choices: Option<Vec<Choice>>,
    usage: Option<Value>,
    error: Option<Value>,
    message: Option<Value>,
    code: Option<Value>,
    #[serde(rename = "type")]
    kind: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    index: Option<u64>,
    delta: Option<Delta>,
    /// The whole answer, where it is not streamed.
    message: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Delta {
    content: Option<Text>,
    reasoning_content: Option<Text>,
    tool_calls: Option<Vec<WireCall>>,
}

#[derive(Deserialize)]
struct WireCall {
    index: Option<u64>,
    id: Option<String>,
    function: Option<WireFunction>,
}

#[derive(Deserialize)]
struct WireFunction {
    name: Option<String>,
    /// Text, or at some servers the object itself.
    arguments: Option<Value>,
}

impl Wire {
    fn into_chunk(self) -> Chunk {
        let id = self.id.and_then(|id| id.as_str().map(str::to_owned)).filter(|id| !id.is_empty());
        let mut chunk = Chunk { id, usage: self.usage.as_ref().and_then(tokens), ..Chunk::default() };
        // One answer is asked for; should a server give more, the first counts.
        let choice = self.choices.into_iter().flatten().find(|choice| choice.index.unwrap_or(0) == 0);
        let Some(choice) = choice else { return chunk };
        chunk.finish = choice.finish_reason.as_deref().and_then(finish);
        if let Some(delta) = choice.delta.or(choice.message) {
            chunk.text = delta.content.map(|text| text.0).unwrap_or_default();
            chunk.reasoning = delta.reasoning_content.map(|text| text.0);
            chunk.calls = delta.tool_calls.into_iter().flatten().map(WireCall::into_part).collect();
        }
        chunk
    }
}

impl WireCall {
    fn into_part(self) -> CallPart {
        let (name, arguments) = self.function.map_or((None, None), |function| (function.name, function.arguments));
        let arguments = match arguments {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(object) => object.to_string(),
        };
        CallPart { index: self.index, id: self.id.unwrap_or_default(), name: name.unwrap_or_default(), arguments }
    }
}

/// The contract's words, and those of servers that fail or stop in words of their own. Empty is what some gateways send for `null`.
fn finish(reason: &str) -> Option<Finish> {
    match reason {
        "" => None,
        "length" | "max_tokens" => Some(Finish::Length),
        "content_filter" => Some(Finish::Filtered),
        "error" | "abort" | "insufficient_system_resource" => Some(Finish::Failed),
        // stop, tool_calls, function_call: which of them it is the calls say better, for some servers always say stop.
        _ => Some(Finish::Stop),
    }
}

fn tokens(usage: &Value) -> Option<Tokens> {
    let count = |name: &str| usage.get(name).and_then(Value::as_u64);
    let (input, output) = (count("prompt_tokens"), count("completion_tokens"));
    (input.is_some() || output.is_some()).then(|| Tokens { input: input.unwrap_or(0), output: output.unwrap_or(0) })
}

/// Text in which half of a surrogate pair, which JSON can hold and text cannot, becomes U+FFFD.
#[derive(Debug)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(Lossy)
    }
}

struct Lossy;

impl Visitor<'_> for Lossy {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Text, E> {
        Ok(Text(String::from_utf8_lossy(bytes).into_owned()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
