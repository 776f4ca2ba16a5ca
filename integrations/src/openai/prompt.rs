//! What the model is told: the shop's rules and ours, the conversation so far, what the shop knows, and the question.
//!
//! Customers, pages and FAQ entries are data. Each stands between delimiters, and as `<` is written as `&lt;` inside, none of them
//! can close its own or open another's. There is one system message, and the other roles take turns, because the templates of some
//! models allow nothing else.
//!
//! Invariants: a request stays within the token budget as long as rules and question do; the oldest turns go first and the question
//! never; nothing of another session is in it.

use std::fmt::Write as _;

use commands::{Question, Speaker};
use domain::Language;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    budget::{PER_MESSAGE, tokens},
    config::{OpenAiConfig, OpenAiConfigError},
    request::Message,
    tools,
};
use crate::grounding::Passage;

const BUILT_IN: &str = include_str!("system_prompt.txt");
const FRAME: &str = include_str!("frame.txt");
const FRAME_OF_TOOLS: &str = include_str!("frame_of_tools.txt");

/// The shop's rules, and which version of them.
pub(super) struct SystemPrompt {
    text: String,
    version: String,
    has_tools: bool,
}

impl SystemPrompt {
    /// The rules of a configuration, or the built-in ones.
    pub(super) fn new(config: &OpenAiConfig) -> Result<Self, OpenAiConfigError> {
        let text = config.system_prompt.as_deref().unwrap_or(BUILT_IN);
        if text.trim().is_empty() {
            return Err(OpenAiConfigError::EmptyPrompt);
        }
        let version = hex::encode(&Sha256::digest(text)[..8]);
        let prompt = Self { text: text.trim_end().to_owned(), version, has_tools: config.tools };
        let tokens = prompt.fixed_tokens(Language::Zh);
        if tokens > config.context_tokens as usize / 2 {
            return Err(OpenAiConfigError::PromptTooLong { tokens });
        }
        Ok(prompt)
    }

    /// As the sources of an answer name it: the first 16 hexadecimal digits of the SHA-256 of its text.
    pub(super) fn source(&self) -> String {
        format!("prompt:{}", self.version)
    }

    fn render(&self, language: Language) -> String {
        let tools = if self.has_tools { FRAME_OF_TOOLS } else { "" };
        format!("{}\n\n{FRAME}{tools}\nAnswer in {}.", self.text, name(language))
    }

    fn fixed_tokens(&self, language: Language) -> usize {
        let definitions = if self.has_tools { tokens(&tools::definitions().to_string()) } else { 0 };
        tokens(&self.render(language)) + PER_MESSAGE + definitions
    }
}

/// A conversation that fits the budget; what the model calls and hears comes behind it.
pub(super) struct Prompt {
    system: Message,
    turns: Vec<(Speaker, String)>,
    question: String,
    /// What is left for turns.
    budget: usize,
    /// The entries that went along.
    pub(super) keys: Vec<String>,
}

impl Prompt {
    /// The prompt of a question, with as many of the passages as there is room for.
    pub(super) fn new(system: &SystemPrompt, context_tokens: u32, question: Question, passages: &[Passage]) -> Self {
        let asked = customer(&question.messages.join("\n\n"));
        let fixed = system.fixed_tokens(question.language) + tokens(&asked) + PER_MESSAGE;
        let mut budget = (context_tokens as usize).saturating_sub(fixed);
        let parameters =
            Some(parameters(&question.parameters)).filter(|text| take(&mut budget, text)).unwrap_or_default();
        let (mut entries, mut keys) = (String::new(), Vec::new());
        for passage in passages {
            let entry = entry(passage);
            if take(&mut budget, &entry) {
                entries.push_str(&entry);
                keys.push(passage.key.clone());
            }
        }
        if !entries.is_empty() {
            entries = format!("<shop_faq>\n{entries}</shop_faq>\n\n");
        }
        Self {
            system: Message::System { content: system.render(question.language) },
            turns: question.history.into_iter().map(|turn| (turn.speaker, turn.text)).collect(),
            question: format!("{entries}{parameters}{asked}"),
            budget,
            keys,
        }
    }

    /// All messages of a request, with what the model called and heard so far at the end.
    pub(super) fn messages(&self, exchange: &[Message]) -> Vec<Message> {
        let mut messages = vec![self.system.clone()];
        for (speaker, text) in self.fitting_turns(exchange) {
            match speaker {
                Speaker::Customer => push_user(&mut messages, customer(text)),
                Speaker::Assistant => push_said(&mut messages, text),
            }
        }
        push_user(&mut messages, self.question.clone());
        messages.extend_from_slice(exchange);
        messages
    }

    /// The newest turns that there is room for. The first of them is the customer's.
    fn fitting_turns(&self, exchange: &[Message]) -> &[(Speaker, String)] {
        let mut budget = self.budget.saturating_sub(exchange.iter().map(size).sum());
        let fits = |(_, text): &&(Speaker, String)| take(&mut budget, &customer(text));
        let fitting = self.turns.iter().rev().take_while(fits).count();
        let turns = &self.turns[self.turns.len() - fitting..];
        let first = turns.iter().position(|(speaker, _)| *speaker == Speaker::Customer).unwrap_or(turns.len());
        &turns[first..]
    }
}

/// Takes a text out of a budget, if there is room for it.
fn take(budget: &mut usize, text: &str) -> bool {
    let left = budget.checked_sub(tokens(text) + PER_MESSAGE);
    *budget = left.unwrap_or(*budget);
    left.is_some()
}

/// The tokens of a part of the exchange with tools.
fn size(message: &Message) -> usize {
    let text = match message {
        Message::System { content } | Message::User { content } | Message::Tool { content, .. } => content.clone(),
        Message::Assistant { .. } => serde_json::to_string(message).unwrap_or_default(),
    };
    tokens(&text) + PER_MESSAGE
}

/// Two messages of the customer in a row are one.
fn push_user(messages: &mut Vec<Message>, text: String) {
    match messages.last_mut() {
        Some(Message::User { content }) => *content = format!("{content}\n\n{text}"),
        _ => messages.push(Message::User { content: text }),
    }
}

/// Two messages of the assistant in a row are one.
fn push_said(messages: &mut Vec<Message>, text: &str) {
    match messages.last_mut() {
        Some(Message::Assistant { content: Some(content), .. }) => *content = format!("{content}\n\n{text}"),
        _ => messages.push(Message::said(text.to_owned())),
    }
}

/// Text between delimiters that it cannot close.
pub(super) fn data(text: &str) -> String {
    text.replace('<', "&lt;")
}

fn customer(text: &str) -> String {
    format!("<customer_message>\n{}\n</customer_message>", data(text))
}

fn parameters(parameters: &Map<String, Value>) -> String {
    if parameters.is_empty() {
        return String::new();
    }
    // A quoted string may hold any character as an escape.
    let json = serde_json::to_string(parameters).unwrap_or_default().replace('<', "\\u003c");
    format!("<page_parameters>\n{json}\n</page_parameters>\n\n")
}

fn entry(passage: &Passage) -> String {
    let mut entry = String::from("<entry>\n");
    for (name, text) in [("Question", &passage.question), ("Answer", &passage.answer)] {
        let _infallible = writeln!(entry, "{name}: {}", data(text.trim()));
    }
    entry + "</entry>\n"
}

fn name(language: Language) -> &'static str {
    match language {
        Language::Zh => "Chinese",
        Language::En => "English",
        Language::De => "German",
        Language::Fr => "French",
        Language::Es => "Spanish",
        Language::It => "Italian",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
