//! A request as it goes over the wire.

use serde::Serialize;
use serde_json::{Map, Value};

use super::config::OpenAiConfig;

/// A part of the conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub(super) enum Message {
    /// What the model is told before all else.
    System {
        /// The text.
        content: String,
    },
    /// The customer's side: all that is data.
    User {
        /// The text.
        content: String,
    },
    /// What the model said or called.
    Assistant {
        /// What it said; `null` if it only called tools.
        content: Option<String>,
        /// What it called.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<ToolCall>,
        /// What it thought, where the server sends it under this name: DeepSeek refuses tool calls that come back without.
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_content: Option<String>,
    },
    /// What came of a call.
    Tool {
        /// Which call.
        tool_call_id: String,
        /// What came of it.
        content: String,
    },
}

impl Message {
    /// Something that the assistant said before.
    pub(super) fn said(text: String) -> Self {
        Self::Assistant { content: Some(text), tool_calls: Vec::new(), reasoning_content: None }
    }
}

/// A call of a tool, as it is sent back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ToolCall {
    /// Its id.
    pub(super) id: String,
    /// Always `function`.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// What was called.
    pub(super) function: FunctionCall,
}

/// Which function was called, and with what.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct FunctionCall {
    /// Its name.
    pub(super) name: String,
    /// A JSON object as text.
    pub(super) arguments: String,
}

/// The body of a request.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    model: &'a str,
    messages: &'a [Message],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

impl<'a> Request<'a> {
    /// Asks for the next part of a conversation. Without `may_call` the model is told to answer without tools; they are listed
    /// all the same, for servers want them where the conversation has calls.
    pub(super) fn new(config: &'a OpenAiConfig, messages: &'a [Message], may_call: bool) -> Self {
        let (old, new) = match config.max_completion_tokens {
            true => (None, config.max_tokens),
            false => (config.max_tokens, None),
        };
        Self {
            model: &config.model,
            messages,
            stream: true,
            stream_options: config.include_usage.then_some(StreamOptions { include_usage: true }),
            temperature: config.temperature,
            max_tokens: old,
            max_completion_tokens: new,
            tools: config.tools.then(super::tools::definitions),
            tool_choice: (config.tools && !may_call).then_some("none"),
            extra: &config.extra_body.0,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
