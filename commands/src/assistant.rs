//! The port to whatever answers customers: the FAQ, Coze, a model. It streams text and ends with how it went.

use std::{pin::Pin, time::Duration};

pub use domain::session::event::Asked;
use domain::{
    Language, RunId, SessionId,
    session::event::{FailureCode, Outcome, Tokens},
};
use futures::Stream;
use serde_json::{Map, Value};
use uuid::Uuid;

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
    /// The request that it came of, as in log lines and events: for whoever looks for it at the other side.
    pub request: Uuid,
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
    /// What this assistant calls this context, as it last said.
    pub assistant_context: Option<String>,
    /// What an earlier attempt of this run at this assistant is called there: its answer may be ready.
    pub earlier: Option<Asked>,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// What the other side calls the question, as far as it is known; the last one holds.
    Asked(Asked),
    /// Text that goes on where the last piece ended.
    Text(String),
    /// The end.
    Done(Completion),
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// Whether it answers. An empty text is right where it does not know, hands over or is blocked: the server has words for it.
    pub outcome: Outcome,
    /// How sure the assistant is, 0 to 1.
    pub confidence: Option<f64>,
    /// What it counted.
    pub tokens: Option<Tokens>,
    /// What it leaned on.
    pub sources: Vec<String>,
    /// What the customer may choose to say next.
    pub suggestions: Vec<String>,
    /// What it calls this context.
    pub context: Option<String>,
}

impl Completion {
    /// An end of which nothing more is known.
    #[must_use]
    pub fn new(outcome: Outcome) -> Self {
        Self { outcome, confidence: None, tokens: None, sources: Vec::new(), suggestions: Vec::new(), context: None }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the assistant failed: {code:?}")]
pub struct AssistantError {
    /// Of which kind.
    pub code: FailureCode,
    /// In the assistant's words; may quote the customer, so it goes into no log line.
    pub detail: String,
    /// Whether asking the same assistant again may help.
    pub retryable: bool,
    /// How long it wants to be left alone.
    pub retry_after: Option<Duration>,
    /// The other side's code for it: `4011`, `insufficient_quota`.
    pub error_code: Option<String>,
    /// What its support asks for (`X-Tt-Logid`).
    pub log_id: Option<String>,
    /// What it counted until then.
    pub tokens: Option<Tokens>,
}

impl AssistantError {
    /// A failure that may be over when the same assistant is asked again, if its kind is a passing one.
    #[must_use]
    pub fn new(code: FailureCode, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            retryable: code.is_passing(),
            retry_after: None,
            error_code: None,
            log_id: None,
            tokens: None,
        }
    }

    /// The same, with whether asking again may help.
    #[must_use]
    pub fn retryable(self, retryable: bool) -> Self {
        Self { retryable, ..self }
    }

    /// The same, with the time that the other side wants to be left alone.
    #[must_use]
    pub fn retry_after(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }

    /// The same, with the other side's code.
    #[must_use]
    pub fn error_code(self, error_code: Option<String>) -> Self {
        Self { error_code, ..self }
    }

    /// The same, with what the other side's support asks for.
    #[must_use]
    pub fn log_id(self, log_id: Option<String>) -> Self {
        Self { log_id, ..self }
    }

    /// The same, with what was counted until then.
    #[must_use]
    pub fn tokens(self, tokens: Option<Tokens>) -> Self {
        Self { tokens, ..self }
    }
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
