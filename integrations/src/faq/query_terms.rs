//! A customer's question as terms with weights.
//!
//! *Invariant:* each term once, and none that says nothing about the topic (order numbers, sizes, models).

use super::vocabulary::Vocabulary;
use domain::{Language, language::is_han};

/// A typing error costs a tenth of its word.
const MISTYPED: f32 = 0.9;

pub(super) struct QueryTerms {
    pub(super) language: Language,
    pub(super) terms: Vec<QueryTerm>,
}

pub(super) struct QueryTerm {
    pub(super) text: String,
    /// Above 0 and at most 1; see `vocabulary.rs`.
    pub(super) weight: f32,
    /// 1, or less for a term guessed from an unknown word that looks like a typing error.
    pub(super) certainty: f32,
    /// Whether the folder has the term in either language.
    pub(super) is_known: bool,
}

impl QueryTerms {
    /// Weighs terms by the vocabulary of their language, then by the other's.
    pub(super) fn new(language: Language, terms: &[String], own: &Vocabulary, other: &Vocabulary) -> Self {
        let mut query = Self { language, terms: Vec::new() };
        for term in terms {
            let known = known(term, own).or_else(|| known(term, other)).or_else(|| mistyped(term, own));
            let found = known.or_else(|| unknown(term, terms, own));
            if let Some(found) = found.filter(|found| !query.has(&found.text)) {
                query.terms.push(found);
            }
        }
        query
    }

    /// What to look up.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(|term| term.text.as_str())
    }

    pub(super) fn has(&self, term: &str) -> bool {
        self.texts().any(|text| text == term)
    }
}

impl QueryTerm {
    fn new(text: &str, vocabulary: &Vocabulary, is_known: bool) -> Self {
        Self { text: text.to_owned(), weight: vocabulary.weight(text), certainty: 1.0, is_known }
    }
}

fn known(term: &str, vocabulary: &Vocabulary) -> Option<QueryTerm> {
    vocabulary.knows(term).then(|| QueryTerm::new(term, vocabulary, true))
}

fn mistyped(term: &str, vocabulary: &Vocabulary) -> Option<QueryTerm> {
    let meant = known(vocabulary.meant_by(term)?, vocabulary)?;
    Some(QueryTerm { certainty: MISTYPED, ..meant })
}

fn unknown(term: &str, all: &[String], vocabulary: &Vocabulary) -> Option<QueryTerm> {
    (!is_number(term) && !is_compound(term, all)).then(|| QueryTerm::new(term, vocabulary, false))
}

/// Order numbers, model names, sizes: they say nothing unless the folder has them.
fn is_number(term: &str) -> bool {
    term.chars().any(|character| character.is_ascii_digit())
}

/// jieba gives a long word and its parts; unless the folder has the long one, its parts are enough.
fn is_compound(term: &str, all: &[String]) -> bool {
    term.chars().all(is_han) && all.iter().any(|part| part != term && term.contains(part.as_str()))
}
