//! A customer's message as the rules read it: folded once, however many rules look at it.

use std::borrow::Cow;

use crate::fold::fold;

/// A question shorter than this, in letters and digits, is a greeting or a thank-you, and may come again.
const SHORTEST_QUESTION: usize = 4;
/// In bytes: of a longer message signs and spaces count, so that comparing one stays cheap.
const LONGEST_COMPARED: usize = 2_000;

/// A message with what is compared of it.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    text: &'a str,
    folded: String,
}

impl<'a> Message<'a> {
    /// A message with this text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { text, folded: fold(text) }
    }

    /// As the customer wrote it.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// As phrases are looked for in it.
    #[must_use]
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// What makes it the same question as another one (R13): its letters and digits. `None` where it asks nothing.
    #[must_use]
    pub fn question(&self) -> Option<Cow<'_, str>> {
        let letters = || self.folded.chars().filter(|c| c.is_alphanumeric());
        letters().nth(SHORTEST_QUESTION - 1)?;
        Some(if self.text.len() <= LONGEST_COMPARED { letters().collect::<String>().into() } else { self.text.into() })
    }

    /// Whether it asks what one of these earlier messages asked.
    #[must_use]
    pub fn repeats(&self, earlier: &[&str]) -> bool {
        let question = self.question();
        question.is_some() && earlier.iter().any(|other| Message::new(other).question() == question)
    }
}
