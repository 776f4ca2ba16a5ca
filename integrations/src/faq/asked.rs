//! A customer's question as words that weigh something.
//!
//! *Invariant:* each word once, and none that tells nothing about the topic (order numbers, sizes, models).

use super::vocabulary::Vocabulary;
use domain::{Language, language::is_han};

/// A typing error costs a tenth of its word.
const MISTYPED: f32 = 0.9;

pub(super) struct Asked {
    pub(super) language: Language,
    pub(super) words: Vec<Word>,
}

pub(super) struct Word {
    pub(super) text: String,
    /// Above 0 and at most 1; see `vocabulary.rs`.
    pub(super) weight: f32,
    /// 1, or less for what was probably meant by a word that nobody knows.
    pub(super) faith: f32,
    /// Whether the folder has the word in either language.
    pub(super) known: bool,
}

impl Asked {
    /// Weighs terms by the vocabulary of their language, then by the other's.
    pub(super) fn new(language: Language, terms: &[String], own: &Vocabulary, other: &Vocabulary) -> Self {
        let mut asked = Self { language, words: Vec::new() };
        for term in terms {
            let word = known(term, own).or_else(|| known(term, other)).or_else(|| mistyped(term, own));
            let word = word.or_else(|| unknown(term, terms, own));
            if let Some(word) = word.filter(|word| !asked.has(&word.text)) {
                asked.words.push(word);
            }
        }
        asked
    }

    /// What to look up.
    pub(super) fn terms(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(|word| word.text.as_str())
    }

    pub(super) fn has(&self, term: &str) -> bool {
        self.terms().any(|text| text == term)
    }
}

fn known(term: &str, vocabulary: &Vocabulary) -> Option<Word> {
    let word = || Word { text: term.to_owned(), weight: vocabulary.weight(term), faith: 1.0, known: true };
    vocabulary.knows(term).then(word)
}

fn mistyped(term: &str, vocabulary: &Vocabulary) -> Option<Word> {
    let word = known(vocabulary.meant_by(term)?, vocabulary)?;
    Some(Word { faith: MISTYPED, ..word })
}

fn unknown(term: &str, all: &[String], vocabulary: &Vocabulary) -> Option<Word> {
    let word = || Word { text: term.to_owned(), weight: vocabulary.weight(term), faith: 1.0, known: false };
    (!is_number(term) && !is_compound(term, all)).then(word)
}

/// Order numbers, model names, sizes: they tell nothing unless the folder has them.
fn is_number(term: &str) -> bool {
    term.chars().any(|character| character.is_ascii_digit())
}

/// jieba gives a long word and its parts; unless the folder has the long one, its parts say all.
fn is_compound(term: &str, all: &[String]) -> bool {
    term.chars().all(is_han) && all.iter().any(|part| part != term && term.contains(part.as_str()))
}
