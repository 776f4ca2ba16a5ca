//! What a question found.
//!
//! *Invariant:* an answer is, word for word, what a person wrote in the folder.

use domain::Language;

/// What the folder has for a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// This answers it.
    Sure(Hit),
    /// One of these may be meant; one to three, the best first.
    Unsure(Vec<Hit>),
    /// Nothing.
    Nothing,
}

impl Found {
    /// Its entries, the best first.
    #[must_use]
    pub fn hits(&self) -> &[Hit] {
        match self {
            Self::Sure(hit) => std::slice::from_ref(hit),
            Self::Unsure(hits) => hits,
            Self::Nothing => &[],
        }
    }
}

/// An entry that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The entry's key: the same in all languages, and stable when the wording changes.
    pub key: String,
    /// Language of question and answer: the customer's, or another where the entry lacks it.
    pub language: Language,
    /// A question line that finds exactly this entry.
    pub question: String,
    /// Markdown, as written in the folder.
    pub answer: String,
    /// 0 to 1, comparable between questions; `faq/confidence.rs`.
    pub confidence: f32,
}
