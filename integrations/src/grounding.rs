//! What the shop knows about a question, for assistants that write their own answers.

use async_trait::async_trait;
use domain::Language;

/// An entry of the shop's FAQ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Its stable name.
    pub key: String,
    /// The question that it answers.
    pub question: String,
    /// What it says.
    pub answer: String,
}

/// Finds what the shop knows.
#[async_trait]
pub trait Grounding: Send + Sync {
    /// The entries that fit a text best, best first, at most so many.
    async fn passages(&self, text: &str, language: Language, most: usize) -> Vec<Passage>;
}
