//! One phrase of a list, as a person writes it.
//!
//! `battery|akku + leak*`: parts joined by ` + ` have to stand in one sentence, in any order; of words divided by `|` one has to
//! be there; `*` at an end lets the word go on. Otherwise a word of a script with spaces is a whole word: "fire" is not in
//! "campfire". A phrase that begins with `/` is a command and has to follow white space.

use crate::fold::fold;

/// The longest phrase, in characters.
pub const MAX_PHRASE: usize = 500;
/// Parts of a phrase.
pub const MAX_PARTS: usize = 8;

/// A phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// As written, without its stars: for people.
    pub shown: String,
    /// All of these in one sentence.
    pub parts: Vec<Vec<Word>>,
}

/// A word of a phrase, or several with spaces between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Folded.
    pub text: String,
    /// Whether letters may stand before it.
    pub open_start: bool,
    /// Whether letters may stand after it.
    pub open_end: bool,
}

impl Phrase {
    /// For people: the phrase, or of one that has words to choose from those that were found.
    pub(super) fn evidence(&self, found: &[&str]) -> String {
        let is_fixed = self.parts.iter().all(|words| words.len() == 1);
        if is_fixed { self.shown.clone() } else { found.join(" + ") }
    }

    /// Reads a phrase.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(written: &str) -> Result<Self, &'static str> {
        if written.chars().count() > MAX_PHRASE {
            return Err("has a phrase of more than 500 characters");
        }
        let parts: Vec<Vec<Word>> = written.split(" + ").map(words).collect::<Result<_, _>>()?;
        if parts.len() > MAX_PARTS {
            return Err("has a phrase of more than 8 parts");
        }
        Ok(Self { shown: written.trim().replace('*', ""), parts })
    }
}

fn words(part: &str) -> Result<Vec<Word>, &'static str> {
    part.split('|').map(word).collect()
}

fn word(written: &str) -> Result<Word, &'static str> {
    let written = written.trim();
    let (open_start, rest) = written.strip_prefix('*').map_or((false, written), |rest| (true, rest));
    let (open_end, rest) = rest.strip_suffix('*').map_or((false, rest), |rest| (true, rest));
    let text = fold(rest.trim());
    let text = text.trim();
    if rest.contains('*') {
        return Err("has a phrase with * inside a word; it may stand at an end");
    }
    if text.is_empty() {
        return Err("has a phrase with nothing to look for");
    }
    Ok(Word { text: text.to_owned(), open_start, open_end })
}
