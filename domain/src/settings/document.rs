//! A topic's document: TOML that a person writes, and what it means.

use std::fmt::Debug;

use crate::settings::Topic;

/// What a topic's document means.
pub trait Document: Sized + Debug + Send + Sync + 'static {
    /// Which topic.
    const TOPIC: Topic;

    /// Reads and checks a document; `version` is the number it is known by.
    ///
    /// # Errors
    /// It is not such a document; the error says where.
    fn parse(text: &str, version: u32) -> Result<Self, DocumentError>;

    /// The document of version 0, unless the environment brings another.
    fn built_in() -> &'static str;

    /// The number that it is known by.
    fn version(&self) -> u32;
}

/// What is wrong with a document, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {field}{}{problem}", if field.is_empty() { "" } else { " " })]
pub struct DocumentError {
    /// The line, from 1.
    pub line: usize,
    /// The field, like `rules.R3.threshold`; empty where the text is no TOML there.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl DocumentError {
    /// At this byte of the text.
    #[must_use]
    pub fn at(text: &str, offset: usize, field: impl Into<String>, problem: impl Into<String>) -> Self {
        let before = text.as_bytes().iter().take(offset);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        Self { line, field: field.into(), problem: problem.into() }
    }
}
