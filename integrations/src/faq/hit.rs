//! What a question found.
//!
//! *Invariant:* the answer is, word for word, what a person wrote in the folder.

use super::confidence::THRESHOLD;
use domain::Language;

/// The best entry for a question, sure or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The entry's key: the same in both languages, and stable when the wording changes.
    pub key: String,
    /// Language of the answer: that of the question, or English where the folder is not written in it.
    pub language: Language,
    /// Markdown, as written in the folder.
    pub answer: String,
    /// 0 to 1, comparable between questions; the formula is in `faq/confidence.rs`.
    pub confidence: f32,
}

impl Hit {
    /// Tells whether the answer may be given: at or above [`THRESHOLD`].
    #[must_use]
    pub fn is_sure(&self) -> bool {
        self.confidence >= THRESHOLD
    }
}
