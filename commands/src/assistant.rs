//! The port to whatever answers customers: the FAQ, Coze, a model. It streams text and ends with how it went.

use std::pin::Pin;

use domain::{
    Language, RunId, SessionId,
    session::event::{FailureCode, Outcome, Tokens},
};
use futures::Stream;
use serde_json::{Map, Value};

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The customer.
    Customer,
    /// An assistant.
    Assistant,
}

/// Something that was said before.
#[derive(Clone, PartialEq, Eq)]
pub struct Turn {
    /// Who.
    pub speaker: Speaker,
    /// What.
    pub text: String,
}

/// What is to be answered, with all that an assistant may know.
#[derive(Clone)]
pub struct Question {
    /// The session.
    pub session: SessionId,
    /// The run: together with the attempt a stable key for what goes outside.
    pub run: RunId,
    /// From 1.
    pub attempt: u32,
    /// The messages to answer together, oldest first; never empty unless all were erased.
    pub messages: Vec<String>,
    /// What was said before in this context, oldest first, at most 30 turns.
    pub history: Vec<Turn>,
    /// The language to answer in.
    pub language: Language,
    /// What the shop's page passed along with the newest message.
    pub parameters: Map<String, Value>,
    /// What the assistant called this context when it last answered in it.
    pub assistant_context: Option<String>,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Text that goes on where the last piece ended.
    Text(String),
    /// The end.
    Done(Completion),
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// Whether it answers.
    pub outcome: Outcome,
    /// How sure the assistant is, 0 to 1.
    pub confidence: Option<f64>,
    /// What it cost.
    pub tokens: Option<Tokens>,
    /// What it leaned on.
    pub sources: Vec<String>,
    /// What it calls this context.
    pub context: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the assistant failed: {code:?}")]
pub struct AssistantError {
    /// Of which kind.
    pub code: FailureCode,
    /// In the assistant's words; may quote the customer, so it goes into no log line.
    pub detail: String,
    /// Whether asking again may help.
    pub retryable: bool,
}

/// An answer as it comes. It ends with [`Piece::Done`] or an error; ending otherwise counts as malformed.
pub type Answering = Pin<Box<dyn Stream<Item = Result<Piece, AssistantError>> + Send>>;

/// Answers customers.
pub trait Assistant: Send + Sync {
    /// The name that events carry: `faq`, `coze`, ….
    fn name(&self) -> &str;

    /// Begins to answer. Dropping the stream gives the answer up.
    fn answer(&self, question: Question) -> Answering;
}
