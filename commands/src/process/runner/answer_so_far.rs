//! An answer while it is made: its text, within a limit, and how often the other side has named it.
//!
//! Invariant: what is handed to whoever watches is, piece by piece, the text that is recorded.

use domain::{session::event::Asked, text::MessageText};

/// The longest answer, in bytes; what goes on longer is cut off. A person would not read more.
pub(super) const LONGEST: usize = 16 * 1024;
/// How often the other side may name one attempt.
pub(super) const NAMES: u32 = 8;

#[derive(Default)]
pub(super) struct AnswerSoFar {
    pub(super) text: String,
    is_full: bool,
    asked: Option<Asked>,
    named: u32,
}

impl AnswerSoFar {
    /// Adds a piece; returns what of it there was room for.
    pub(super) fn push(&mut self, piece: &str) -> &str {
        let piece = MessageText::repaired(piece);
        let room = LONGEST - self.text.len();
        let taken = piece.as_str().get(..piece.as_str().floor_char_boundary(room)).unwrap_or_default();
        self.is_full = taken.len() < piece.as_str().len();
        let before = self.text.len();
        self.text.push_str(taken);
        self.text.get(before..).unwrap_or_default()
    }

    /// The server's own words, where the assistant had none; returns what those who watch lack.
    pub(super) fn replace(&mut self, words: &str) -> &str {
        let before = self.text.len();
        self.text.push_str(words);
        self.text.get(before..).unwrap_or_default()
    }

    /// Whether it was cut off.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Which of its namings this is; `None` where it says nothing new, or too often.
    pub(super) fn number_of(&mut self, asked: &Asked) -> Option<u32> {
        let is_new = self.asked.as_ref() != Some(asked) && self.named < NAMES;
        is_new.then(|| {
            self.asked = Some(asked.clone());
            self.named += 1;
            self.named - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_cut_between_characters_at_its_limit() {
        let mut answer = AnswerSoFar::default();
        assert_eq!(answer.push(&"a".repeat(LONGEST - 4)).len(), LONGEST - 4);
        assert!(!answer.is_full());
        assert_eq!(answer.push("车车"), "车");
        assert!(answer.is_full() && answer.text.ends_with("a车"));
    }

    #[test]
    fn the_same_names_are_noted_once_and_only_so_often() {
        let (mut answer, named) =
            (AnswerSoFar::default(), |n: u32| Asked { chat: Some(n.to_string()), ..Asked::default() });
        assert_eq!((answer.number_of(&named(1)), answer.number_of(&named(1))), (Some(0), None));
        let later: Vec<_> = (2..20).filter_map(|n| answer.number_of(&named(n))).collect();
        assert_eq!(later, (1..NAMES).collect::<Vec<_>>());
    }
}
